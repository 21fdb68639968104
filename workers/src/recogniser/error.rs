use crate::child_process::{NO_LIMITS, SIGXCPU, Stopped};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Why a page was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecogniserError {
    #[error("it took too long")]
    TimedOut,
    #[error("it gave more than a page can hold")]
    TooMuchOutput,
    #[error("{how}")]
    Failed { how: String },
    /// It could not be started: no page has anything to do with it.
    #[error("it could not be started: {why}")]
    Unavailable { why: String },
}

impl RecogniserError {
    pub(super) fn of_exit(status: ExitStatus, complaints: &str) -> Self {
        match (status.signal(), status.code()) {
            (Some(SIGXCPU), _) => Self::TimedOut,
            (Some(signal), _) => Self::Failed {
                how: format!("it was ended by signal {signal}"),
            },
            (None, Some(code)) if code == i32::from(NO_LIMITS) => Self::Unavailable {
                why: complaints.to_owned(),
            },
            (None, code) => Self::Failed {
                how: format!("it ended with the code {}: {complaints}", code.unwrap_or(-1)),
            },
        }
    }

    /// For metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::TooMuchOutput => "output_too_large",
            Self::Failed { .. } => "failed",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

impl From<Stopped> for RecogniserError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::NotStarted(error) => Self::Unavailable { why: error.to_string() },
            Stopped::OutOfTime => Self::TimedOut,
            Stopped::TooMuchOutput => Self::TooMuchOutput,
        }
    }
}
