//! Processes for what a worker does not trust itself with: a parser, a recogniser. Each is bounded by limits that it puts on itself and by its parent's clock.
mod limits;
mod run;
mod tail;

pub(crate) use self::limits::ChildLimits;
pub(crate) use self::run::{Ended, Limits, Program, Stopped, run};

/// Exit codes of a child that is this program, after those of sysexits.h.
pub(crate) const BAD_INPUT: u8 = 65;
pub(crate) const NO_LIMITS: u8 = 71;
pub(crate) const NO_OUTPUT: u8 = 74;

/// Signals by their numbers, which are the same on all architectures that we run on.
pub(crate) const SIGABRT: i32 = 6;
pub(crate) const SIGKILL: i32 = 9;
pub(crate) const SIGXCPU: i32 = 24;
