//! Connections that end in the middle of anything, and networks that swallow what is sent.
mod lease_end;
mod postgres_cut;
mod postgres_silent;
mod redis_cut;
mod redis_silent;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::jobs::{ClaimedJob, Finish, Outcome, finish_in};
use store::knowledge_bases::{self, NewKnowledgeBase};
use store::{KnowledgeBaseId, StoreError};
use tests::{Proxy, TestApp, TestOptions};

/// Leases of a second, and time-outs that fit them.
fn options(more: &[(&'static str, &str)]) -> TestOptions {
    let fixed = [
        ("dispatch.lease_secs", "1"),
        ("dispatch.redispatch_after_secs", "1"),
        ("database.statement_timeout_secs", "1"),
        ("database.silence_timeout_secs", "1"),
        ("redis.response_timeout_ms", "300"),
    ];
    TestOptions {
        settings: fixed
            .iter()
            .chain(more)
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect(),
        ..TestOptions::default()
    }
}

fn behind_redis_proxy(more: &[(&'static str, &str)]) -> TestOptions {
    TestOptions {
        redis_proxy: true,
        ..options(more)
    }
}

pub(super) fn behind_postgres_proxy(more: &[(&'static str, &str)]) -> TestOptions {
    TestOptions {
        postgres_proxy: true,
        ..options(more)
    }
}

/// Cuts all connections `times` times, 50 to 400 ms apart: soon enough to meet new connections, late enough for some to do their work.
async fn cut(proxy: &Proxy, times: usize) {
    for nth in 0..times {
        let gap = 50 * (1 + nth as u64 * 5 % 8);
        tokio::time::sleep(Duration::from_millis(gap)).await;
        proxy.cut();
    }
}

/// Posts until it is accepted, as a client that sends the same Idempotency-Key again.
async fn post_until_accepted(app: &TestApp, path: &str, body: &Value) {
    let (key, start) = (uuid::Uuid::new_v4().to_string(), Instant::now());
    loop {
        let request = app.client.request(reqwest::Method::POST, path).json(body);
        let answered = app.client.send(request.header("idempotency-key", &key)).await;
        // 200 when it has ended already.
        if answered.status.is_success() {
            return;
        }
        assert!(
            answered.status.is_server_error(),
            "{} {}",
            answered.status,
            answered.text
        );
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "still refused: {}",
            answered.text
        );
    }
}

async fn submit_noop(app: &TestApp) {
    let answered = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(answered.status, 202, "{}", answered.text);
}

/// A handler's last transaction: a write of its own, and the end of the job; `before_commit` is called when only COMMIT is left.
async fn write_and_finish(app: &TestApp, of: &ClaimedJob, before_commit: impl Fn() + Send) -> Result<(), StoreError> {
    let finish = Finish {
        id: of.id,
        lease_token: of.lease_token,
        interactive: of.interactive,
        batch: of.parent_id,
        steps: None,
        outcome: Outcome::Succeeded { result: json!({}) },
    };
    let name = uuid::Uuid::new_v4().to_string();
    app.context
        .store
        .tenant(app.tenant, async move |tx| {
            let base = NewKnowledgeBase {
                id: KnowledgeBaseId::generate(),
                name: &name,
                language: "en",
                embedding_model: "m",
                vector_store: store::VectorStore::Embedded,
            };
            knowledge_bases::create(tx, &base).await?;
            finish_in(tx, finish).await?;
            before_commit();
            Ok(())
        })
        .await
}
