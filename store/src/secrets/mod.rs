//! Secrets of tenants, encrypted at rest: each under a random key of its own, which is encrypted under the installation's master key.
mod master_key;
mod master_keys;
mod rewrap;

pub use self::master_key::{Binding, SealError};
pub use self::master_keys::MasterKeys;
pub use self::rewrap::{Rewrapped, Unopened, rewrap_some};
