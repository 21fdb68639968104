#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod change;
mod declaration;
mod halves;
mod hostile;
mod languages;
mod modes;
mod narrowed;
mod permissions;
mod ranked;
mod reopen;
mod several;
mod shares;
mod slots;
mod stackfaq;
mod stopped;
mod support;
