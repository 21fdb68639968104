//! Measuring how good the searches of a base are.
mod ask;
mod figures;
mod handle;
