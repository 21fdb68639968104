//! Collections: some of a base's documents held together. A document is in one of them at most, and stays in it when it is submitted again.
mod collection;
mod deletion;
mod documents;
mod save;

pub use self::collection::{Collection, find, hold, list, lock, missing};
pub use self::deletion::{base_of, begin_deletion, delete, documents_of, take_out};
pub use self::documents::{put, put_source};
pub use self::save::{Changes, MAX_PER_BASE, NewCollection, change, create};
