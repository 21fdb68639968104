//! Everything that leaves this system over HTTP goes through [`GuardedClient`].

mod address;
mod client;
mod failure;
mod policy;
mod resolver;
mod response;
mod retry_after;

pub use client::{GuardedClient, HttpLimits};
pub use policy::OutboundPolicy;
pub use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
pub use response::GuardedResponse;
