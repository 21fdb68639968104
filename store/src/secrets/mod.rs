//! Secrets of tenants, encrypted at rest: each under a random key of its own, which is encrypted under the installation's master key.
mod master_key;

pub use self::master_key::{Binding, MasterKey, SealError};
