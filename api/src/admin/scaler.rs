//! What an autoscaler asks: how much waits in a pool, and how many workers would do.
use super::AdminState;
use super::usable_slots::usable;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use config::WorkerSettings;
use jobs::{Pool, Queue};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use store::limits::{InForce, in_force};
use store::pools::{PoolLoad, kinds, loads};
use store::{StoreError, System};

/// How long Redis may take; without it, all that is queued counts.
const REDIS_PATIENCE: Duration = Duration::from_millis(500);

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    /// How long what waits may take to be worked off.
    #[serde(default = "Target::half_a_minute")]
    target_seconds: f64,
}

impl Target {
    fn half_a_minute() -> f64 {
        30.0
    }
}

/// A pool, for an autoscaler. Numbers that are unknown are null; `desired_workers` is always a number.
#[derive(Debug, Serialize)]
struct PoolScale {
    pool: String,
    depth: i64,
    in_flight: i64,
    oldest_age_seconds: f64,
    backlog_seconds: Option<f64>,
    failure_rate: Option<f64>,
    workers: i64,
    slots: i64,
    desired_workers: i64,
}

/// `GET /scaler/pools/{pool}?target_seconds=30`. 404 for a pool that there is not, and in a process without the system role (`serve`); 400 for a target
/// that is no positive number; 503 while PostgreSQL is away.
pub(super) async fn pool(
    State(state): State<AdminState>,
    Path(name): Path<String>,
    target: Result<Query<Target>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let (Some(system), Some(settings)) = (&state.system, &state.workers) else {
        return refused(
            StatusCode::NOT_FOUND,
            "this process sees no pools: ask one that runs workers",
        );
    };
    let Ok(pool) = name.parse::<Pool>() else {
        return refused(StatusCode::NOT_FOUND, "there is no such pool");
    };
    let target = match target {
        Ok(Query(Target { target_seconds })) if target_seconds.is_finite() && target_seconds > 0.0 => target_seconds,
        _ => return refused(StatusCode::BAD_REQUEST, "target_seconds must be a positive number"),
    };
    match loads(system, &[pool.as_str()])
        .await
        .map(|loads| loads.into_iter().next())
    {
        Ok(Some(load)) => {
            let waiting = waiting(&load, offered(state.queue.as_ref(), pool).await);
            let most = match under_limits(system, pool, load.service_secs.map(|secs| secs / target)).await {
                Ok(most) => most,
                Err(error) => {
                    tracing::warn!(%error, "cannot tell an autoscaler what limits let run");
                    None
                }
            };
            Json(scale(load, waiting, most, slots_each(settings, pool), target)).into_response()
        }
        Ok(None) => refused(StatusCode::NOT_FOUND, "there is no such pool"),
        Err(error) => {
            tracing::warn!(%error, "cannot tell an autoscaler what waits");
            refused(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
    }
}

/// How many jobs Redis has been offered: what is paused was not. `None` while it does not answer.
async fn offered(queue: Option<&Queue>, pool: Pool) -> Option<i64> {
    let depth = tokio::time::timeout(REDIS_PATIENCE, queue?.depth(pool))
        .await
        .ok()?
        .ok()?;
    i64::try_from(depth.queued + depth.popped).ok()
}

/// What waits for a worker: what a tenant or an operator has paused waits for nobody. Redis alone is not believed that nothing does: it may have just been wiped.
fn waiting(load: &PoolLoad, offered: Option<i64>) -> i64 {
    match (load.paused, offered) {
        (true, _) => load.forced,
        (false, Some(offered)) => (load.queued - load.put_aside).min(offered.max(1)),
        (false, None) => load.queued - load.put_aside,
    }
}

/// The most slots that what waits can use beside what runs, where limits say so. `each`: what one waiting job takes of a slot for it to be worked off in time.
async fn under_limits(system: &System, pool: Pool, each: Option<f64>) -> Result<Option<f64>, StoreError> {
    let Some(each) = each else { return Ok(None) };
    let limits: Vec<InForce> = in_force(system).await?.into_iter().filter(is_cap(pool)).collect();
    if limits.is_empty() {
        return Ok(None);
    }
    Ok(Some(usable(&kinds(system, pool.as_str()).await?, &limits, each)))
}

/// Whether a limit says how many run at once; one of a kind counts in whichever pool that is in.
fn is_cap(pool: Pool) -> impl Fn(&InForce) -> bool {
    move |limit| limit.max_running.is_some() && limit.pool.as_deref().is_none_or(|of| of == pool.as_str())
}

fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({"error": error}))).into_response()
}

