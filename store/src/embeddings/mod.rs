//! Vectors of embedded texts: storage and cache in one.
mod ahead;
mod vectors;

pub(crate) use self::ahead::ahead_of;
pub use self::ahead::{forget_ahead, insert_ahead, release_hashes, sweep_ahead};
pub(crate) use self::vectors::bytes_of;
pub use self::vectors::{delete_unused, from_bytes, insert, known, lock, to_bytes};
