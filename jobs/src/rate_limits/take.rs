use crate::queue::Queue;
use crate::{QueueError, queue};
use redis::Script;
use std::sync::LazyLock;
use std::time::Duration;
use store::{ApiKeyId, TenantId};

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));

/// A steady rate, and how much may come at once after a pause. In any time t at most `burst + t · rate` requests are let through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: u32,
}

/// Whom a limit is on.
#[derive(Clone, Debug)]
pub enum Limited<'a> {
    /// A key of a tenant, in one class of routes.
    Key {
        tenant: TenantId,
        key: ApiKeyId,
        class: &'a str,
    },
    /// Where requests come from whose key does not work, or not from there.
    Address(&'a str),
}

/// What a limit said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub allowed: bool,
    /// How many more may come right now.
    pub remaining: u32,
    /// Until the whole burst may come again.
    pub whole_in: Duration,
    /// Until one more is allowed; zero when this one was.
    pub retry_after: Duration,
}

impl Queue {
    /// Counts one request, by Redis' clock, for every process that asks.
    ///
    /// # Errors
    /// [`QueueError`] also when Redis takes longer than `patience`.
    pub async fn take_request(&self, of: &Limited<'_>, rate: Rate, patience: Duration) -> Result<Taken, QueueError> {
        let mut call = TAKE.key(queue::rate_limit_key(&self.prefix, of));
        call.arg(microseconds_each(rate)).arg(rate.burst);
        let generation = self.connection.generation();
        let mut connection = self.connection.clone();
        let Ok(answer) = tokio::time::timeout(patience, call.invoke_async(&mut connection)).await else {
            self.connection.replace(generation);
            return Err(QueueError::Unexpected("no answer in time".to_owned()));
        };
        let (allowed, remaining, whole, retry): (u8, u32, u64, u64) = answer?;
        Ok(Taken {
            allowed: allowed == 1,
            remaining,
            whole_in: Duration::from_micros(whole),
            retry_after: Duration::from_micros(retry),
        })
    }
}

/// Rounded up, so that no rounding lets more through.
fn microseconds_each(rate: Rate) -> u64 {
    let each = Duration::from_secs_f64(1.0 / rate.per_second.max(1e-6));
    u64::try_from(each.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_never_rounded_up() {
        let each = |per_second| microseconds_each(Rate { per_second, burst: 1 });
        assert_eq!((each(1.0), each(3.0), each(0.5)), (1_000_000, 333_334, 2_000_000));
    }
}
