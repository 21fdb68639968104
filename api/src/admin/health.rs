use super::AdminState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A dependency that takes longer to answer does not answer.
const LIMIT: Duration = Duration::from_secs(2);

/// The process runs and its loops go round: 503 names those that do not, and the process is to be started again. Says nothing of what it depends
/// on, or a database that is away would have it restarted.
pub(super) async fn live(State(state): State<AdminState>) -> (StatusCode, Json<Health>) {
    let stalled = state.stalled.as_ref().map(|stalled| stalled()).unwrap_or_default();
    let (code, status) = match stalled.is_empty() {
        true => (StatusCode::OK, "live"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "stalled"),
    };
    let checks = stalled
        .into_iter()
        .map(|(name, secs)| (name, format!("has not gone round for {secs} s")))
        .collect();
    (code, Json(Health { status, checks }))
}

#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    checks: BTreeMap<String, String>,
}

/// 503 while Postgres is away or takes no changes, and once the process was told to stop. While Redis is away it is 200 and `degraded`: jobs are accepted and wait in Postgres.
pub(super) async fn ready(State(state): State<AdminState>) -> (StatusCode, Json<Health>) {
    if state.stopping.load(Ordering::Relaxed) {
        let health = Health {
            status: "stopping",
            checks: BTreeMap::new(),
        };
        return (StatusCode::SERVICE_UNAVAILABLE, Json(health));
    }
    let postgres = async {
        match &state.store {
            Some(store) => Some(check(store.ping()).await),
            None => None,
        }
    };
    let redis = async {
        match &state.queue {
            Some(queue) => Some(check(queue.ping()).await),
            None => None,
        }
    };
    let (postgres, redis) = tokio::join!(postgres, redis);
    verdict(postgres, redis)
}

async fn check<E: Display>(call: impl Future<Output = Result<(), E>>) -> Result<(), String> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}

fn verdict(postgres: Option<Result<(), String>>, redis: Option<Result<(), String>>) -> (StatusCode, Json<Health>) {
    let failed = |result: &Option<Result<(), String>>| matches!(result, Some(Err(_)));
    let (code, status) = if failed(&postgres) {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    } else if failed(&redis) {
        (StatusCode::OK, "degraded")
    } else {
        (StatusCode::OK, "ready")
    };
    let said = |result: Result<(), String>| result.err().unwrap_or_else(|| "ok".to_owned());
    let checks = [("postgres", postgres), ("redis", redis)];
    let checks = checks
        .into_iter()
        .filter_map(|(name, result)| Some((name.to_owned(), said(result?))))
        .collect();
    (code, Json(Health { status, checks }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn said(postgres: Result<(), &str>, redis: Result<(), &str>) -> (u16, serde_json::Value) {
        let (code, body) = verdict(
            Some(postgres.map_err(str::to_owned)),
            Some(redis.map_err(str::to_owned)),
        );
        (code.as_u16(), serde_json::to_value(body.0).unwrap())
    }

    #[test]
    fn a_process_without_redis_is_degraded_and_still_ready() {
        let (code, body) = said(Ok(()), Err("refused"));
        assert_eq!(
            (code, &body["status"], &body["checks"]["redis"]),
            (200, &"degraded".into(), &"refused".into())
        );
    }

    #[test]
    fn a_process_without_postgres_is_not_ready_and_says_so() {
        let (code, body) = said(Err("refused"), Ok(()));
        assert_eq!((code, &body["checks"]["postgres"]), (503, &"refused".into()));
    }

    #[tokio::test]
    async fn a_process_whose_loops_hang_is_not_live_and_names_them() {
        let state = AdminState {
            stalled: Some(std::sync::Arc::new(|| vec![("leases".to_owned(), 130)])),
            ..AdminState::default()
        };
        let (code, body) = live(State(state)).await;
        let body = serde_json::to_value(body.0).unwrap();
        assert_eq!(
            (code.as_u16(), &body["status"], &body["checks"]["leases"]),
            (503, &"stalled".into(), &"has not gone round for 130 s".into())
        );
        assert_eq!(live(State(AdminState::default())).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_process_that_was_told_to_stop_is_not_ready() {
        let state = AdminState::default();
        state.stopping.store(true, Ordering::Relaxed);
        let (code, body) = ready(State(state)).await;
        assert_eq!((code.as_u16(), body.0.status), (503, "stopping"));
    }

    #[tokio::test]
    async fn a_process_that_has_neither_is_ready() {
        let (code, _) = ready(State(AdminState::default())).await;
        assert_eq!(code, StatusCode::OK);
    }
}