/// What a worker process runs at once by these settings, for a pool without one.
fn slots_each(settings: &WorkerSettings, pool: Pool) -> usize {
    match pool {
        Pool::Ingest => settings.ingest + settings.ingest_reserved,
        Pool::Retrieval => settings.retrieval + settings.retrieval_reserved,
        Pool::General => settings.general + settings.general_reserved,
        Pool::Delivery => settings.delivery + settings.delivery_reserved,
    }
}

fn scale(load: PoolLoad, waiting: i64, most: Option<f64>, slots_each: usize, target_secs: f64) -> PoolScale {
    let desired_workers = desired(&load, waiting, most, slots_each, target_secs);
    PoolScale {
        pool: load.pool,
        depth: load.queued,
        in_flight: load.running,
        oldest_age_seconds: load.oldest_queued_secs.unwrap_or(0.0),
        backlog_seconds: load.backlog_secs,
        failure_rate: load.failure_rate,
        workers: load.workers,
        slots: load.slots,
        desired_workers,
    }
}

/// Slots for what runs, and as many as work off what waits within the target (Little's law: waiting × time of one ÷ target), in whole workers.
/// While nothing is known of the time of one, what there is stays, and is one at least when something waits. `most`: slots that limits leave to what waits.
fn desired(load: &PoolLoad, waiting: i64, most: Option<f64>, slots_each: usize, target_secs: f64) -> i64 {
    if waiting == 0 && load.running == 0 {
        return 0;
    }
    let Some(service_secs) = load.service_secs else {
        return load.workers.max(1);
    };
    let slots_each = match load.workers {
        0 => slots_each as f64,
        workers => load.slots as f64 / workers as f64,
    };
    let of_waiting = waiting as f64 * service_secs / target_secs;
    let slots = load.running as f64 + most.map_or(of_waiting, |most| of_waiting.min(most));
    // Saturates, as casts of floats do.
    ((slots / slots_each.max(1.0)).ceil() as i64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(queued: i64, running: i64, workers: i64, service_secs: Option<f64>) -> PoolLoad {
        PoolLoad {
            pool: "ingest".to_owned(),
            queued,
            put_aside: 0,
            forced: 0,
            oldest_queued_secs: None,
            running,
            expired: 0,
            workers,
            slots: workers * 4,
            service_secs,
            backlog_secs: None,
            failure_rate: None,
            paused: false,
        }
    }

    #[test]
    fn what_runs_keeps_its_workers_and_what_waits_gets_enough_for_the_target() {
        let desired = |load: PoolLoad| desired(&load, waiting(&load, None), None, 4, 30.0);
        assert_eq!(desired(load(0, 0, 3, Some(1.0))), 0, "idle");
        assert_eq!(desired(load(0, 5, 3, Some(1.0))), 2, "five run, four each");
        assert_eq!(
            desired(load(300, 0, 1, Some(2.0))),
            5,
            "600 s of work in 30 s: 20 slots"
        );
        assert_eq!(desired(load(1, 0, 0, Some(0.001))), 1, "one job needs one");
    }

    #[test]
    fn without_a_measured_time_what_there_is_stays_and_is_one_at_least() {
        assert_eq!(desired(&load(1000, 0, 0, None), 1000, None, 4, 30.0), 1);
        assert_eq!(desired(&load(1000, 0, 3, None), 1000, None, 4, 30.0), 3);
    }

    #[test]
    fn what_is_paused_needs_nobody() {
        let mut load = load(1000, 0, 1, Some(1.0));
        assert_eq!(waiting(&load, None), 1000);
        assert_eq!(waiting(&load, Some(3)), 3, "the others were put aside");
        assert_eq!(waiting(&load, Some(0)), 1, "or Redis was wiped");
        load.put_aside = 990;
        assert_eq!(waiting(&load, None), 10, "a tenant's pause, without Redis");
        load.paused = true;
        assert_eq!(waiting(&load, None), 0);
        load.forced = 1;
        assert_eq!(waiting(&load, Some(0)), 1, "somebody runs one all the same");
    }
}
