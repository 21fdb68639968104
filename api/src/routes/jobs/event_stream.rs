use super::open_streams::OpenStream;
use crate::extract::Caller;
use crate::views::{FullJob, JobObject};
use crate::{ApiState, ProblemCode};
use axum::response::sse::Event;
use futures::Stream;
use jobs::Watcher;
use std::time::Duration;
use store::JobId;
use store::jobs::JobState;
use tokio::time::Instant;

/// A stream ends after this long, and the client comes back with `Last-Event-ID`: a key that was revoked does not listen for ever.
const MAX_AGE: Duration = Duration::from_mins(15);

/// One client that follows one job.
pub(super) struct EventStream {
    state: ApiState,
    caller: Caller,
    job: JobId,
    watcher: Watcher,
    _open: OpenStream,
    /// Read, and not looked at yet.
    next: Option<FullJob>,
    seen: Seen,
    ends: Instant,
    ended: bool,
}

/// What the client knows of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// -1: nothing.
    revision: i32,
    state: Option<JobState>,
}

impl EventStream {
    pub(super) fn new(
        state: ApiState,
        caller: Caller,
        watcher: Watcher,
        open: OpenStream,
        first: FullJob,
        last_event_id: Option<i32>,
    ) -> Self {
        // A client that comes back has seen that revision, whatever its state was.
        let known = last_event_id
            .filter(|id| *id >= first.job.revision)
            .map(|_| first.job.state);
        let seen = Seen {
            revision: last_event_id.unwrap_or(-1),
            state: known,
        };
        Self {
            job: first.job.id,
            state,
            caller,
            watcher,
            _open: open,
            next: Some(first),
            seen,
            ends: Instant::now() + MAX_AGE,
            ended: false,
        }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Event, axum::Error>> + Send {
        futures::stream::unfold(self, async |mut stream| {
            let event = stream.next_event().await?;
            Some((event, stream))
        })
    }

    /// `None` after the end state, when the stream is old, when the job is forgotten, and when the process stops.
    async fn next_event(&mut self) -> Option<Result<Event, axum::Error>> {
        loop {
            if self.ended || Instant::now() >= self.ends || self.state.stopping.is_cancelled() {
                return None;
            }
            if let Some(full) = self.next.take()
                && let Some(name) = self.seen.event(full.job.revision, full.job.state)
            {
                self.ended = full.job.state.has_ended();
                let event = Event::default().event(name).id(full.job.revision.to_string());
                return Some(event.json_data(JobObject::of(&full)));
            }
            tokio::select! {
                () = self.watcher.changed() => {}
                () = self.state.stopping.cancelled() => return None,
            }
            match FullJob::read(&self.state, &self.caller, self.job).await {
                Ok(full) => self.next = Some(full),
                Err(problem) if problem.code() == ProblemCode::NotFound => return None,
                // The database is away: the stream lives on, and looks again when the watcher does.
                Err(_) => {}
            }
        }
    }
}

impl Seen {
    /// The name of the event that tells the client of this revision, if it must be told. An end state is always told.
    fn event(&mut self, revision: i32, state: JobState) -> Option<&'static str> {
        let news = revision > self.revision;
        if !news && !state.has_ended() {
            return None;
        }
        let name = if self.state == Some(state) && !state.has_ended() {
            "progress"
        } else {
            "state"
        };
        *self = Self {
            revision,
            state: Some(state),
        };
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_of_the_state_first_and_of_each_change_once() {
        let mut seen = Seen {
            revision: -1,
            state: None,
        };
        assert_eq!(seen.event(0, JobState::Queued), Some("state"));
        assert_eq!(seen.event(0, JobState::Queued), None);
        assert_eq!(seen.event(1, JobState::Running), Some("state"));
        assert_eq!(seen.event(2, JobState::Running), Some("progress"));
        assert_eq!(seen.event(3, JobState::Succeeded), Some("state"));
    }

    #[test]
    fn a_client_that_comes_back_is_not_told_twice_but_always_of_the_end() {
        let mut seen = Seen {
            revision: 2,
            state: Some(JobState::Running),
        };
        assert_eq!(seen.event(2, JobState::Running), None);
        let mut seen = Seen {
            revision: 9,
            state: Some(JobState::Dead),
        };
        assert_eq!(seen.event(9, JobState::Dead), Some("state"));
    }
}
