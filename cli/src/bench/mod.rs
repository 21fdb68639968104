//! Benchmarks of the product's own pipeline.
mod disk;
pub(crate) mod ingest;
pub(crate) mod jobs;
mod marks;
mod report;
mod rig;
