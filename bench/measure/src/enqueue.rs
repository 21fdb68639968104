use crate::Subject;
use crate::clock::{now_ms, per_second};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::task::JoinSet;

/// Jobs in one call of [`Subject::batch`].
const BATCH: u32 = 100;

/// As many calls at a time as a busy service has.
const CALLERS: usize = 32;

/// One call after the other: how many were made, and how many a second.
pub(crate) async fn enqueue_singles<S: Subject>(
    subject: &S,
    count: u32,
    limit_ms: f64,
) -> anyhow::Result<(usize, f64)> {
    let (start, mut n) = (now_ms(), 0);
    while n < count && now_ms() - start < limit_ms {
        subject.single(n).await?;
        n += 1;
    }
    Ok((n as usize, per_second(n as usize, now_ms() - start)))
}

/// 32 callers, each one call after the other; jobs a second.
pub(crate) async fn enqueue_concurrently<S: Subject>(
    subject: &Arc<S>,
    count: u32,
    limit_ms: f64,
) -> anyhow::Result<f64> {
    let (start, next) = (now_ms(), Arc::new(AtomicU32::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (subject, next) = (subject.clone(), next.clone());
        callers.spawn(async move {
            let mut calls = 0;
            while now_ms() - start < limit_ms {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    break;
                }
                subject.single(n).await?;
                calls += 1;
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(ended) = callers.join_next().await {
        calls += ended??;
    }
    Ok(per_second(calls, now_ms() - start))
}

/// 100 jobs a call, one call after the other: how many jobs there are, and how many a second.
///
/// # Errors
/// The queue's.
pub async fn enqueue_batches<S: Subject>(subject: &S, count: u32, limit_ms: f64) -> anyhow::Result<(usize, f64)> {
    let (start, mut n) = (now_ms(), 0);
    while n < count && now_ms() - start < limit_ms {
        let end = (n + BATCH).min(count);
        subject.batch(n..end).await?;
        n = end;
    }
    Ok((n as usize, per_second(n as usize, now_ms() - start)))
}
