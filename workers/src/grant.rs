use crate::{Heard, JobContext};
use jobs::{BudgetLimits, Call, CircuitChange, Estimate, Reported};
use std::sync::Arc;
use std::time::Duration;
use store::provider_usage::{self, Usage};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument;
use uuid::Uuid;

/// What a call may take longer than its exchange: reading the budget's answer, writing the ledger.
const AROUND: Duration = Duration::from_secs(2);

/// What a refusal is waited for where nobody says for how long.
const A_MOMENT: Duration = Duration::from_secs(1);

/// What a call holds of its credential's budget, from when it is asked for. It is settled once, by a task of its own: also where the attempt is stopped, and dropped
/// in the middle of the exchange or of the settling. A stop waits for that.
pub(crate) struct Grant {
    asked: Arc<Asked>,
    is_settled: bool,
}

struct Asked {
    job: JobContext,
    credential: String,
    lease: Uuid,
    estimate: Estimate,
    limits: BudgetLimits,
    /// Of all tenants together, where the credential is the installation's.
    installation: Option<BudgetLimits>,
    heard: Heard,
}

impl Grant {
    pub(crate) fn new(
        job: &JobContext,
        credential: &str,
        estimate: Estimate,
        (limits, installation): (BudgetLimits, Option<BudgetLimits>),
        heard: &Heard,
    ) -> Self {
        let asked = Asked {
            job: job.clone(),
            credential: credential.to_owned(),
            lease: Uuid::new_v4(),
            estimate,
            limits,
            installation,
            heard: heard.clone(),
        };
        Self {
            asked: Arc::new(asked),
            is_settled: false,
        }
    }

    pub(crate) fn call(&self) -> Call<'_> {
        self.asked.call()
    }

    /// It was not given.
    pub(crate) fn forget(mut self) {
        self.is_settled = true;
    }

    /// Settles it by what was heard; and when it is the job's turn, after a refusal.
    pub(crate) async fn settle(mut self) -> (Reported, Duration) {
        self.is_settled = true;
        let reported = self.asked.heard.reported(self.asked.estimate);
        let turn_in = match self.asked.clone().settle_apart(reported) {
            Some(settling) => settling.await.unwrap_or(A_MOMENT),
            None => A_MOMENT,
        };
        (reported, turn_in)
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if !self.is_settled {
            let reported = self.asked.heard.reported(self.asked.estimate);
            drop(self.asked.clone().settle_apart(reported));
        }
    }
}

impl Asked {
    fn call(&self) -> Call<'_> {
        let outgoing = &self.job.app.settings.outgoing;
        Call {
            tenant: self.job.tenant(),
            credential: &self.credential,
            job: self.job.id(),
            lease: self.lease,
            lasts: Duration::from_secs(outgoing.connect_timeout_secs + outgoing.timeout_secs) + AROUND,
            estimate: self.estimate,
            limits: self.limits,
            installation: self.installation,
            comes_back: !self.job.job.interactive,
        }
    }

    /// `None` where the process has ended.
    fn settle_apart(self: Arc<Self>, reported: Reported) -> Option<JoinHandle<Duration>> {
        let being_settled = self.job.calls.enter();
        let settling = async move {
            let turn_in = self.write_down(&reported).await;
            drop(being_settled);
            turn_in
        };
        let runtime = Handle::try_current().ok()?;
        Some(runtime.spawn(settling.in_current_span()))
    }

    /// Money first, and in Postgres: Redis may be gone. Returns when it is the job's turn, after a refusal.
    async fn write_down(&self, reported: &Reported) -> Duration {
        let (app, call) = (&self.job.app, self.call());
        if reported.tokens > 0 || reported.cost_micros > 0 {
            let usage = Usage {
                tokens: i64::try_from(reported.tokens).unwrap_or(i64::MAX),
                cost_micros: i64::try_from(reported.cost_micros).unwrap_or(i64::MAX),
            };
            let written = app
                .store
                .tenant(call.tenant, async |tx| {
                    provider_usage::add(tx, self.job.held(), call.credential, usage).await
                })
                .await;
            if let Err(error) = written {
                tracing::error!(%error, cost_micros = usage.cost_micros, "what a call cost was not written down");
            }
        }
        match app
            .queue
            .settle_with_governor(&call, reported, &app.settings.governor)
            .await
        {
            Ok(settled) => {
                note_circuit(call.credential, settled.circuit);
                settled.turn_in
            }
            Err(error) => {
                tracing::warn!(%error, "what a call held is given back when its time is over");
                reported.retry_after.unwrap_or(A_MOMENT)
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
