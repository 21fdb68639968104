//! Documents are parsed in a child process, under limits: what a hostile one does to its parser, it does to nobody else.
//!
//! [`Parser`] starts the process, `visualkit parse-document`, and says what became of it; [`parse_document`] is what runs there. Pages of a PDF that are pictures,
//! and pictures in other documents, are drawn there too, and read by a [`Recogniser`].
mod child;
mod drawings;
mod error;
mod pages;
mod pictures;
mod wire;

pub use self::child::{COMMAND, parse_document};
pub(crate) use self::error::ParserError;
pub(crate) use self::pages::Pages;

use self::wire::{Answer, Outcome, Request, Task};
use crate::child_process::{ChildLimits, Limits, Program, Stopped, run};
use crate::recogniser::Recogniser;
use config::{ParserSettings, Settings};
use documents::{Format, ParsedDocument, RecognisedPage, Said};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Reads documents in child processes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Parser {
    program: Arc<Path>,
    settings: ParserSettings,
    recogniser: Recogniser,
}

/// What was read.
pub(crate) struct Parsed {
    pub(crate) format: Format,
    pub(crate) document: ParsedDocument,
    /// Pages that are pictures, or pictures in the document.
    pictures: Vec<usize>,
    /// Some of them were read.
    pub(crate) is_recognised: bool,
}

/// What is to be read.
pub(crate) struct Unparsed {
    pub(crate) media_type: String,
    pub(crate) file_name: Option<String>,
    pub(crate) bytes: Arc<Vec<u8>>,
    /// Of the base, BCP 47: what pictures of text are read in.
    pub(crate) language: String,
    /// A picture is to be read too, since no model of the base looks at it.
    pub(crate) pictures_as_text: bool,
}

impl Unparsed {
    fn said(&self) -> Said<'_> {
        Said {
            media_type: &self.media_type,
            file_name: self.file_name.as_deref(),
        }
    }
}

impl Parser {
    /// `program` is a `visualkit` of this version: the two sides of the pipe are to agree.
    #[must_use]
    pub fn new(program: PathBuf, settings: &Settings) -> Self {
        Self {
            recogniser: Recogniser::new(program.clone(), &settings.recognition),
            program: program.into(),
            settings: settings.parser.clone(),
        }
    }

    /// Reads a document, and also pages of a PDF that are pictures and the pictures in other documents, where a recogniser is installed. Dropping the future kills the process.
    pub(crate) async fn parse(&self, unparsed: Unparsed, pages: &impl Pages) -> Result<Parsed, ParserError> {
        let parsed = self.read_whole(&unparsed).await;
        let is_picture = parsed.as_ref().is_ok_and(|parsed| parsed.document.image.is_some());
        let pictures: &[usize] = match &parsed {
            Ok(_) if is_picture && unparsed.pictures_as_text => &[1],
            Ok(parsed) => &parsed.pictures,
            Err(ParserError::Refused { pictures, .. }) => pictures,
            Err(_) => return parsed,
        };
        let recognised = self.recognise(&unparsed, pictures, pages).await;
        let recognised = match recognised {
            Ok(Some(recognised)) => recognised,
            Ok(None) => return parsed,
            // A document with text is read as far as it can be without a recogniser.
            Err(ParserError::NotRecognised { .. }) if parsed.is_ok() && !is_picture => return parsed,
            Err(error) => return Err(error),
        };
        let read = match self.read(&unparsed, recognised, true).await {
            // A picture in which there are no words is one all the same.
            Err(ParserError::Refused { .. }) if is_picture => parsed,
            // What was recognised is too much for one process: the text that is there is still the document's.
            Err(error) if parsed.is_ok() && error.is_of_the_parser() => {
                tracing::warn!(
                    outcome = error.outcome(),
                    "a document is read without what was recognised in it"
                );
                return parsed;
            }
            read => read,
        };
        read.map(|parsed| Parsed {
            is_recognised: true,
            ..parsed
        })
    }

