//! What becomes of ticks: each fires once, or is written down with the reason why not.
mod catch_up;
mod exactly_once;
mod http;
mod overlap;
mod refusals;
mod support;
