//! Retrieval quality on public data sets, through the product's own pipeline.

mod dataset;
mod measure;
mod report;

pub(crate) use dataset::Dataset;
pub(crate) use measure::{Settings, measure};
pub(crate) use report::{Report, documents_of};
