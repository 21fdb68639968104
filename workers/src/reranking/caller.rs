use super::rerankers::too_late;
use crate::error::Advice;
use crate::{Heard, JobContext, JobError};
use integrations::reranking::{RemoteReranker, RerankUsage, RerankedPassages};
use jobs::Estimate;
use std::time::Duration;
use tokio::time::Instant;

/// Before an exchange that failed is made once more.
const PAUSE: Duration = Duration::from_millis(100);

/// A remote reranker, called on the tenant's budget of its credential and on the installation's, whose key it is.
pub(crate) struct RerankCaller {
    reranker: RemoteReranker,
    credential: &'static str,
}

impl RerankCaller {
    /// The credential is the provider's name: its key is that of its embedding models, too.
    pub(crate) fn new(reranker: RemoteReranker, credential: &'static str) -> Self {
        Self { reranker, credential }
    }

    /// One score a passage, by as many calls as the vendor's limits ask for.
    ///
    /// # Errors
    /// That it would have to wait for the budget or the vendor, or why a call failed.
    pub(crate) async fn score(
        &self,
        job: &JobContext,
        query: &str,
        passages: &[String],
        deadline: Instant,
    ) -> Result<Vec<f32>, JobError> {
        let mut scores = Vec::with_capacity(passages.len());
        let mut rest = passages;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(self.reranker.batch_len(query, rest).min(rest.len()));
            rest = after;
            scores.extend(self.call_twice(job, query, batch, deadline).await?);
        }
        Ok(scores)
    }

    /// A failure that may pass is met by one more try, while there is time; a vendor that wants to be left alone is.
    async fn call_twice(
        &self,
        job: &JobContext,
        query: &str,
        batch: &[String],
        deadline: Instant,
    ) -> Result<Vec<f32>, JobError> {
        match self.call(job, query, batch, deadline).await {
            Err(error) if *error.advice() == Advice::Retry && Instant::now() + PAUSE < deadline => {
                tokio::time::sleep(PAUSE).await;
                self.call(job, query, batch, deadline).await
            }
            outcome => outcome,
        }
    }

    /// What the vendor says that it bills is written down; where it does not say, our estimate is. A deadline that is missed is our own: it says nothing of
    /// the vendor, whose embedding models are called on the same budget.
    async fn call(
        &self,
        job: &JobContext,
        query: &str,
        batch: &[String],
        deadline: Instant,
    ) -> Result<Vec<f32>, JobError> {
        let in_time = || match Instant::now() < deadline {
            true => Ok(()),
            false => Err(too_late(self.reranker.name())),
        };
        in_time()?;
        let estimate = self.estimate(self.reranker.usage(query, batch));
        let heard = Heard::default();
        let exchange = async {
            // The grant may have been waited for.
            in_time()?;
            let exchange = heard.exchange(self.reranker.send(query, batch));
            let Ok(answer) = tokio::time::timeout_at(deadline, exchange).await else {
                return Err(too_late(self.reranker.name()).into());
            };
            let RerankedPassages { scores, usage } = self.reranker.read(batch.len(), answer?)?;
            if let Some(usage) = usage {
                heard.took(self.estimate(usage));
            }
            Ok(scores)
        };
        let scores = job
            .governed_for_all(self.credential, estimate, &heard, exchange)
            .await?;
        metrics::counter!("reranked_passages_total", "credential" => self.credential)
            .increment(u64::try_from(batch.len()).unwrap_or(u64::MAX));
        Ok(scores)
    }

    fn estimate(&self, usage: RerankUsage) -> Estimate {
        Estimate {
            tokens: usage.tokens,
            cost_micros: self.reranker.cost_micros(usage),
        }
    }
}
