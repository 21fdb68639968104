//! The models of the catalogue, as this machine sees them.
mod list;
mod pull;
mod verify;

pub(crate) use self::list::{Listed, list};
pub(crate) use self::pull::{Pulled, pull};
pub(crate) use self::verify::{Verified, verify};
