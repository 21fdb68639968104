//! Receipts of deletions: what was asked, what is gone from the database, and which replicas have let go of it.
mod erase;
mod find;
mod settle;

pub use self::erase::{NewDeletion, Target, accept, erase, erased, unerased};
pub use self::find::{Deletion, DeletionReplica, DeletionState, ReplicaState, find, list, replicas};
pub use self::settle::{Keeping, settle};
