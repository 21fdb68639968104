//! Test sets, evaluations and gates.
mod command_line;
pub(crate) mod gate;
mod models;
mod running;
mod sampling;
mod support;
mod test_sets;
