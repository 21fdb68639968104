//! The models of the catalogue, as this machine sees them.
mod list;
mod verify;

pub(crate) use self::list::{Listed, list};
pub(crate) use self::verify::{Verified, verify};
