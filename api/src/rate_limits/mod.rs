//! How many requests a key may make, and how many an address may without a key that works from there.
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
