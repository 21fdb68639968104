use super::{BudgetLimit, BudgetLimits, Estimate};
use crate::{Queue, QueueError, queue};
use redis::{Script, ScriptInvocation};
use std::sync::LazyLock;
use std::time::Duration;
use store::{JobId, TenantId};
use uuid::Uuid;

static ASK: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("budget.lua"), include_str!("ask.lua"))));

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
    /// What all tenants' calls together may take, where the credential is the installation's: then the call is on both budgets, or on none.
    pub installation: Option<BudgetLimits>,
    /// Whether the job asks again when it has to wait. One that somebody waits for does not: it stands in no line, and takes what is free.
    pub comes_back: bool,
}

/// What the governor said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Make the call now, then settle it.
    Granted,
    /// It does not know what was spent on the day that it is by Redis' clock (UTC, so many days after 1970-01-01): ask again and say so, of the installation too where it
    /// is asked. Another clock may be at another day.
    Cold {
        day: i32,
    },
    Wait(Wait),
}

/// That a call must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub limit: BudgetLimit,
    /// Whether the limit is the installation's, which all tenants share.
    pub of_installation: bool,
    /// From now until the limit allows another call.
    pub limited_for: Duration,
    /// From now until the job's own turn, which is when it should ask again.
    pub turn_in: Duration,
}

/// What a credential has cost on a day, millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpentToday {
    /// The day that it is of, as in [`Asked::Cold`].
    pub day: i32,
    pub of_tenant: u64,
    /// Of all tenants together.
    pub of_installation: u64,
}

impl Queue {
    /// Asks whether the call may be made now. `spent`: what the credential has cost on the day of [`Asked::Cold`], once that was looked up; of another day than it is, it counts for nothing.
    ///
    /// # Errors
    /// [`QueueError`]: then nobody knows, and the call must not be made.
    pub async fn ask_governor(&self, call: &Call<'_>, spent: Option<SpentToday>) -> Result<Asked, QueueError> {
        self.ask(call, spent, false).await
    }

    /// Asks whether the call might be made now, and takes nothing: for whoever has work to do first. A job that would have to wait gets its place in line all the same.
    ///
    /// # Errors
    /// As of [`ask_governor`](Self::ask_governor).
    pub async fn look_at_governor(&self, call: &Call<'_>, spent: Option<SpentToday>) -> Result<Asked, QueueError> {
        self.ask(call, spent, true).await
    }

    async fn ask(&self, call: &Call<'_>, spent: Option<SpentToday>, looks: bool) -> Result<Asked, QueueError> {
        let mut asking = ASK.prepare_invoke();
        asking
            .key(queue::governor_key(&self.prefix, call.tenant))
            .key(queue::installation_governor_key(&self.prefix))
            .arg(call.credential)
            .arg(call.lease.to_string())
            .arg(call.job.to_string())
            .arg(call.tenant.to_string())
            .arg(call.estimate.tokens)
            .arg(call.estimate.cost_micros)
            .arg(micros(call.lasts))
            .arg(i32::from(call.comes_back))
            .arg(i32::from(looks))
            .arg(spent.map_or(-1, |spent| spent.day));
        let spent = spent.unwrap_or_default();
        allow(&mut asking, &call.limits, spent.of_tenant);
        if let Some(limits) = &call.installation {
            allow(&mut asking, limits, spent.of_installation);
        }
        let answer: Vec<redis::Value> = asking.invoke_async(&mut self.connection.clone()).await?;
        read(answer)
    }
}

/// What a budget allows, and what of it is spent.
fn allow(asking: &mut ScriptInvocation<'_>, limits: &BudgetLimits, spent_micros: u64) {
    let spent = i64::try_from(spent_micros).unwrap_or(i64::MAX);
    asking
        .arg(limits.request_us())
        .arg(limits.burst)
        .arg(limits.token_us())
        .arg(limits.tokens_per_minute)
        .arg(limits.concurrency)
        .arg(limits.cost_micros_per_day)
        .arg(spent);
}

fn read(answer: Vec<redis::Value>) -> Result<Asked, QueueError> {
    let mut parts = answer.into_iter();
    let mut next = || parts.next().unwrap_or(redis::Value::Nil);
    let word: String = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
    match word.as_str() {
        "granted" => Ok(Asked::Granted),
        "cold" => Ok(Asked::Cold {
            day: redis::from_redis_value(next()).map_err(redis::RedisError::from)?,
        }),
        _ => {
            let limit: String = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
            let limited_for: u64 = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
            let turn_in: u64 = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
            let whose: String = redis::from_redis_value(next()).map_err(redis::RedisError::from)?;
            Ok(Asked::Wait(Wait {
                limit: BudgetLimit::of(&limit),
                of_installation: whose == "installation",
                limited_for: Duration::from_micros(limited_for),
                turn_in: Duration::from_micros(turn_in),
            }))
        }
    }
}

pub(super) fn micros(of: Duration) -> u64 {
    u64::try_from(of.as_micros()).unwrap_or(u64::MAX)
}
