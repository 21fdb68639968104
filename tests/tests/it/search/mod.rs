//! Search through the API: what is seen, by whom, and how soon.
mod access;
mod explain;
mod filters;
mod freshness;
mod narrowed;
mod several;
