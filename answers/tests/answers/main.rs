#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod altered;
mod choosing;
mod composing;
mod help_centre;
mod hostile;
mod kept;
mod tables;
