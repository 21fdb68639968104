use crate::FieldError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use store::{KnowledgeBaseId, SourceId};

/// A group of workers that is scaled on its own. Interactive and durable kinds never share a pool, so they are never claimed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// Parses, chunks and embeds documents.
    Ingest,
    /// Searches, answers and checks: keeps replicas, and somebody waits.
    Retrieval,
    /// Everything else.
    General,
    /// Tells tenants' webhooks: a slow receiver must not keep other work waiting.
    Delivery,
}

impl Pool {
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Retrieval, Self::General, Self::Delivery];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Retrieval => "retrieval",
            Self::General => "general",
            Self::Delivery => store::webhooks::DELIVERY_POOL,
        }
    }

    /// Whether its jobs are interactive: somebody waits, so a claim need not reach the disk before work starts.
    #[must_use]
    pub fn is_interactive(self) -> bool {
        self == Self::Retrieval
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is no pool's.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no pool; there are ingest, retrieval, general and delivery")]
pub struct UnknownPool(String);

impl FromStr for Pool {
    type Err = UnknownPool;

    fn from_str(name: &str) -> Result<Self, UnknownPool> {
        Self::ALL
            .into_iter()
            .find(|pool| pool.as_str() == name)
            .ok_or_else(|| UnknownPool(name.to_owned()))
    }
}

/// When a failed attempt is followed by another: after a random time up to `base · 2^attempt`, at most `cap` ("full jitter", AWS
/// Architecture Blog, "Exponential Backoff And Jitter", 2015).
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    pub max_attempts: i16,
    pub base: Duration,
    pub cap: Duration,
}

impl RetryPolicy {
    /// For work that fails with its surroundings: five attempts within a few minutes.
    pub const STANDARD: Self = Self {
        max_attempts: 5,
        base: Duration::from_secs(1),
        cap: Duration::from_mins(5),
    };
    /// For work somebody waits for: a second attempt at once, a third soon, and no more.
    pub const INTERACTIVE: Self = Self {
        max_attempts: 3,
        base: Duration::from_millis(50),
        cap: Duration::from_secs(1),
    };

    /// How long to wait after attempt number `attempt` (from 1); `random` is uniform in [0, 1).
    #[must_use]
    pub fn delay(&self, attempt: i16, random: f64) -> Duration {
        let doublings = u32::try_from(attempt.clamp(0, 30)).unwrap_or(0);
        let ceiling = self.base.saturating_mul(1_u32 << doublings).min(self.cap);
        ceiling.mul_f64(random.clamp(0.0, 1.0))
    }
}

/// A kind of work. The struct is the payload as stored; the logic is in `workers/src/handlers`.
pub trait Kind: Serialize + DeserializeOwned + Send + Sync + 'static {
    const NAME: &'static str;
    const POOL: Pool;
    /// Grows when old payloads can no longer be read; a worker hands back a version it does not know.
    const VERSION: i16 = 1;
    const RETRY: RetryPolicy = RetryPolicy::STANDARD;
    /// The steps it is taken in, in this order; none where it is one piece. To be named in [`crate::kinds::steps_of`] as well.
    const STEPS: &'static [&'static str] = &[];
    /// The scope with which clients may submit it through `POST /v1/jobs`; `None`: they may not.
    const SUBMIT_SCOPE: Option<&'static str> = None;
    /// Whether it exists only where diagnostics are enabled.
    const DIAGNOSTIC: bool = false;
    /// The field of the payload that says which address is called.
    const ADDRESS: Option<&'static str> = None;

    /// The bases whose replicas it needs, each once, in the order of their ids: it is run where they are open.
    fn knowledge_bases(&self) -> Vec<KnowledgeBaseId> {
        Vec::new()
    }

    /// The source that it is about: nobody may submit it for one that is not there.
    fn source(&self) -> Option<SourceId> {
        None
    }

    /// What is wrong with a payload that a client submitted; fields are named from the payload down.
    fn validate(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_the_cap_and_is_fully_jittered() {
        let policy = RetryPolicy {
            max_attempts: 9,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(60),
        };
        assert_eq!(policy.delay(1, 0.0), Duration::ZERO);
        assert_eq!(policy.delay(1, 0.5), Duration::from_secs(1));
        assert_eq!(policy.delay(3, 0.5), Duration::from_secs(4));
        assert_eq!(policy.delay(30, 0.999_999).as_secs(), 59);
    }
}
