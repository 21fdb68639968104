use super::AdminState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

/// A dependency that takes longer to answer does not answer.
const LIMIT: Duration = Duration::from_secs(2);

/// The process runs; says nothing of what it depends on, or a database that is away would have it restarted.
pub(super) async fn live() -> Json<Health> {
    Json(Health {
        status: "live",
        checks: BTreeMap::new(),
    })
}

#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    checks: BTreeMap<&'static str, String>,
}

/// 503 while Postgres is away. While Redis is away it is 200 and `degraded`: jobs are accepted and wait in Postgres.
pub(super) async fn ready(State(state): State<AdminState>) -> (StatusCode, Json<Health>) {
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
        .filter_map(|(name, result)| Some((name, said(result?))))
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
    async fn a_process_that_has_neither_is_ready() {
        let (code, _) = ready(State(AdminState::default())).await;
        assert_eq!(code, StatusCode::OK);
    }
}
