//! What a visitor of a page is told of a job that his request began: what came of it, and whether to ask again. What vendors answered, what it cost, which budget was spent and
//! which key is missing are the tenant's.
use super::FullJob;
use serde_json::Value;

/// In the place of every message that was written for operators.
const FAILED: &str = "This could not be done. Asking again later may help.";

impl FullJob {
    pub(super) fn for_visitors(mut self) -> Self {
        self.attempts.clear();
        let job = &mut self.job;
        job.worker = None;
        job.cost_microusd = 0;
        job.progress = None;
        job.error = job.error.as_ref().map(in_general);
        if let Some(error) = job.result.as_mut().and_then(|result| result.get_mut("rerank_error")) {
            *error = in_general(error);
        }
        self
    }
}

/// Its code, for programs, and whether it may help to ask again.
fn in_general(error: &Value) -> Value {
    let kept = ["code", "retryable"]
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), error.get(field)?.clone())));
    let message = ("message".to_owned(), Value::from(FAILED));
    Value::Object(kept.chain([message]).collect())
}
