use crate::child_process::{ChildLimits, NO_LIMITS};
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// The subcommand of `visualkit` that becomes a recogniser.
pub const COMMAND: &str = "recognise-page";

/// Its libraries while it is loaded, and then the data of its languages.
const OPEN_FILES: u64 = 64;

/// Limits this process, and becomes the program that the arguments after the limits say, with the rest of them. The environment is as the worker has set it.
#[must_use]
pub fn recognise_page(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let (limits, program) = (ChildLimits::from_arguments(&mut arguments), arguments.next());
    let (Some(limits), Some(program)) = (limits, program) else {
        return complain("is run by a worker, with its limits and a program");
    };
    if let Err(error) = limits.apply(OPEN_FILES) {
        return complain(&format!("cannot limit itself: {error}"));
    }
    let error = Command::new(&program).args(arguments).exec();
    complain(&format!("cannot become {}: {error}", program.display()))
}

/// Says something to the parent, which may be gone.
fn complain(what: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{COMMAND} {what}");
    ExitCode::from(NO_LIMITS)
}
