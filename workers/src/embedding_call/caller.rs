use crate::{Heard, JobContext, JobError};
use integrations::embedding::{EmbeddedTexts, EmbeddingPurpose, RemoteEmbedder};
use jobs::Estimate;

/// A remote model, called on the tenant's budget of its credential.
pub(crate) struct RemoteCaller {
    pub(crate) embedder: RemoteEmbedder,
    credential: String,
}

impl RemoteCaller {
    pub(crate) fn new(embedder: RemoteEmbedder, credential: String) -> Self {
        Self { embedder, credential }
    }

    /// One vector a text, by one exchange. What the vendor says that it bills is written down; where it does not say, our estimate is. A call changes
    /// nothing at the vendor, so it is in no ledger: an attempt that is lost pays again for what it had not stored.
    ///
    /// # Errors
    /// That the job must wait for the budget or the vendor, or why the call failed.
    pub(crate) async fn call(
        &self,
        job: &JobContext,
        texts: &[String],
        purpose: EmbeddingPurpose,
    ) -> Result<Vec<Vec<f32>>, JobError> {
        let counted: usize = texts.iter().map(|text| self.embedder.count_tokens(text)).sum();
        let estimate = self.estimate(u64::try_from(counted).unwrap_or(u64::MAX));
        let heard = Heard::default();
        let exchange = async {
            let answer = self.embedder.send(texts, purpose).await;
            heard.note(&answer);
            let EmbeddedTexts { vectors, tokens } = self.embedder.read(texts.len(), answer?)?;
            if let Some(tokens) = tokens {
                heard.took(self.estimate(tokens));
            }
            Ok(vectors)
        };
        let embedded = job.governed(&self.credential, estimate, &heard, exchange).await?;
        metrics::counter!("embedding_texts_total", "credential" => self.credential.clone())
            .increment(u64::try_from(texts.len()).unwrap_or(u64::MAX));
        Ok(embedded)
    }

    fn estimate(&self, tokens: u64) -> Estimate {
        Estimate {
            tokens,
            cost_micros: self.embedder.cost_micros(tokens),
        }
    }
}
