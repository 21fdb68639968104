//! How many requests a key may make, and how many without a working key an address may.
mod address;
mod class;
mod failures;
mod known_keys;
mod limiter;
mod quota;

pub(crate) use self::address::client_address;
pub(crate) use self::class::RouteClass;
pub(crate) use self::limiter::Limiter;
pub(crate) use self::quota::Quota;
