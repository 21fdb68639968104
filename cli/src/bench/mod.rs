//! Benchmarks of the product's own pipeline.
mod disk;
pub(crate) mod ingest;
pub(crate) mod jobs;
pub(crate) mod neighbours;
mod report;
pub(crate) mod retrieval;
mod rig;
mod subject;
