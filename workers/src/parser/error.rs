use crate::JobError;
use crate::child_process::{BAD_INPUT, NO_LIMITS, SIGABRT, SIGKILL, SIGXCPU};
use config::ParserSettings;
use documents::Format;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use store::StoreError;

/// How the standard library says that an allocation failed, before it aborts.
const ALLOCATION_FAILED: &str = "memory allocation of ";

/// Why a document was not read.
#[derive(Debug)]
pub(crate) enum ParserError {
    /// The parser says what is wrong with the document.
    Refused {
        format: Option<Format>,
        code: String,
        message: String,
        /// Of what is all pictures, those that a recogniser may read.
        pictures: Vec<usize>,
    },
    /// The parser ended in a way that no document should make it.
    Crashed {
        how: String,
    },
    OutOfMemory {
        limit_mb: u64,
    },
    TimedOut {
        limit_ms: u64,
    },
    OutputTooLarge {
        limit_mb: usize,
    },
    /// It could not be started or limited, or the system took it away: the document has nothing to do with it.
    Unavailable {
        why: String,
    },
    /// Nor could the recogniser.
    RecogniserUnavailable {
        why: String,
    },
    /// The recogniser failed on every page that is a picture, and on every picture.
    NotRecognised {
        why: String,
    },
    /// A page that was read is not kept, or pages that were kept cannot be had.
    NotKept(StoreError),
}

impl ParserError {
    /// What became of a child that did not end well by itself.
    pub(super) fn of_exit(status: ExitStatus, complaints: &str, limits: &ParserSettings) -> Self {
        let out_of_memory = Self::OutOfMemory {
            limit_mb: limits.memory_mb,
        };
        match (status.signal(), status.code()) {
            (Some(SIGXCPU), _) => Self::TimedOut {
                limit_ms: limits.timeout_ms,
            },
            // Not by us, or there would be no status: by the kernel, which had no memory left for it.
            (Some(SIGKILL), _) => out_of_memory,
            (Some(SIGABRT), _) if complaints.contains(ALLOCATION_FAILED) => out_of_memory,
            (Some(signal), _) => Self::Crashed {
                how: format!("it was ended by signal {signal}"),
            },
            (None, Some(code)) if code == i32::from(NO_LIMITS) || code == i32::from(BAD_INPUT) => Self::Unavailable {
                why: complaints.to_owned(),
            },
            (None, code) => Self::Crashed {
                how: format!("it ended with the code {}", code.unwrap_or(-1)),
            },
        }
    }

    /// What the document is, where that was found out.
    pub(crate) fn format(&self) -> Option<Format> {
        match self {
            Self::Refused { format, .. } => *format,
            _ => None,
        }
    }

    /// The document took the parser down or past its limits, whatever in it did.
    pub(super) fn is_of_the_parser(&self) -> bool {
        matches!(
            self,
            Self::Crashed { .. } | Self::OutOfMemory { .. } | Self::TimedOut { .. } | Self::OutputTooLarge { .. }
        )
    }

    /// For metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Crashed { .. } => "crashed",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::TimedOut { .. } => "timed_out",
            Self::OutputTooLarge { .. } => "output_too_large",
            Self::Unavailable { .. } | Self::RecogniserUnavailable { .. } => "unavailable",
            Self::NotRecognised { .. } => "not_recognised",
            Self::NotKept(_) => "not_kept",
        }
    }
}

impl From<ParserError> for JobError {
    fn from(error: ParserError) -> Self {
        match error {
            ParserError::Refused { code, message, .. } => Self::permanent(code, message),
            ParserError::Crashed { how } => Self::permanent(
                "parser_crashed",
                format!(
                    "The document made its parser crash ({how}), which is a defect of the parser. Nothing else was harmed. Save the document anew or in another format, and send it again."
                ),
            ),
            ParserError::OutOfMemory { limit_mb } => Self::permanent(
                "parser_out_of_memory",
                format!(
                    "Reading the document took more memory than the limit of {limit_mb} MiB. Split it, or save it in a simpler form, and send it again."
                ),
            ),
            ParserError::TimedOut { limit_ms } => Self::permanent(
                "parser_timed_out",
                format!(
                    "Reading the document took longer than the limit of {}. Split it, or save it in a simpler form, and send it again.",
                    duration(limit_ms)
                ),
            ),
            ParserError::OutputTooLarge { limit_mb } => Self::permanent(
                "parser_output_too_large",
                format!(
                    "The document's text is larger than the limit of {limit_mb} MiB. Split it, and send the parts."
                ),
            ),
            ParserError::Unavailable { why } => Self::retry(
                "parser_unavailable",
                format!("The parser could not be started ({why}). The document itself has nothing to do with it."),
            ),
            ParserError::RecogniserUnavailable { why } => Self::retry(
                "recogniser_unavailable",
                format!(
                    "Text recognition could not be started ({why}). The document itself has nothing to do with it."
                ),
            ),
            ParserError::NotRecognised { why } => Self::permanent(
                "recognition_failed",
                format!(
                    "The document is all pictures, and text recognition failed on each of them; on the last, because {why}. Run text recognition (OCR) over it and send the result."
                ),
            ),
            ParserError::NotKept(error) => error.into(),
        }
    }
}

fn duration(ms: u64) -> String {
    if ms.is_multiple_of(1000) {
        format!("{} s", ms / 1000)
    } else {
        format!("{ms} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> ParserSettings {
        ParserSettings {
            memory_mb: 512,
            timeout_ms: 1500,
            output_mb: 64,
        }
    }

    fn of(raw: i32, complaints: &str) -> (bool, String) {
        let error = JobError::from(ParserError::of_exit(ExitStatus::from_raw(raw), complaints, &limits()));
        let shown = error.to_json();
        (
            shown["retryable"] == true,
            shown["code"].as_str().unwrap_or("").to_owned(),
        )
    }

    #[test]
    fn how_a_parser_ended_says_what_the_document_did() {
        let is = |raw, complaints, retryable, code: &str| {
            assert_eq!(of(raw, complaints), (retryable, code.to_owned()), "{raw}");
        };
        is(SIGXCPU, "", false, "parser_timed_out");
        is(SIGKILL, "", false, "parser_out_of_memory");
        is(
            SIGABRT,
            "memory allocation of 99 bytes failed",
            false,
            "parser_out_of_memory",
        );
        is(
            SIGABRT,
            "thread 'main' has overflowed its stack",
            false,
            "parser_crashed",
        );
        is(11, "", false, "parser_crashed");
        is(101 << 8, "panicked at", false, "parser_crashed");
        is(i32::from(NO_LIMITS) << 8, "", true, "parser_unavailable");
        is(i32::from(BAD_INPUT) << 8, "", true, "parser_unavailable");
    }

    #[test]
    fn an_error_says_what_the_limit_was() {
        let message = |error: ParserError| JobError::from(error).to_string();
        assert!(message(ParserError::TimedOut { limit_ms: 1500 }).contains("limit of 1500 ms"));
        assert!(message(ParserError::TimedOut { limit_ms: 60_000 }).contains("limit of 60 s"));
        assert!(message(ParserError::OutOfMemory { limit_mb: 512 }).contains("limit of 512 MiB"));
    }
}
