use integrations::IntegrationError;
use integrations::http::{GuardedResponse, RateHints};
use jobs::{Estimate, Observed, Reported};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a governed call learns of the other side while it is made; cheap to clone. A call without an exchange counts as not made.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<Notes>>);

#[derive(Clone, Copy, Debug, Default)]
struct Notes {
    observed: Option<Observed>,
    hints: RateHints,
    took: Option<Estimate>,
    /// Nothing was done for us: nothing was sent, or it said no.
    refused: bool,
}

impl Heard {
    /// Makes an exchange, and notes what it gave: each goes through here. One that is dropped counts as given up: we stopped waiting, for a reason of our own, and
    /// the other side may have been at work.
    ///
    /// # Errors
    /// Those of the exchange.
    pub async fn exchange(
        &self,
        exchange: impl Future<Output = Result<GuardedResponse, IntegrationError>> + Send,
    ) -> Result<GuardedResponse, IntegrationError> {
        let before = self.begin();
        let answer = exchange.await;
        self.note(before, &answer);
        answer
    }

    /// Returns what was noted before.
    fn begin(&self) -> Notes {
        let mut notes = self.lock();
        let before = *notes;
        (notes.observed, notes.refused) = (Some(Observed::GivenUp), false);
        before
    }

    fn note(&self, before: Notes, answer: &Result<GuardedResponse, IntegrationError>) {
        let mut notes = self.lock();
        (notes.observed, notes.refused) = (before.observed, before.refused);
        match answer {
            Ok(answer) => {
                notes.hints = answer.rate_hints();
                notes.refused = matches!(answer.status.as_u16(), 400..=407 | 409..=499);
                notes.observed = Some(match answer.status.as_u16() {
                    _ if answer.is_limited() => Observed::Limited,
                    408 | 500.. => Observed::Failed,
                    _ => Observed::Answered,
                });
            }
            Err(IntegrationError::Unreachable { .. }) => {
                (notes.observed, notes.refused) = (Some(Observed::Failed), true);
            }
            Err(IntegrationError::Unavailable { .. } | IntegrationError::Timeout { .. }) => {
                (notes.observed, notes.refused) = (Some(Observed::Failed), false);
            }
            Err(IntegrationError::Forbidden { .. } | IntegrationError::NotConfigured { .. }) => {}
            Err(_) => notes.observed = Some(Observed::Answered),
        }
    }

    /// Notes what the call really took, once the answer says so; otherwise the estimate counts.
    pub fn took(&self, took: Estimate) {
        self.lock().took = Some(took);
    }

    /// For the governor. A refusal costs nothing; a call that failed may have cost what it was to cost.
    pub(crate) fn reported(&self, estimate: Estimate) -> Reported {
        let notes = *self.lock();
        let observed = notes.observed.unwrap_or(Observed::NotMade);
        let took = match observed {
            Observed::NotMade | Observed::Limited => Estimate::default(),
            _ if notes.refused => notes.took.unwrap_or_default(),
            Observed::Answered | Observed::Failed | Observed::GivenUp => notes.took.unwrap_or(estimate),
        };
        Reported {
            observed,
            tokens: took.tokens,
            cost_micros: took.cost_micros,
            retry_after: notes.hints.retry_after,
            remaining: notes.hints.remaining,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use integrations::http::HeaderMap;

    const ESTIMATE: Estimate = Estimate {
        tokens: 500,
        cost_micros: 70,
    };

    fn spent(answer: Result<u16, IntegrationError>) -> u64 {
        let heard = Heard::default();
        let answer = answer.map(|status| GuardedResponse {
            system: "vendor".to_owned(),
            status: status.try_into().unwrap(),
            headers: HeaderMap::new(),
            body: Default::default(),
        });
        heard.note(heard.begin(), &answer);
        heard.reported(ESTIMATE).cost_micros
    }

    #[test]
    fn what_was_refused_or_never_sent_costs_nothing() {
        for status in [400, 401, 402, 403, 404, 413, 422] {
            assert_eq!(spent(Ok(status)), 0, "{status}");
        }
        let system = || "vendor".to_owned();
        let unreachable = IntegrationError::Unreachable {
            system: system(),
            reason: String::new(),
        };
        assert_eq!(spent(Err(unreachable)), 0);
        // It may have been at work.
        for status in [200, 408, 500, 503] {
            assert_eq!(spent(Ok(status)), 70, "{status}");
        }
        assert_eq!(spent(Err(IntegrationError::Timeout { system: system() })), 70);
    }
}
