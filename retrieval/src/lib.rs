#![doc = include_str!("../README.md")]

mod acl;
mod allowed;
mod analysis;
mod change;
mod documents;
mod error;
mod filter;
mod fusion;
mod highlight;
mod keyword;
mod language;
mod query;
mod replica;
mod slot;
mod top;
mod vectors;

pub use acl::{Acl, Viewer};
pub use change::{DocumentChange, IndexedChunk, IndexedDocument};
pub use error::{Error, Result};
pub use filter::{Filter, FilterError};
pub use fusion::Fusion;
pub use language::Language;
pub use query::{CandidateScore, Explain, Hit, Hits, Mode, Query};
pub use replica::{Replica, ReplicaOptions};
pub use slot::Slot;
