//! Documents from submission to deletion, through the API.
mod deleting;
mod failing;
mod replacing;
