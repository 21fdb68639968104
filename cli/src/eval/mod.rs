//! Retrieval quality: on public data sets through the product's own pipeline, and on the test sets of knowledge bases.

mod absent;
mod dataset;
mod measure;
mod report;
mod test_set;
mod text;

pub(crate) use absent::absent;
pub(crate) use dataset::Dataset;
pub(crate) use measure::{Settings, measure};
pub(crate) use report::{Report, documents_of};
pub(crate) use test_set::read_questions;
pub(crate) use text::{comparison, evaluation, question_table};
