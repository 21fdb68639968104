use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::diagnostics::{Abort, Fail, Noop, Sleep, Stamp, Stamped};
use serde_json::json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

impl Handle for Noop {
    async fn handle(self, _: JobContext) -> Result<Done, JobError> {
        Done::with(&json!({}))
    }
}

impl Handle for Sleep {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let mut slept = 0;
        while slept < self.ms {
            let step = (self.ms - slept).min(200);
            tokio::time::sleep(Duration::from_millis(step)).await;
            slept += step;
            let total = usize::try_from(self.ms).unwrap_or(usize::MAX);
            job.progress(
                usize::try_from(slept).unwrap_or(usize::MAX),
                Some(total),
                "milliseconds slept",
            );
        }
        Done::with(&json!({ "slept_ms": self.ms, "attempt": job.attempt() }))
    }
}

impl Handle for Fail {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let attempt = u16::try_from(job.attempt()).unwrap_or(u16::MAX);
        if attempt > self.times {
            return Done::with(&json!({ "attempts": attempt }));
        }
        let message = format!("Asked to fail {} time(s); this is attempt {attempt}.", self.times);
        Err(match self.retry_after_ms {
            _ if self.permanent => JobError::permanent("diagnostic", message),
            Some(ms) => JobError::retry_after("diagnostic", message, Duration::from_millis(ms)),
            None => JobError::retry("diagnostic", message),
        })
    }
}

impl Handle for Stamp {
    async fn handle(self, _: JobContext) -> Result<Done, JobError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Done::with(&Stamped {
            started_at_ms: since.as_secs_f64() * 1e3,
        })
    }
}

impl Handle for Abort {
    async fn handle(self, _: JobContext) -> Result<Done, JobError> {
        std::process::abort()
    }
}
