//! Test sets, evaluations and gates.
mod command_line;
pub(crate) mod gate;
mod running;
mod sampling;
mod support;
mod test_sets;
