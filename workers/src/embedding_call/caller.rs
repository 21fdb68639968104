use crate::{Heard, JobContext, JobError};
use integrations::embedding::{EmbeddedInputs, EmbeddingInput, EmbeddingPurpose, EmbeddingUsage, RemoteEmbedder};
use jobs::Estimate;

/// A remote model, called on the tenant's budget of its credential and on the installation's, whose key it is.
pub(crate) struct RemoteCaller {
    pub(crate) embedder: RemoteEmbedder,
    credential: String,
}

impl RemoteCaller {
    pub(crate) fn new(embedder: RemoteEmbedder, credential: String) -> Self {
        Self { embedder, credential }
    }

    /// For a job that was put off for a budget: whether it still must wait.
    ///
    /// # Errors
    /// That it must.
    pub(crate) async fn look(&self, job: &JobContext) -> Result<(), JobError> {
        job.look_at_budget(&self.credential).await
    }

    /// One vector an input, by one exchange. What the vendor says that it bills is written down; where it does not say, our estimate is. A call changes
    /// nothing at the vendor, so it is in no ledger: an attempt that is lost pays again for what it had not stored.
    ///
    /// # Errors
    /// That the job must wait for the budget or the vendor, or why the call failed.
    pub(crate) async fn call(
        &self,
        job: &JobContext,
        inputs: &[EmbeddingInput],
        purpose: EmbeddingPurpose,
    ) -> Result<Vec<Vec<f32>>, JobError> {
        let expected = estimate(self.embedder.expected_usage(inputs));
        let heard = Heard::default();
        let exchange = async {
            let answer = heard.exchange(self.embedder.send(inputs, purpose)).await;
            let EmbeddedInputs { vectors, usage } = self.embedder.read(inputs, answer?)?;
            if let Some(usage) = usage {
                heard.took(estimate(usage));
            }
            Ok(vectors)
        };
        let embedded = job
            .governed_for_all(&self.credential, expected, &heard, exchange)
            .await?;
        metrics::counter!("embedding_texts_total", "credential" => self.credential.clone())
            .increment(u64::try_from(inputs.len()).unwrap_or(u64::MAX));
        Ok(embedded)
    }
}

fn estimate(usage: EmbeddingUsage) -> Estimate {
    Estimate {
        tokens: usage.tokens,
        cost_micros: usage.cost_micros,
    }
}
