//! The models of the settings, as this machine sees them.
mod list;
mod pull;
mod verify;
mod verify_embedder;
mod verify_reranker;

pub(crate) use self::list::{Listed, list};
pub(crate) use self::pull::{Pulled, pull};
pub(crate) use self::verify::{Verified, verify};
