//! Everything that leaves this system over HTTP goes through [`GuardedClient`].

mod address;
#[cfg(feature = "clients")]
mod client;
#[cfg(feature = "clients")]
mod failure;
mod policy;
#[cfg(feature = "clients")]
mod rate_hints;
#[cfg(feature = "clients")]
mod resolver;
#[cfg(feature = "clients")]
mod response;
#[cfg(feature = "clients")]
mod retry_after;
mod web_url;
mod webhook_url;

#[cfg(feature = "clients")]
pub use client::{GuardedClient, HttpLimits};
pub use policy::OutboundPolicy;
#[cfg(feature = "clients")]
pub use rate_hints::RateHints;
#[cfg(feature = "clients")]
pub use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
#[cfg(feature = "clients")]
pub use response::GuardedResponse;
pub use web_url::web_url_faults;
pub use webhook_url::{UrlFault, webhook_url_faults};
