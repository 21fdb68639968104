use crate::extract::Caller;
use crate::views::FullJob;
use crate::{ApiState, Problem};
use jobs::Watcher;
use std::time::Duration;
use store::JobId;
use tokio::time::{Instant, timeout_at};

/// The job once it has ended, or as it is after `wait`. One that `is_new`, and was watched from before it was, is not looked at before something was
/// heard of it. A client that goes away drops this future: only the waiting ends.
///
/// # Errors
/// [`Problem`]; not found also when the caller may not see the job.
pub(super) async fn wait_for_end(
    state: &ApiState,
    caller: &Caller,
    watcher: &Watcher,
    id: JobId,
    is_new: bool,
    wait: Duration,
) -> Result<FullJob, Problem> {
    let deadline = Instant::now() + wait;
    let heard = async || {
        tokio::select! {
            _ = timeout_at(deadline, watcher.changed()) => {}
            () = state.stopping.cancelled() => {}
        }
    };
    if is_new {
        heard().await;
    }
    loop {
        let job = FullJob::read(state, caller, id).await?;
        let over = Instant::now() >= deadline || state.stopping.is_cancelled();
        if job.job.state.has_ended() || over {
            return Ok(job);
        }
        heard().await;
    }
}
