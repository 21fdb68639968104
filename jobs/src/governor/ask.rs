use super::{BudgetLimit, BudgetLimits, Estimate};
use crate::{Queue, QueueError, queue};
use redis::Script;
use std::sync::LazyLock;
use std::time::Duration;
use store::{JobId, TenantId};
use uuid::Uuid;

static ASK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("ask.lua")));

/// One call of a job to the outside.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub tenant: TenantId,
    pub credential: &'a str,
    pub job: JobId,
    /// Names the call; a fresh one each.
    pub lease: Uuid,
    /// How long it may take. What it holds is free after that, whatever became of its worker.
    pub lasts: Duration,
    pub estimate: Estimate,
    pub limits: BudgetLimits,
    /// Whether the job asks again when it has to wait. One that somebody waits for does not: it stands in no line, and takes what is free.
    pub comes_back: bool,
}

/// What the governor said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Make the call now, then settle it.
    Granted,
    /// It does not know what was spent today: ask again and say so.
    Cold,
    Wait(Wait),
}

/// That a call must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub limit: BudgetLimit,
    /// From now until the limit allows another call.
    pub limited_for: Duration,
    /// From now until the job's own turn, which is when it should ask again.
    pub turn_in: Duration,
}

impl Queue {
    /// Asks whether the call may be made now. `spent_micros`: what the credential has cost today, once that was looked up.
    ///
    /// # Errors
    /// [`QueueError`]: then nobody knows, and the call must not be made.
    pub async fn ask_governor(&self, call: &Call<'_>, spent_micros: Option<u64>) -> Result<Asked, QueueError> {
        self.ask(call, spent_micros, false).await
    }

    /// Asks whether the call might be made now, and takes nothing: for whoever has work to do first. A job that would have to wait gets its place in line all the same.
    ///
    /// # Errors
    /// As of [`ask_governor`](Self::ask_governor).
    pub async fn look_at_governor(&self, call: &Call<'_>, spent_micros: Option<u64>) -> Result<Asked, QueueError> {
        self.ask(call, spent_micros, true).await
    }

    async fn ask(&self, call: &Call<'_>, spent_micros: Option<u64>, looks: bool) -> Result<Asked, QueueError> {
        let limits = &call.limits;
        let spent = spent_micros.map_or(-1, |spent| i64::try_from(spent).unwrap_or(i64::MAX));
        let answer: Vec<redis::Value> = ASK
            .key(queue::governor_key(&self.prefix, call.tenant))
            .arg(call.credential)
            .arg(call.lease.to_string())
            .arg(call.job.to_string())
            .arg(limits.request_us())
            .arg(limits.burst)
            .arg(limits.token_us())
            .arg(limits.tokens_per_minute)
            .arg(call.estimate.tokens)
            .arg(limits.concurrency)
            .arg(limits.cost_micros_per_day)
            .arg(call.estimate.cost_micros)
            .arg(spent)
            .arg(micros(call.lasts))
            .arg(i32::from(call.comes_back))
            .arg(i32::from(looks))
            .invoke_async(&mut self.connection.clone())
            .await?;
        read(answer)
    }
}

fn read(answer: Vec<redis::Value>) -> Result<Asked, QueueError> {
    let mut parts = answer.into_iter();
    let mut next = || parts.next().unwrap_or(redis::Value::Nil);
    let word: String = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
    match word.as_str() {
        "granted" => Ok(Asked::Granted),
        "cold" => Ok(Asked::Cold),
        _ => {
            let limit: String = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
            let limited_for: u64 = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
            let turn_in: u64 = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
            Ok(Asked::Wait(Wait {
                limit: BudgetLimit::of(&limit),
                limited_for: Duration::from_micros(limited_for),
                turn_in: Duration::from_micros(turn_in),
            }))
        }
    }
}

pub(super) fn micros(of: Duration) -> u64 {
    u64::try_from(of.as_micros()).unwrap_or(u64::MAX)
}
