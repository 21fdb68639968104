use super::ask::{Call, micros};
use crate::{Queue, QueueError, queue};
use config::GovernorSettings;
use redis::Script;
use std::sync::LazyLock;
use std::time::Duration;

static SETTLE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("budget.lua"), include_str!("settle.lua"))));

/// What became of a call, as far as the credential's health goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// Nothing was sent.
    NotMade,
    /// The other side answered, be it with a refusal that is the request's fault.
    Answered,
    /// It asked us to slow down, and did nothing.
    Limited,
    /// It could not be reached, did not answer in time, or failed.
    Failed,
    /// We stopped waiting, earlier than it is given to answer: that says nothing of its health.
    GivenUp,
}

impl Observed {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotMade => "not_made",
            Self::Answered => "answered",
            Self::Limited => "limited",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

/// What a call took, and what the other side said about its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    pub observed: Observed,
    pub tokens: u64,
    pub cost_micros: u64,
    /// How long it asked us to wait.
    pub retry_after: Option<Duration>,
    /// Calls that it has left for us, until it counts anew.
    pub remaining: Option<(u64, Duration)>,
}

/// A change of the circuit that a call brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitChange {
    Opened,
    Closed,
}

/// What settling said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    pub circuit: Option<CircuitChange>,
    /// After a refusal: from now until the job's turn.
    pub turn_in: Duration,
}

impl Queue {
    /// Gives back what a granted call held, and learns from what came of it.
    ///
    /// # Errors
    /// [`QueueError`]: what it held is given back when its time is over, and nothing is learnt.
    pub async fn settle_with_governor(
        &self,
        call: &Call<'_>,
        reported: &Reported,
        settings: &GovernorSettings,
    ) -> Result<Settled, QueueError> {
        let number = |value: Option<u64>| value.map_or(-1, |value| i64::try_from(value).unwrap_or(i64::MAX));
        let (left, reset) = reported.remaining.unzip();
        let mut settling = SETTLE.prepare_invoke();
        settling
            .key(queue::governor_key(&self.prefix, call.tenant))
            .key(queue::installation_governor_key(&self.prefix))
            .arg(call.credential)
            .arg(call.lease.to_string())
            .arg(call.job.to_string())
            .arg(call.tenant.to_string())
            .arg(reported.observed.as_str())
            .arg(number(reported.retry_after.map(micros)))
            .arg(number(left))
            .arg(micros(reset.unwrap_or_default()))
            .arg(call.estimate.tokens)
            .arg(reported.tokens)
            .arg(call.estimate.cost_micros)
            .arg(reported.cost_micros)
            .arg(settings.failures_to_open)
            .arg(micros(Duration::from_secs(settings.open_secs)))
            .arg(i32::from(call.comes_back));
        for limits in std::iter::once(&call.limits).chain(&call.installation) {
            settling.arg(limits.token_us()).arg(limits.request_us());
        }
        let (change, turn_in): (String, u64) = settling.invoke_async(&mut self.connection.clone()).await?;
        let circuit = match change.as_str() {
            "opened" => Some(CircuitChange::Opened),
            "closed" => Some(CircuitChange::Closed),
            _ => None,
        };
        Ok(Settled {
            circuit,
            turn_in: Duration::from_micros(turn_in),
        })
    }
}
