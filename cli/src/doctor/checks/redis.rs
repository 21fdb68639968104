use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use jobs::QueueError;

pub(super) const CHECK: Check = Check {
    name: "redis",
    run: |site| Box::pin(check(site)),
};

/// It answers, and is new enough.
async fn check(site: &Site) -> Looked {
    Ok(match site.queue()?.check().await {
        Ok(version) => Verdict::ok(format!("{version} answers")),
        Err(QueueError::Unexpected(why)) => Verdict::new(Health::Problem, why).advise("upgrade the server"),
        Err(error) => {
            site.note_silent_redis();
            Verdict::new(Health::Problem, format!("no answer: {error}"))
                .advise("start Redis, or correct REDIS_URL; meanwhile jobs are accepted, and do not start")
        }
    })
}
