//! Documents into a knowledge base: find the files, send them, wait for their jobs, say what became of each.

mod collect;
mod documents;
mod format;
mod missing;
mod progress;
mod room;
mod submit;
mod tally;

pub(crate) use collect::{Pictures, Skipped, collect, skipped_text};
pub(crate) use documents::{Content, NewDocument, Place};
pub(crate) use missing::{Deletion, OnDisk, delete_missing};
pub(crate) use progress::Bars;
pub(crate) use submit::ingest;
pub(crate) use tally::Tally;
