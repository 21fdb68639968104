use crate::Quantiles;
use crate::clock::{now_ms, per_second};
use crate::subject::{Call, Subject, waits};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How long after the last arrival a call may return and be counted, and how long after that a job may start.
const PATIENCE_MS: f64 = 5000.0;

/// Calls at a time. Arrivals beyond stand in line, from when they are due: a queue that takes them more slowly than they arrive is not to run out of
/// connections, and so into time-outs that say nothing of it.
const CALLS: usize = 64;

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
    /// Arrivals a second.
    pub per_second: f64,
    /// Arrivals whose call had not returned after all, or failed: they came faster than the queue takes them.
    pub unsubmitted: usize,
    /// Jobs that were safe and had not started after all.
    pub unstarted: usize,
}

/// Arrivals numbered `numbers` that wait for nothing, for at most `limit_ms`. Workers must be there.
///
/// # Errors
/// The queue's, when it took none.
pub async fn arrivals<S: Subject>(
    subject: &Arc<S>,
    numbers: Range<u32>,
    gap: Gap,
    limit_ms: f64,
) -> anyhow::Result<Arrivals> {
    let (start, mut pending) = (now_ms(), JoinSet::new());
    let line = Arc::new(Semaphore::new(CALLS));
    let (mut due, mut n) = (start, numbers.start);
    while n < numbers.end && due - start < limit_ms && now_ms() - start < limit_ms + 1000.0 {
        while due - now_ms() > 0.5 {
            tokio::time::sleep(Duration::from_secs_f64((due - now_ms()).max(1.0) / 1e3)).await;
        }
        let (subject, line, called) = (subject.clone(), line.clone(), now_ms());
        pending.spawn(async move {
            let _turn = line.acquire().await?;
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
    let arrived = pending.len();
    let calls = returned(pending, Duration::from_secs_f64(PATIENCE_MS / 1e3)).await?;
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
        per_second: per_second(arrived, sent_ms),
        unsubmitted: arrived - calls.len(),
        unstarted: calls.iter().filter(|call| !starts.contains_key(&call.n)).count(),
    })
}

/// The calls that return in time; the others are given up.
async fn returned(mut pending: JoinSet<anyhow::Result<Call>>, patience: Duration) -> anyhow::Result<Vec<Call>> {
    let (mut calls, mut refusal) = (Vec::with_capacity(pending.len()), None);
    let patience = tokio::time::sleep(patience);
    tokio::pin!(patience);
    loop {
        let ended = tokio::select! {
            ended = pending.join_next() => ended,
            () = &mut patience => None,
        };
        match ended {
            Some(Ok(Ok(call))) => calls.push(call),
            Some(Ok(Err(error))) => refusal = Some(error),
            Some(Err(error)) => refusal = Some(error.into()),
            None => break,
        }
    }
    match refusal {
        Some(error) if calls.is_empty() => Err(error),
        _ => Ok(calls),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::process::Command;

    /// Takes so long for each call, refuses every third, and starts a job once it is safe.
    #[derive(Default)]
    struct Slow {
        call: Duration,
        refuses: bool,
        calls: AtomicUsize,
        most: AtomicUsize,
        starts: Mutex<HashMap<u32, f64>>,
    }

    impl Subject for Slow {
        async fn single(&self, n: u32) -> anyhow::Result<f64> {
            let calls = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(calls, Ordering::SeqCst);
            tokio::time::sleep(self.call).await;
            self.calls.fetch_sub(1, Ordering::SeqCst);
            anyhow::ensure!(!self.refuses || !n.is_multiple_of(3), "no connection");
            self.starts.lock().unwrap().insert(n, now_ms());
            Ok(now_ms())
        }

        async fn batch(&self, _: Range<u32>) -> anyhow::Result<()> {
            Ok(())
        }

        async fn left(&self) -> anyhow::Result<u64> {
            Ok(0)
        }

        async fn purge(&self) -> anyhow::Result<()> {
            Ok(())
        }

        fn worker(&self, _: usize) -> Command {
            Command::new("true")
        }

        async fn starts(&self) -> anyhow::Result<HashMap<u32, f64>> {
            Ok(self.starts.lock().unwrap().clone())
        }
    }

    #[tokio::test]
    async fn arrivals_that_come_too_fast_stand_in_line_and_their_wait_counts() {
        let queue = Arc::new(Slow {
            call: Duration::from_millis(100),
            ..Slow::default()
        });
        let came = arrivals(&queue, 0..256, Gap::Even(0.1), 1000.0).await.unwrap();
        assert_eq!(queue.most.load(Ordering::SeqCst), CALLS);
        assert_eq!((came.unsubmitted, came.unstarted), (0, 0));
        // Four lines of 64, each a call long.
        assert!(came.from_call.max.unwrap() > 300.0, "{came:?}");
        assert!(came.per_second > 1000.0, "{came:?}");
    }

    #[tokio::test]
    async fn calls_that_fail_are_counted_and_end_nothing() {
        let queue = Arc::new(Slow {
            refuses: true,
            ..Slow::default()
        });
        let came = arrivals(&queue, 0..30, Gap::Even(0.1), 1000.0).await.unwrap();
        assert_eq!((came.unsubmitted, came.from_call.n), (10, 20));
        assert!(arrivals(&queue, 0..1, Gap::Even(0.1), 1000.0).await.is_err());
    }

    #[tokio::test]
    async fn calls_that_do_not_return_are_given_up() {
        let mut pending = JoinSet::new();
        pending.spawn(std::future::pending());
        pending.spawn(async {
            Ok(Call {
                n: 0,
                called: 0.0,
                safe: 1.0,
                returned: 1.0,
            })
        });
        let calls = returned(pending, Duration::from_millis(50)).await.unwrap();
        assert_eq!(calls.len(), 1);
    }
}