    /// A message whose attachments take its parser down is read without them.
    async fn read_whole(&self, unparsed: &Unparsed) -> Result<Parsed, ParserError> {
        let parsed = self.read(unparsed, Vec::new(), true).await;
        // A text that begins as a message does is one, whatever was said of it.
        let may_be_message = match unparsed.said().format() {
            None | Some(Format::Email | Format::PlainText | Format::Markdown) => true,
            Some(_) => false,
        };
        match parsed {
            Err(error) if may_be_message && error.is_of_the_parser() => {
                tracing::warn!(
                    outcome = error.outcome(),
                    "a document that may be a message is read without attachments"
                );
                self.read(unparsed, Vec::new(), false).await
            }
            parsed => parsed,
        }
    }

    async fn read(
        &self,
        unparsed: &Unparsed,
        recognised: Vec<RecognisedPage>,
        attachments: bool,
    ) -> Result<Parsed, ParserError> {
        let began = Instant::now();
        let task = Task::Read {
            recognised,
            attachments,
        };
        let answered = self.run(unparsed, task).await;
        let parsed = answered.and_then(|(answer, _)| read(answer));
        let (format, outcome) = match &parsed {
            Ok(parsed) => (Some(parsed.format), "read"),
            Err(error) => (error.format(), error.outcome()),
        };
        let format = format.map_or("unknown", Format::name);
        metrics::histogram!("parser_duration_seconds", "format" => format, "outcome" => outcome)
            .record(began.elapsed().as_secs_f64());
        parsed
    }

    /// The child's answer, and what follows it.
    async fn run(&self, unparsed: &Unparsed, task: Task) -> Result<(Answer, Vec<u8>), ParserError> {
        let settings = &self.settings;
        let output_bytes = match task {
            Task::Read { .. } => settings.output_mb << 20,
            Task::Draw { .. } => drawings::BYTES_MAX,
        };
        let request = Request {
            bytes: unparsed.bytes.len(),
            media_type: unparsed.media_type.clone(),
            file_name: unparsed.file_name.clone(),
            task,
        };
        let limits = Limits {
            child: ChildLimits {
                memory_bytes: settings.memory_mb << 20,
                // What is stuck outside the processor is ended by the clock on the wall.
                cpu_secs: settings.timeout_ms.div_ceil(1000) + 1,
            },
            time: Duration::from_millis(settings.timeout_ms),
            output_bytes,
        };
        let program = Program {
            path: &self.program,
            command: COMMAND,
            arguments: Vec::new(),
            environment: Vec::new(),
        };
        let ran = run(&program, &request.to_line(), unparsed.bytes.clone(), &limits).await;
        let ended = ran.map_err(|stopped| self.stopped(stopped))?;
        if !ended.complaints.is_empty() {
            tracing::warn!(status = %ended.status, complaints = %ended.complaints, "the parser complained");
        }
        if !ended.status.success() {
            return Err(ParserError::of_exit(ended.status, &ended.complaints, settings));
        }
        // Off the async threads: the text of a large document takes a while.
        let answer = tokio::task::spawn_blocking(move || Answer::read(ended.output)).await;
        answer.ok().flatten().ok_or_else(|| ParserError::Crashed {
            how: "it gave an answer that cannot be read".to_owned(),
        })
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

fn read(answer: Answer) -> Result<Parsed, ParserError> {
    match (answer.format, answer.outcome) {
        (Some(format), Outcome::Read(document)) => Ok(Parsed {
            format,
            document: document.into(),
            pictures: answer.pictures,
            is_recognised: false,
        }),
        (format, Outcome::Refused { code, message }) => Err(ParserError::Refused {
            format,
            code,
            message,
            pictures: answer.pictures,
        }),
        (_, Outcome::Read(_) | Outcome::Drawn(_)) => Err(ParserError::Crashed {
            how: "it gave an answer to something else".to_owned(),
        }),
    }
}
