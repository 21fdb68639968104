//! The demonstration: what is asked about the sample knowledge base, and what must come out.

mod expectation;
mod questions;
mod sources;

pub(crate) use expectation::{check_altered, check_answer};
pub(crate) use questions::{Altered, Questions};
pub(crate) use sources::Sources;
