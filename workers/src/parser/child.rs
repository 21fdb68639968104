use super::wire::{Answer, Drawing, DrawnPicture, Outcome, Refusal, Request, Task};
use crate::child_process::{BAD_INPUT, ChildLimits, NO_LIMITS, NO_OUTPUT};
use documents::{Drawn, Format, ParseError, Said};
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

/// The subcommand of `visualkit` that is the child.
pub const COMMAND: &str = "parse-document";

/// Those it was started with: standard input, output and error.
const OPEN_FILES: u64 = 3;

/// The child process: limits itself, reads a document from standard input and writes what is in it to standard output.
///
/// To be called before anything else happens in the process: no thread runs yet, no file is open, and what the start of a process costs, every document
/// pays.
#[must_use]
pub fn parse_document(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(limits) = ChildLimits::from_arguments(&mut arguments) else {
        complain("is run by a worker, with its limits in bytes and seconds");
        return ExitCode::from(NO_LIMITS);
    };
    if let Err(error) = limits.apply(OPEN_FILES) {
        complain(&format!("cannot limit itself: {error}"));
        return ExitCode::from(NO_LIMITS);
    }
    let mut input = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut input);
    let Some((request, bytes)) = read.ok().and_then(|_| Request::read(&input)) else {
        complain("was not given a whole document");
        return ExitCode::from(BAD_INPUT);
    };
    let (answer, pictures) = match &request.task {
        Task::Read { .. } => (answer(&request, bytes), Vec::new()),
        Task::Draw { pages } => draw(&request, bytes, pages),
    };
    match write(&answer, &pictures) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(NO_OUTPUT),
    }
}

fn said(request: &Request) -> Said<'_> {
    Said {
        media_type: &request.media_type,
        file_name: request.file_name.as_deref(),
    }
}

fn answer(request: &Request, bytes: &[u8]) -> Answer {
    let said = said(request);
    let (format, parsed) = match (Format::detect(bytes, &said), request.task.recognised()) {
        (Ok(format), []) => {
            let attachments = request.task.attachments();
            (
                Some(format),
                documents::parse_in(bytes, format, said.charset(), attachments),
            )
        }
        (Ok(format), recognised) => (Some(format), documents::parse_recognised(bytes, format, recognised)),
        (Err(error), _) => (None, Err(error)),
    };
    match parsed {
        Ok(document) => Answer {
            format,
            pictures: document.pictures.clone(),
            outcome: Outcome::Read(document.into()),
        },
        Err(error) => refusal(format, &error),
    }
}

/// A page or pictures, as an answer and what follows it.
fn draw(request: &Request, bytes: &[u8], pages: &[usize]) -> (Answer, Vec<Vec<u8>>) {
    let detected = Format::detect(bytes, &said(request));
    let format = detected.as_ref().ok().copied();
    match detected.and_then(|format| documents::draw_some(bytes, format, pages)) {
        Ok(drawn) => {
            let mut pictures = Vec::new();
            let mut drawing = |drawn: Drawn| Drawing {
                number: drawn.number,
                picture: match drawn.picture {
                    Ok(picture) => {
                        let (dots_per_inch, picture) = (picture.dots_per_inch, picture.to_pgm());
                        let bytes = picture.len();
                        pictures.push(picture);
                        Ok(DrawnPicture { bytes, dots_per_inch })
                    }
                    Err(error) => Err(Refusal {
                        code: error.code().to_owned(),
                        message: error.to_string(),
                    }),
                },
            };
            let drawn = drawn.into_iter().map(&mut drawing).collect();
            let answer = Answer {
                format,
                pictures: Vec::new(),
                outcome: Outcome::Drawn(drawn),
            };
            (answer, pictures)
        }
        Err(error) => (refusal(format, &error), Vec::new()),
    }
}

fn refusal(format: Option<Format>, error: &ParseError) -> Answer {
    let (code, message) = (error.code().to_owned(), error.to_string());
    Answer {
        format,
        outcome: Outcome::Refused { code, message },
        pictures: error.pictures().to_vec(),
    }
}

fn write(answer: &Answer, pictures: &[Vec<u8>]) -> io::Result<()> {
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    serde_json::to_writer(&mut output, answer)?;
    output.write_all(b"\n")?;
    for picture in pictures {
        output.write_all(picture)?;
    }
    output.flush()
}

/// Says something to the parent, which may be gone.
fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "{COMMAND} {what}");
}
