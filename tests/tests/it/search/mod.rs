//! Search through the API: what is seen, by whom, and how soon.
mod access;
mod explain;
mod filters;
mod freshness;
pub(crate) mod languages;
mod narrowed;
mod origins;
mod several;
mod similar;
mod stopped;
