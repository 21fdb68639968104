use super::child_limits::ChildLimits;
use super::wire::{Answer, Outcome, Request};
use documents::{Format, Said};
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

/// The subcommand of `visualkit` that is the child.
pub const COMMAND: &str = "parse-document";

/// The child's exit codes, after those of sysexits.h.
pub(super) const BAD_INPUT: u8 = 65;
pub(super) const NO_LIMITS: u8 = 71;
pub(super) const NO_OUTPUT: u8 = 74;

/// The child process: limits itself, reads a document from standard input and writes what is in it to standard output.
///
/// To be called before anything else happens in the process: no thread runs yet, no file is open, and what the start of a process costs, every document
/// pays.
#[must_use]
pub fn parse_document(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(limits) = ChildLimits::from_arguments(arguments) else {
        complain("is run by a worker, with its limits in bytes and seconds");
        return ExitCode::from(NO_LIMITS);
    };
    if let Err(error) = limits.apply() {
        complain(&format!("cannot limit itself: {error}"));
        return ExitCode::from(NO_LIMITS);
    }
    let mut input = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut input);
    let Some((request, bytes)) = read.ok().and_then(|_| Request::read(&input)) else {
        complain("was not given a whole document");
        return ExitCode::from(BAD_INPUT);
    };
    match write(&answer(&request, bytes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(NO_OUTPUT),
    }
}

fn answer(request: &Request, bytes: &[u8]) -> Answer {
    let said = Said {
        media_type: &request.media_type,
        file_name: request.file_name.as_deref(),
    };
    let (format, parsed) = match Format::detect(bytes, &said) {
        Ok(format) => (Some(format), documents::parse_in(bytes, format, said.charset())),
        Err(error) => (None, Err(error)),
    };
    let outcome = match parsed {
        Ok(document) => Outcome::Read(document.into()),
        Err(error) => Outcome::Refused {
            code: error.code().to_owned(),
            message: error.to_string(),
        },
    };
    Answer { format, outcome }
}

fn write(answer: &Answer) -> io::Result<()> {
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    serde_json::to_writer(&mut output, answer)?;
    output.flush()
}

/// Says something to the parent, which may be gone.
fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "{COMMAND} {what}");
}
