//! Changing the master key while the system runs, and workers that have another one or none.
use super::{Hook, hook};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{MASTER_KEY, Process, Receiver, TestApp, TestOptions, eventually};

const NEW: &str = "a-new-master-key-because-only-tests-use-it";

/// An API that seals under [`MASTER_KEY`]; no workers.
async fn api() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

/// Runs a command with these master keys; its exit code, and what it printed as JSON.
fn rotate(app: &TestApp, arguments: &[&str], keys: &[(&str, &str)]) -> (Option<i32>, Value) {
    let own = app.environment();
    let mut environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.extend(keys);
    let arguments = [&["secrets", "rotate", "--json"], arguments].concat();
    let (code, out, complained) = Process::outcome(&arguments, &environment);
    let report = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{complained}"));
    (code, report)
}

/// A worker process of the pool `delivery` with these master keys.
fn worker(app: &TestApp, keys: &[(&str, &str)]) -> Process {
    let own = app.environment();
    let mut environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.extend([
        ("VISUALKIT__OUTGOING__ALLOW_LOOPBACK", "true"),
        ("VISUALKIT__SERVER__ADMIN_LISTEN", "127.0.0.1:0"),
    ]);
    environment.extend(keys);
    let log = app.data.path().join("worker.log");
    Process::start(&["worker", "--pools", "delivery"], &environment, &log)
}

/// Sends a test event to the webhook; the id of its job.
async fn send(app: &TestApp, hook: &Hook) -> String {
    let sent = app.client.post(&hook.path("/test"), json!({})).await;
    sent.body["job_id"].as_str().unwrap().to_owned()
}

