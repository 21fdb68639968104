#![doc = include_str!("../README.md")]

#[cfg(feature = "clients")]
pub mod embedding;
#[cfg(feature = "clients")]
mod error;
pub mod http;
#[cfg(feature = "clients")]
mod local_model;
#[cfg(feature = "clients")]
pub mod reranking;
pub mod standard_webhooks;
#[cfg(feature = "clients")]
mod token_estimate;
#[cfg(feature = "clients")]
mod vendor_endpoint;
#[cfg(feature = "clients")]
pub mod web;

#[cfg(feature = "clients")]
pub use error::{IntegrationError, RetryAdvice};
