//! Calls to the outside, each on the budget of a credential: asked for before anything is written down or sent, settled after.
use crate::{Heard, JobContext, JobError};
use jobs::{Asked, BudgetLimit, Call, CircuitChange, Estimate, Observed, Reported, Wait};
use std::time::Duration;
use store::provider_usage::{self, Usage};
use uuid::Uuid;

/// What a call may take longer than its exchange: reading the budget's answer, writing the ledger.
const AROUND: Duration = Duration::from_secs(2);

impl JobContext {
    /// Makes the call when the credential's budget allows it. When that would take longer than a moment, or the other side asks for a pause,
    /// the job is put off to a time of its own, without using an attempt. `call` notes each exchange in `heard`; it is dropped unpolled
    /// where it must wait, so that nothing of it has happened.
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
        let outgoing = &self.app.settings.outgoing;
        let granted = Call {
            tenant: self.tenant(),
            credential,
            job: self.id(),
            lease: Uuid::new_v4(),
            lasts: Duration::from_secs(outgoing.connect_timeout_secs + outgoing.timeout_secs) + AROUND,
            estimate,
            limits: self.app.budgets.limits(&self.app, self.tenant(), credential).await?,
            comes_back: !self.job.interactive,
        };
        self.wait_for_grant(&granted).await?;
        let result = call.await;
        let reported = heard.reported(estimate);
        let turn_in = self.settle_call(&granted, &reported).await;
        match result {
            Err(_) if reported.observed == Observed::Limited => {
                let wait = Wait {
                    limit: BudgetLimit::Vendor,
                    limited_for: turn_in,
                    turn_in,
                };
                Err(JobError::snooze(credential, wait))
            }
            result => result,
        }
    }

    async fn wait_for_grant(&self, call: &Call<'_>) -> Result<(), JobError> {
        let mut patience = self.app.settings.governor.wait_in_slot();
        let mut spent = None;
        loop {
            let wait = match self.app.queue.ask_governor(call, spent).await {
                Ok(Asked::Granted) => {
                    decided("granted");
                    return Ok(());
                }
                Ok(Asked::Cold) => {
                    spent = Some(self.spent_today(call.credential).await?);
                    continue;
                }
                Ok(Asked::Wait(wait)) => wait,
                Err(error) => {
                    // Nobody can count, so nothing is called. Without Redis no job starts anyway: only those that run get here.
                    tracing::warn!(%error, "the governor cannot be asked");
                    let turn_in = Duration::from_secs(1).mul_f64(1.0 + rand::random::<f64>());
                    Wait {
                        limit: BudgetLimit::Governor,
                        limited_for: turn_in,
                        turn_in,
                    }
                }
            };
            if wait.turn_in > patience || wait.limit == BudgetLimit::Governor {
                decided("put_off");
                return Err(JobError::snooze(call.credential, wait));
            }
            let pause = wait.turn_in.max(Duration::from_millis(1));
            patience = patience.saturating_sub(pause);
            tokio::time::sleep(pause).await;
        }
    }

    async fn spent_today(&self, credential: &str) -> Result<u64, JobError> {
        let usage = self
            .app
            .store
            .tenant(self.tenant(), async |tx| provider_usage::today(tx, credential).await)
            .await?;
        Ok(u64::try_from(usage.cost_micros).unwrap_or(0))
    }

    /// Money first, and in Postgres: Redis may be gone. Returns when it is the job's turn, after a refusal.
    async fn settle_call(&self, call: &Call<'_>, reported: &Reported) -> Duration {
        if reported.tokens > 0 || reported.cost_micros > 0 {
            let usage = Usage {
                tokens: i64::try_from(reported.tokens).unwrap_or(i64::MAX),
                cost_micros: i64::try_from(reported.cost_micros).unwrap_or(i64::MAX),
            };
            let written = self
                .app
                .store
                .tenant(self.tenant(), async |tx| {
                    provider_usage::add(tx, self.held(), call.credential, usage).await
                })
                .await;
            if let Err(error) = written {
                tracing::error!(%error, cost_micros = usage.cost_micros, "what a call cost was not written down");
            }
        }
        let settings = &self.app.settings.governor;
        match self.app.queue.settle_with_governor(call, reported, settings).await {
            Ok(settled) => {
                note_circuit(call.credential, settled.circuit);
                settled.turn_in
            }
            Err(error) => {
                tracing::warn!(%error, "what a call held is given back when its time is over");
                reported.retry_after.unwrap_or(Duration::from_secs(1))
            }
        }
    }
}

fn note_circuit(credential: &str, change: Option<CircuitChange>) {
    let to = match change {
        None => return,
        Some(CircuitChange::Opened) => "open",
        Some(CircuitChange::Closed) => "closed",
    };
    tracing::warn!(credential, to, "the circuit of a credential has changed");
    metrics::counter!("governor_circuit_changes_total", "to" => to).increment(1);
}

fn decided(decision: &'static str) {
    metrics::counter!("governor_decisions_total", "decision" => decision).increment(1);
}