fn counts(report: &Value) -> (u64, u64, usize) {
    (
        report["present"].as_u64().unwrap(),
        report["rewrapped"].as_u64().unwrap(),
        report["unopened"].as_array().unwrap().len(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_secret_is_brought_under_a_new_master_key_and_signs_as_before() {
    let (app, receiver) = (api().await, Receiver::start(&[]).await);
    let before = hook(&app.client, &receiver, &["job.dead"]).await;
    let between = app.client.post(&before.path("/rotate-secret"), json!({})).await;
    let rotated = app.client.post(&before.path("/rotate-secret"), json!({})).await;
    assert_eq!(rotated.status.as_u16(), 200, "{}", rotated.text);
    let changing = [
        ("VISUALKIT_MASTER_KEY", NEW),
        ("VISUALKIT_ACCEPTED_MASTER_KEYS", MASTER_KEY),
    ];
    let only_new = &changing[..1];

    let (code, report) = rotate(&app, &[], only_new);
    assert_eq!(
        (code, counts(&report)),
        (Some(3), (0, 0, 1)),
        "no key opens it: {report}"
    );
    assert_eq!(report["unopened"][0]["webhook_id"], before.id.as_str());
    for _ in 0..2 {
        let (code, report) = rotate(&app, &["--dry-run"], &changing);
        assert_eq!(
            (code, counts(&report)),
            (Some(0), (0, 1, 0)),
            "a dry run does nothing: {report}"
        );
    }
    let (code, report) = rotate(&app, &[], &changing);
    assert_eq!((code, counts(&report)), (Some(0), (0, 1, 0)), "{report}");
    // A process that still has the old key seals under it meanwhile: what was done stays, and the rest is done by another run.
    let meanwhile = hook(&app.client_b, &receiver, &["job.dead"]).await;
    let (_, report) = rotate(&app, &[], &changing);
    assert_eq!(counts(&report), (1, 1, 0), "{report}");
    let (_, report) = rotate(&app, &[], only_new);
    assert_eq!(
        counts(&report),
        (2, 0, 0),
        "the old key is not needed any more: {report}"
    );

    let _worker = worker(&app, only_new);
    let job = send(&app, &before).await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    let sent = app.client_b.post(&meanwhile.path("/test"), json!({})).await;
    app.client_b.ended(sent.body["job_id"].as_str().unwrap()).await;
    let received = receiver.received();
    assert!(received[0].is_signed_by(rotated.body["secret"].as_str().unwrap()));
    assert!(
        received[0].is_signed_by(between.body["secret"].as_str().unwrap()),
        "so does the one before"
    );
    assert!(received[0].is_signed_by(&before.secret), "and the one before that");
    assert!(received[1].is_signed_by(&meanwhile.secret));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_the_master_key_or_with_another_spends_no_attempt_and_says_so() {
    let (app, receiver) = (api().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["job.dead"]).await;
    let job = send(&app, &hook).await;
    for (keys, said) in [
        (&[][..], "VISUALKIT_MASTER_KEY is not set"),
        (&[("VISUALKIT_MASTER_KEY", NEW)][..], "sealed under master key"),
    ] {
        let mut worker = worker(&app, keys);
        let path = format!("/v1/jobs/{job}/why");
        let why = async || app.client.get(&path).await.body["blocked_by"][0].clone();
        eventually("the job waits for the setting", Duration::from_secs(30), async || {
            let why = why().await;
            why["reason"] == "not_configured" && why["detail"].as_str().is_some_and(|detail| detail.contains(said))
        })
        .await;
        assert_eq!(why().await["class"], "stuck");
        worker.kill();
        let shown = app.client.get(&format!("/v1/jobs/{job}")).await.body;
        assert_eq!(
            (&shown["state"], &shown["attempt"], &shown["attempts"]),
            (&json!("scheduled"), &json!(0), &json!([])),
            "{shown}"
        );
        app.execute("UPDATE jobs SET run_at = now()").await;
    }
    assert_eq!(receiver.received().len(), 0);
    let _worker = worker(&app, &[("VISUALKIT_MASTER_KEY", MASTER_KEY)]);
    assert_eq!(app.client.ended(&job).await["attempt"], 1);
    assert!(receiver.received()[0].is_signed_by(&hook.secret));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_no_key_opens_is_replaced_by_a_rotation_at_once() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["job.dead"]).await;
    let owner = async |sql: &str| app.database.owner().await.batch_execute(sql).await.unwrap();
    owner("UPDATE webhook_endpoints SET secret = set_byte(secret, length(secret) - 1, get_byte(secret, length(secret) - 1) # 1)").await;
    let rotated = app.client.post(&hook.path("/rotate-secret"), json!({})).await;
    assert_eq!(rotated.status.as_u16(), 200, "{}", rotated.text);
    assert_eq!(
        rotated.body["previous_secret_until"],
        Value::Null,
        "nothing can be signed with it"
    );
    let job = send(&app, &hook).await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    assert!(receiver.received()[0].is_signed_by(rotated.body["secret"].as_str().unwrap()));

    // One that signs no more holds no change of the master key up.
    owner("UPDATE webhook_endpoints SET previous_secret = 'broken', previous_secret_until = now()").await;
    let keys = [
        ("VISUALKIT_MASTER_KEY", NEW),
        ("VISUALKIT_ACCEPTED_MASTER_KEYS", MASTER_KEY),
    ];
    let (code, report) = rotate(&app, &[], &keys);
    assert_eq!((code, counts(&report)), (Some(0), (0, 1, 0)), "{report}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_certificates_says_so_and_blames_no_webhook() {
    let app = api().await;
    let made = app
        .client
        .post(
            "/v1/webhooks",
            json!({"url": "https://127.0.0.1:9999/", "events": ["job.dead"]}),
        )
        .await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let path = format!("/v1/webhooks/{}", made.body["id"].as_str().unwrap());
    let sent = app.client.post(&format!("{path}/test"), json!({})).await;
    let job = sent.body["job_id"].as_str().unwrap();
    let own = app.environment();
    let without_tls = |name: &str| {
        let (_, url) = own.iter().find(|(other, _)| *other == name).unwrap();
        format!("{url}{}sslmode=disable", if url.contains('?') { '&' } else { '?' })
    };
    let _worker = worker(
        &app,
        &[
            ("VISUALKIT_MASTER_KEY", MASTER_KEY),
            ("DATABASE_URL", &without_tls("DATABASE_URL")),
            ("DATABASE_SYSTEM_URL", &without_tls("DATABASE_SYSTEM_URL")),
            ("SSL_CERT_FILE", "/nowhere"),
            ("SSL_CERT_DIR", "/nowhere"),
        ],
    );
    eventually("the job waits for the setting", Duration::from_secs(30), async || {
        let why = app.client.get(&format!("/v1/jobs/{job}/why")).await.body["blocked_by"][0].clone();
        why["reason"] == "not_configured"
            && why["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("CA certificates"))
    })
    .await;
    let shown = app.client.get(&path).await.body;
    assert_eq!(shown["failing_since"], Value::Null, "{shown}");
    assert_eq!(app.count("SELECT count(*) FROM webhook_attempts").await, 0);
    app.finish().await;
}
