use super::embedding;
use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{CheckResponse, CheckResult, CheckedClaim, ClaimEvidence, Verdict};

impl Handle for CheckResponse {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let checked = self.clone();
        let texts = blocking(move || answers::texts_to_embed(&checked.response, &sources(&checked))).await?;
        let vectors = embedding::sentence_vectors(&job.app, texts).await?;
        let report =
            blocking(move || answers::check(&self.response, &sources(&self), self.question.as_deref(), &vectors))
                .await?;
        Done::with(&CheckResult {
            score: report.score,
            truncated: report.truncated,
            claims: report.claims.into_iter().map(claim).collect(),
        })
    }
}

fn sources(checked: &CheckResponse) -> Vec<&str> {
    checked.sources.iter().map(String::as_str).collect()
}

fn claim(claim: answers::CheckedClaim) -> CheckedClaim {
    CheckedClaim {
        text: claim.text,
        verdict: verdict(claim.verdict),
        score: claim.score,
        evidence: claim
            .evidence
            .into_iter()
            .map(|e| ClaimEvidence {
                source: e.source,
                quote: e.quote,
            })
            .collect(),
        reasons: claim
            .reasons
            .iter()
            .filter_map(|reason| serde_json::to_value(reason).ok()?.as_str().map(str::to_owned))
            .collect(),
    }
}

fn verdict(verdict: answers::Verdict) -> Verdict {
    match verdict {
        answers::Verdict::Supported => Verdict::Supported,
        answers::Verdict::Unsupported => Verdict::Unsupported,
        answers::Verdict::Contradicted => Verdict::Contradicted,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "checking panicked");
        JobError::retry(
            "panicked",
            "The check failed in a way it should not have; this is a defect.",
        )
    })
}
