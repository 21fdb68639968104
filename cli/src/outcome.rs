//! How a command ends: exit codes, and errors as `error: …` and `help: …` lines.

use std::fmt;
use std::process::ExitCode;

use crate::client::ClientError;
use crate::render::printable;

/// Shown by `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  everything asked for was done
  1  it could not be done: wrong usage, no connection, or an error of the system
  3  it was done, but something in it failed: a file, a job, an expectation";

/// The end of a command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything asked for was done: exit code 0.
    Done,
    /// Some part of it failed, and the command has said which: exit code 3.
    PartlyFailed,
    /// What was examined is not in order, and the command has said what: exit code 1.
    Failed,
}

impl Outcome {
    pub(crate) fn done_if(all_is_well: bool) -> Self {
        if all_is_well { Self::Done } else { Self::PartlyFailed }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::PartlyFailed => Self::from(3),
            Outcome::Failed => Self::FAILURE,
        }
    }
}

/// An error that knows what the user can do next.
#[derive(Debug)]
pub(crate) struct Advised {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Advised {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Advised {}

/// Prints clap's message. `--help` and `--version` end with 0, a mistake with 1.
pub(crate) fn report_usage(stop: &clap::Error) -> ExitCode {
    // Nothing is left to do when the terminal is gone.
    let _gone = match plainly(stop) {
        Some(said) => {
            eprint!("{said}");
            Ok(())
        }
        None => stop.print(),
    };
    if stop.use_stderr() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// What is said instead where a value is no id or no time: what was meant, and not where a parser stopped.
fn plainly(stop: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ErrorKind};
    let cause = std::error::Error::source(stop).filter(|_| stop.kind() == ErrorKind::ValueValidation)?;
    let wanted = if cause.is::<uuid::Error>() {
        "is no id, which looks like 019a0000-0000-7000-8000-000000000001; the commands that list things print theirs"
    } else if cause.is::<chrono::ParseError>() {
        "is no time of RFC 3339, such as 2030-01-31T08:00:00Z"
    } else {
        return None;
    };
    let value = stop.get(ContextKind::InvalidValue)?;
    let of = stop.get(ContextKind::InvalidArg)?;
    Some(format!("error: {of}: {} {wanted}\n", printable(&format!("'{value}'"))))
}

/// Prints the error and what to do about it; always exit code 1.
pub(crate) fn report_error(error: &anyhow::Error) -> ExitCode {
    eprintln!("{}", error_lines(error));
    ExitCode::FAILURE
}

fn error_lines(error: &anyhow::Error) -> String {
    let mut lines = format!("error: {}", printable(&format!("{error:#}")));
    if let Some(help) = error.chain().find_map(advice) {
        lines.push_str("\nhelp: ");
        lines.push_str(&printable(&help));
    }
    lines
}

fn advice(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(advised) = cause.downcast_ref::<Advised>() {
        return Some(advised.help.clone());
    }
    cause.downcast_ref::<ClientError>().and_then(ClientError::help)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn a_value_that_is_no_id_or_no_time_is_said_to_be_none() {
        use clap::{Arg, Command, value_parser};
        let command = Command::new("c")
            .arg(
                Arg::new("id")
                    .value_name("JOB_ID")
                    .value_parser(value_parser!(uuid::Uuid)),
            )
            .arg(
                Arg::new("at")
                    .long("at")
                    .value_parser(value_parser!(chrono::DateTime<chrono::Utc>)),
            )
            .arg(Arg::new("n").long("n").value_parser(value_parser!(u8)));
        let said = |arguments: &[&str]| plainly(&command.clone().try_get_matches_from(arguments).unwrap_err());
        let id = said(&["c", "nope"]).unwrap();
        assert!(
            id.contains("JOB_ID") && id.contains("'nope' is no id, which looks like"),
            "{id}"
        );
        let time = said(&["c", "--at", "tomorrow"]).unwrap();
        assert!(time.contains("'tomorrow' is no time of RFC 3339"), "{time}");
        assert_eq!(said(&["c", "--n", "x"]), None);
    }

    #[test]
    fn an_error_keeps_its_help_under_added_context() {
        let error = Err::<(), _>(Advised::new("no key", "set one"))
            .context("cannot ask")
            .unwrap_err();
        assert_eq!(error_lines(&error), "error: cannot ask: no key\nhelp: set one");
    }

    #[test]
    fn an_error_without_advice_is_one_line() {
        assert_eq!(error_lines(&anyhow::anyhow!("it broke")), "error: it broke");
    }

    #[test]
    fn part_failures_exit_with_three_and_success_with_zero() {
        assert_eq!(ExitCode::from(Outcome::done_if(false)), ExitCode::from(3));
        assert_eq!(ExitCode::from(Outcome::done_if(true)), ExitCode::SUCCESS);
    }

    #[test]
    fn what_a_server_says_cannot_move_the_cursor() {
        assert_eq!(error_lines(&anyhow::anyhow!("a\u{1b}[2Jb")), "error: a\u{fffd}[2Jb");
    }
}
