//! Calls to the outside, each on the budget of a credential: asked for before anything is written down or sent, settled after.
use crate::error::Advice;
use crate::grant::Grant;
use crate::{Heard, JobContext, JobError};
use jobs::{Asked, BudgetLimit, BudgetLimits, Call, Estimate, Observed, SpentToday, Wait};
use std::time::Duration;
use store::provider_usage;

/// What no call takes less than.
const LEAST: Estimate = Estimate {
    tokens: 1,
    cost_micros: 1,
};

impl JobContext {
    /// Makes the call when the credential's budget allows it. When that would take longer than a moment, or the other side asks for a pause,
    /// the job is put off to a time of its own, without using an attempt. `call` makes each exchange through `heard`; it is dropped unpolled
    /// where it must wait, so that nothing of it has happened. What a call took that was dropped half-way, with a job that is stopped, is counted all the same.
    ///
    /// `credential` is a name of [`jobs::is_credential_name`]; it is the tenant's own.
    ///
    /// # Errors
    /// What `call` returns, or that the job must wait.
    pub async fn governed<T: Send>(
        &self,
        credential: &str,
        estimate: Estimate,
        heard: &Heard,
        call: impl Future<Output = Result<T, JobError>> + Send,
    ) -> Result<T, JobError> {
        let limits = self.app.budgets.limits(&self.app, self.tenant(), credential).await?;
        let grant = Grant::new(self, credential, estimate, (limits, None), heard);
        self.call_on(grant, call).await
    }

    /// The same with a credential of the installation, on its budget as well as on the tenant's: both allow the call, or neither is used.
    pub(crate) async fn governed_for_all<T: Send>(
        &self,
        credential: &str,
        estimate: Estimate,
        heard: &Heard,
        call: impl Future<Output = Result<T, JobError>> + Send,
    ) -> Result<T, JobError> {
        let grant = self.grant_for_all(credential, estimate, heard).await?;
        self.call_on(grant, call).await
    }

    async fn grant_for_all(&self, credential: &str, estimate: Estimate, heard: &Heard) -> Result<Grant, JobError> {
        let limits = self.app.budgets.limits(&self.app, self.tenant(), credential).await?;
        let installation = BudgetLimits::of_installation(credential, &self.app.settings.governor);
        Ok(Grant::new(
            self,
            credential,
            estimate,
            (limits, Some(installation)),
            heard,
        ))
    }

    async fn call_on<T: Send>(
        &self,
        grant: Grant,
        call: impl Future<Output = Result<T, JobError>> + Send,
    ) -> Result<T, JobError> {
        if let Err(error) = self.wait_for_grant(&grant.call()).await {
            // Where no answer came it may have been granted all the same: dropped, it is settled as a call that was not made.
            if !is_unanswered(&error) {
                grant.forget();
            }
            return Err(error);
        }
        let result = call.await;
        let credential = grant.call().credential.to_owned();
        let of_installation = grant.call().installation.is_some();
        let (reported, turn_in) = grant.settle().await;
        match result {
            Err(_) if reported.observed == Observed::Limited => {
                let wait = Wait {
                    limit: BudgetLimit::Vendor,
                    of_installation,
                    limited_for: turn_in,
                    turn_in,
                };
                Err(JobError::snooze(&credential, wait))
            }
            result => result,
        }
    }

    /// For a job that was put off for a budget, and would do much again before its call with a credential of the installation: puts it off again where that
    /// still allows none.
    ///
    /// # Errors
    /// That the job must wait.
    pub(crate) async fn look_at_budget(&self, credential: &str) -> Result<(), JobError> {
        let heard = Heard::default();
        let grant = self.grant_for_all(credential, LEAST, &heard).await?;
        let mut asked = self.app.queue.look_at_governor(&grant.call(), None).await;
        if let Ok(Asked::Cold { day }) = asked {
            let spent = match self.spent_on(&grant.call(), day).await {
                Ok(spent) => spent,
                Err(error) => {
                    grant.forget();
                    return Err(error);
                }
            };
            asked = self.app.queue.look_at_governor(&grant.call(), Some(spent)).await;
        }
        grant.forget();
        match asked {
            Ok(Asked::Wait(wait)) if wait.turn_in > self.app.settings.governor.wait_in_slot() => {
                put_off(&wait);
                Err(JobError::snooze(credential, wait))
            }
            // Whoever asks next is told what the matter is.
            _ => Ok(()),
        }
    }

    async fn wait_for_grant(&self, call: &Call<'_>) -> Result<(), JobError> {
        let mut patience = self.app.settings.governor.wait_in_slot();
        let mut spent = None;
        loop {
            // What was looked up is said once: after a pause it may be another day.
            let wait = match self.app.queue.ask_governor(call, spent.take()).await {
                Ok(Asked::Granted) => {
                    decided("granted");
                    return Ok(());
                }
                Ok(Asked::Cold { day }) => {
                    spent = Some(self.spent_on(call, day).await?);
                    continue;
                }
                Ok(Asked::Wait(wait)) => wait,
                Err(error) => {
                    // Nobody can count, so nothing is called. Without Redis no job starts anyway: only those that run get here.
                    tracing::warn!(%error, "the governor cannot be asked");
                    let turn_in = Duration::from_secs(1).mul_f64(1.0 + rand::random::<f64>());
                    Wait {
                        limit: BudgetLimit::Governor,
                        of_installation: false,
                        limited_for: turn_in,
                        turn_in,
                    }
                }
            };
            if wait.turn_in > patience || wait.limit == BudgetLimit::Governor {
                put_off(&wait);
                return Err(JobError::snooze(call.credential, wait));
            }
            let pause = wait.turn_in.max(Duration::from_millis(1));
            patience = patience.saturating_sub(pause);
            tokio::time::sleep(pause).await;
        }
    }

    /// On the day that Redis means: Postgres' clock may still be at the day before, whose money is spent.
    async fn spent_on(&self, call: &Call<'_>, day: i32) -> Result<SpentToday, JobError> {
        let usage = self
            .app
            .store
            .tenant(self.tenant(), async |tx| {
                provider_usage::on_day(tx, call.credential, day).await
            })
            .await?;
        let of_all = match call.installation {
            Some(_) => provider_usage::on_day_of_all(&self.app.system, &[call.credential], day).await?,
            None => Vec::new(),
        };
        let of_all: i64 = of_all.iter().map(|(_, usage)| usage.cost_micros).sum();
        Ok(SpentToday {
            day,
            of_tenant: u64::try_from(usage.cost_micros).unwrap_or(0),
            of_installation: u64::try_from(of_all).unwrap_or(0),
        })
    }
}

/// Whether the governor was asked, and its answer did not come.
fn is_unanswered(error: &JobError) -> bool {
    matches!(error.advice(), Advice::Snooze { wait, .. } if wait.limit == BudgetLimit::Governor)
}

fn put_off(wait: &Wait) {
    decided(if wait.of_installation {
        "put_off_by_installation"
    } else {
        "put_off"
    });
}

fn decided(decision: &'static str) {
    metrics::counter!("governor_decisions_total", "decision" => decision).increment(1);
}
