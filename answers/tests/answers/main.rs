#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod altered;
mod checking;
mod choosing;
mod composing;
mod help_centre;
mod hostile;
mod kept;
mod labels;
mod tables;
mod values;
