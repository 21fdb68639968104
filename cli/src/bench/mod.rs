//! Benchmarks of the product's own pipeline.
mod disk;
pub(crate) mod ingest;
pub(crate) mod jobs;
pub(crate) mod neighbours;
mod report;
mod rig;
mod subject;
