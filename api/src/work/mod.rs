//! Starting work: one transaction, one push, an optional wait, one answer.
mod answer;
mod begin;
mod key;
mod kind;
mod start;
mod wait;

pub(crate) use self::answer::found_job;
pub(crate) use self::begin::Begin;
pub(crate) use self::key::{still_there, take_key};
pub(crate) use self::kind::{
    MAX_ATTEMPTS, Submittable, check_kind, known_kind, payload_size_fault, require_kind, require_named,
};
pub(crate) use self::start::{Request, start_work};
