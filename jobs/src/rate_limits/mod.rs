//! Limits on requests, counted in Redis for all processes together.
mod take;

pub use self::take::{Limited, Rate, Taken};
