use crate::Quantiles;
use crate::clock::{now_ms, per_second};
use crate::subject::{Call, Subject, waits};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long after the last call a job may start and still be counted.
const PATIENCE_MS: f64 = 5000.0;

/// The time between two arrivals, in milliseconds.
#[derive(Clone, Debug)]
pub enum Gap {
    Even(f64),
    Random(Range<f64>),
}

impl Gap {
    fn next(&self) -> f64 {
        match self {
            Self::Even(ms) => *ms,
            Self::Random(range) => rand::random_range(range.clone()),
        }
    }
}

/// What jobs waited that arrived one by one.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// From the call to the start of the handler.
    pub from_call: Quantiles,
    /// From the instant at which the job was safe; for us the commit.
    pub from_safe: Quantiles,
    /// From the return of the call.
    pub from_return: Quantiles,
    /// The call itself, until the job was safe.
    pub until_safe: Quantiles,
    pub per_second: f64,
    pub unstarted: usize,
}

/// Arrivals numbered `numbers` that wait for nothing, for at most `limit_ms`. Workers must be there.
///
/// # Errors
/// The queue's.
pub async fn arrivals<S: Subject>(
    subject: &Arc<S>,
    numbers: Range<u32>,
    gap: Gap,
    limit_ms: f64,
) -> anyhow::Result<Arrivals> {
    let (start, mut pending) = (now_ms(), JoinSet::new());
    let (mut due, mut n) = (start, numbers.start);
    while n < numbers.end && due - start < limit_ms && now_ms() - start < limit_ms + 1000.0 {
        while due - now_ms() > 0.5 {
            tokio::time::sleep(Duration::from_secs_f64((due - now_ms()).max(1.0) / 1e3)).await;
        }
        let (subject, called) = (subject.clone(), now_ms());
        pending.spawn(async move {
            let safe = subject.single(n).await?;
            let returned = now_ms();
            anyhow::Ok(Call {
                n,
                called,
                safe,
                returned,
            })
        });
        n += 1;
        due += gap.next();
        // A call that fell due late must not keep answers from being read.
        if n.is_multiple_of(16) {
            tokio::task::yield_now().await;
        }
    }
    let sent_ms = now_ms() - start;
    let mut calls = Vec::with_capacity(pending.len());
    while let Some(ended) = pending.join_next().await {
        calls.push(ended??);
    }
    let deadline = now_ms() + PATIENCE_MS;
    while subject.left().await? > 0 && now_ms() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let starts = subject.starts().await?;
    Ok(Arrivals {
        from_call: waits(&calls, &starts, |call| call.called),
        from_safe: waits(&calls, &starts, |call| call.safe),
        from_return: waits(&calls, &starts, |call| call.returned),
        until_safe: Quantiles::of(calls.iter().map(|call| call.safe - call.called).collect()),
        per_second: per_second(calls.len(), sent_ms),
        unstarted: calls.iter().filter(|call| !starts.contains_key(&call.n)).count(),
    })
}
