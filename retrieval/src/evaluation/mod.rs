//! How good rankings are, and how sure one can be that one ranker is better than another. Knows no index, no database and no queue.
mod compare;
mod estimate;
mod metrics;
mod randomisation;

pub use compare::{Comparison, SIGNIFICANCE, Verdict, compare, judge_loss};
pub use estimate::{Estimate, estimate, mean};
pub use metrics::{Judged, Metric, Scores, rank_documents, score};
