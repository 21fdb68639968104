use integrations::IntegrationError;
use integrations::http::{GuardedResponse, RateHints};
use jobs::{Estimate, Observed, Reported};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a governed call learns of the other side while it is made; cheap to clone. A call that notes nothing counts as not made.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<Notes>>);

#[derive(Clone, Copy, Debug, Default)]
struct Notes {
    observed: Option<Observed>,
    hints: RateHints,
    took: Option<Estimate>,
}

impl Heard {
    /// Notes what an exchange gave: call it for each, before looking at the answer.
    pub fn note(&self, answer: &Result<GuardedResponse, IntegrationError>) {
        let mut notes = self.lock();
        match answer {
            Ok(answer) => {
                notes.hints = answer.rate_hints();
                notes.observed = Some(match answer.status.as_u16() {
                    _ if answer.is_limited() => Observed::Limited,
                    408 | 500.. => Observed::Failed,
                    _ => Observed::Answered,
                });
            }
            Err(
                IntegrationError::Unreachable { .. }
                | IntegrationError::Unavailable { .. }
                | IntegrationError::Timeout { .. },
            ) => notes.observed = Some(Observed::Failed),
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
            Observed::Answered | Observed::Failed => notes.took.unwrap_or(estimate),
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
