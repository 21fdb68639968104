use super::failures::Failures;
use super::known_keys::KnownKeys;
use super::quota::whole_seconds;
use super::{Quota, RouteClass};
use crate::extract::Caller;
use crate::{Problem, ProblemCode};
use config::RateLimitSettings;
use jobs::{Limited, Queue, QueueError, Rate, Taken};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long Redis is not asked after it failed to answer: a request in between does not wait for it.
const LEAVE_ALONE: Duration = Duration::from_secs(1);

/// Counts requests in Redis, in one round trip each, for all API processes together.
pub(crate) struct Limiter {
    queue: Queue,
    settings: RateLimitSettings,
    known: KnownKeys,
    failures: Failures,
    /// Since Redis failed, until when it is left alone.
    away_until: Mutex<Option<Instant>>,
}

impl Limiter {
    pub(crate) fn new(queue: Queue, settings: RateLimitSettings) -> Self {
        Self {
            queue,
            settings,
            known: KnownKeys::new(),
            failures: Failures::new(),
            away_until: Mutex::new(None),
        }
    }

    /// Counts a request of a key. `None`: it was not counted, and is let through.
    ///
    /// # Errors
    /// The quota and [`ProblemCode::RateLimited`] when it is one too many; [`ProblemCode::Unavailable`] when it cannot be counted and its class is
    /// closed then.
    pub(crate) async fn admit(
        &self,
        caller: &Caller,
        class: RouteClass,
    ) -> Result<Option<Quota>, (Option<Quota>, Problem)> {
        let Some(tier) = self.settings.tier(caller.rate_tier()) else {
            return Ok(None);
        };
        if !self.settings.enabled {
            return Ok(None);
        }
        let (name, rate) = (class.as_str(), class.rate(tier));
        let of = Limited::Key {
            tenant: caller.tenant(),
            key: caller.key(),
            class: name,
        };
        let Some(taken) = self.take(&of, rate).await else {
            if self.settings.closed_without_redis.iter().any(|closed| closed == name) {
                decided(name, "closed");
                let detail = "Requests cannot be counted right now, and this kind is not let through uncounted. Try again in a moment.";
                return Err((None, Problem::unavailable(detail)));
            }
            decided(name, "open");
            return Ok(None);
        };
        let quota = Quota::new(name, rate, taken);
        if taken.allowed {
            decided(name, "allowed");
            return Ok(Some(quota));
        }
        decided(name, "limited");
        let detail = format!(
            "This key has made too many requests of the class `{name}`: {} a second, and up to {} at once. Wait, then try again.",
            rate.per_second, rate.burst
        );
        Err((Some(quota), limited(detail, taken.retry_after)))
    }

    /// Whether the key is to be looked up at all: an address that has sent too many that do not work is heard only with one that has worked.
    ///
    /// # Errors
    /// [`ProblemCode::RateLimited`].
    pub(crate) fn refuse_before_look_up(&self, address: &str, key_hash: &[u8; 32]) -> Result<(), Problem> {
        match self.failures.blocked_for(address) {
            Some(pause) if !self.known.contains(key_hash) => Err(too_many_failures(pause)),
            _ => Ok(()),
        }
    }

    /// Notes a key that works, from where it was used.
    pub(crate) fn worked(&self, key_hash: [u8; 32]) {
        self.known.note(key_hash);
    }

    /// Counts a request without a working key, or with one that is not for pages of its origin; returns what to answer. While Redis is away each process counts
    /// for itself.
    pub(crate) async fn failed(&self, address: &str, problem: Problem) -> Problem {
        let counts = matches!(
            problem.code(),
            ProblemCode::Unauthenticated | ProblemCode::OriginNotAllowed
        );
        if !self.settings.enabled || !counts {
            return problem;
        }
        let burst = self.settings.auth_failures_burst;
        let per_second = f64::from(self.settings.auth_failures_per_minute) / 60.0;
        let rate = Rate { per_second, burst };
        let pause = match self.take(&Limited::Address(address), rate).await {
            Some(taken) => (!taken.allowed).then_some(taken.retry_after),
            None => self
                .failures
                .count(address, Duration::from_secs_f64(1.0 / per_second), burst),
        };
        let Some(pause) = pause else {
            decided("auth_failures", "allowed");
            return problem;
        };
        self.failures.block(address, pause);
        too_many_failures(pause)
    }

    /// `None`: Redis cannot be asked.
    async fn take(&self, of: &Limited<'_>, rate: Rate) -> Option<Taken> {
        if self.leaves_redis_alone() {
            return None;
        }
        let patience = Duration::from_millis(self.settings.timeout_ms);
        match self.queue.take_request(of, rate, patience).await {
            Ok(taken) => {
                self.redis_answered();
                Some(taken)
            }
            Err(error) => {
                self.redis_failed(&error);
                None
            }
        }
    }

    fn leaves_redis_alone(&self) -> bool {
        let away = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        away.is_some_and(|until| Instant::now() < until)
    }

    fn redis_answered(&self) {
        let mut away = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if away.take().is_some() {
            tracing::info!("requests are counted again");
        }
    }

    /// Says so once, not with every request.
    fn redis_failed(&self, error: &QueueError) {
        let mut away = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if away.replace(Instant::now() + LEAVE_ALONE).is_none() {
            tracing::warn!(%error, "requests cannot be counted; they are let through, but for classes that are closed then");
        }
    }
}

fn decided(class: &'static str, decision: &'static str) {
    metrics::counter!("rate_limit_decisions_total", "class" => class, "decision" => decision).increment(1);
}

fn too_many_failures(pause: Duration) -> Problem {
    decided("auth_failures", "limited");
    limited(
        "Too many requests came from this address without a working key, or with one that is not for pages of their origin. Check the key and the origin, wait, then try again.",
        pause,
    )
}

fn limited(detail: impl Into<String>, pause: Duration) -> Problem {
    let secs = u32::try_from(whole_seconds(pause).max(1)).unwrap_or(u32::MAX);
    Problem::new(ProblemCode::RateLimited, detail).retry_after(secs)
}
