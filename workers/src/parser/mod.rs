//! Documents are parsed in a child process, under limits: what a hostile one does to its parser, it does to nobody else.
//!
//! [`Parser`] starts the process, `visualkit parse-document`, and says what became of it; [`parse_document`] is what runs there.
mod child;
mod child_limits;
mod error;
mod process;
mod tail;
mod wire;

pub use self::child::{COMMAND, parse_document};
pub(crate) use self::error::ParserError;

use self::child_limits::ChildLimits;
use self::process::{Ended, Limits, Stopped};
use self::wire::{Answer, Outcome, Request};
use config::ParserSettings;
use documents::{Format, ParsedDocument};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Reads documents in child processes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Parser {
    program: Arc<Path>,
    settings: ParserSettings,
}

/// What was read.
pub(crate) struct Parsed {
    pub(crate) format: Format,
    pub(crate) document: ParsedDocument,
}

/// What is to be read.
pub(crate) struct Unparsed {
    pub(crate) media_type: String,
    pub(crate) file_name: Option<String>,
    pub(crate) bytes: Arc<Vec<u8>>,
}

impl Parser {
    /// `program` is a `visualkit` of this version: the two sides of the pipe are to agree.
    #[must_use]
    pub fn new(program: PathBuf, settings: &ParserSettings) -> Self {
        Self {
            program: program.into(),
            settings: settings.clone(),
        }
    }

    /// Reads a document. Dropping the future kills the process.
    pub(crate) async fn parse(&self, unparsed: Unparsed) -> Result<Parsed, ParserError> {
        let began = Instant::now();
        let parsed = self.run(unparsed).await;
        let (format, outcome) = match &parsed {
            Ok(parsed) => (Some(parsed.format), "read"),
            Err(error) => (error.format(), error.outcome()),
        };
        let format = format.map_or("unknown", Format::name);
        metrics::histogram!("parser_duration_seconds", "format" => format, "outcome" => outcome)
            .record(began.elapsed().as_secs_f64());
        parsed
    }

    async fn run(&self, unparsed: Unparsed) -> Result<Parsed, ParserError> {
        let settings = &self.settings;
        let request = Request {
            bytes: unparsed.bytes.len(),
            media_type: unparsed.media_type,
            file_name: unparsed.file_name,
        };
        let limits = Limits {
            child: ChildLimits {
                memory_bytes: settings.memory_mb << 20,
                // What is stuck outside the processor is ended by the clock on the wall.
                cpu_secs: settings.timeout_ms.div_ceil(1000) + 1,
            },
            time: Duration::from_millis(settings.timeout_ms),
            output_bytes: settings.output_mb << 20,
        };
        let ran = process::run(&self.program, &request.to_line(), unparsed.bytes, &limits).await;
        let ended = ran.map_err(|stopped| self.stopped(stopped))?;
        if !ended.complaints.is_empty() {
            tracing::warn!(status = %ended.status, complaints = %ended.complaints, "the parser complained");
        }
        if !ended.status.success() {
            return Err(ParserError::of_exit(ended.status, &ended.complaints, settings));
        }
        read(ended).await
    }

    fn stopped(&self, stopped: Stopped) -> ParserError {
        match stopped {
            Stopped::NotStarted(error) => {
                tracing::error!(program = %self.program.display(), %error, "the parser cannot be started");
                ParserError::Unavailable { why: error.to_string() }
            }
            Stopped::OutOfTime => ParserError::TimedOut {
                limit_ms: self.settings.timeout_ms,
            },
            Stopped::TooMuchOutput => ParserError::OutputTooLarge {
                limit_mb: self.settings.output_mb,
            },
        }
    }
}

/// Off the async threads: the text of a large document takes a while.
async fn read(ended: Ended) -> Result<Parsed, ParserError> {
    let answer = tokio::task::spawn_blocking(move || Answer::read(&ended.output)).await;
    let Ok(Some(answer)) = answer else {
        return Err(ParserError::Crashed {
            how: "it gave an answer that cannot be read".to_owned(),
        });
    };
    match (answer.format, answer.outcome) {
        (Some(format), Outcome::Read(document)) => Ok(Parsed {
            format,
            document: document.into(),
        }),
        (None, Outcome::Read(_)) => Err(ParserError::Crashed {
            how: "it gave an answer without a format".to_owned(),
        }),
        (format, Outcome::Refused { code, message }) => Err(ParserError::Refused { format, code, message }),
    }
}
