//! How many jobs run at once: what a tenant sets for itself, what an operator sets, and that both are kept.
use serde_json::{Value, json};
use std::time::Duration;
use store::Owner;
use store::limits::{Target, grant, list_all, withdraw};
use tests::{Client, TestApp, TestOptions, eventually};

/// Submits jobs that take 50 ms each, and waits until they have ended.
async fn run(client: &Client, count: usize) -> Vec<String> {
    let mut jobs = Vec::new();
    for _ in 0..count {
        let body = json!({"kind": "diagnostics.sleep", "payload": {"ms": 50}});
        let submitted = client.post("/v1/jobs", body).await;
        jobs.push(submitted.body["id"].as_str().unwrap().to_owned());
    }
    for job in &jobs {
        assert_eq!(client.ended(job).await["state"], "succeeded");
    }
    jobs
}

/// The most jobs that ran at the same moment, of one tenant or of all. An attempt is written down when its end is.
async fn most_at_once(app: &TestApp, tenant: Option<store::TenantId>) -> i64 {
    let of = tenant.map_or_else(String::new, |tenant| format!("WHERE tenant_id = '{tenant}'"));
    app.count(&format!(
        "WITH ran AS (SELECT started_at, ended_at FROM job_attempts {of})
         SELECT coalesce(max(n), 0) AS count FROM (
             SELECT (SELECT count(*) FROM ran b WHERE b.started_at <= a.started_at AND b.ended_at > a.started_at) AS n FROM ran a) every"
    ))
    .await
}

/// Until a job that runs says that a limit holds another back, or none does any more.
async fn until_limited(app: &TestApp, client: &Client, limited: bool) {
    eventually("the limit is in force, or lifted", Duration::from_secs(15), || async {
        let sleep = json!({"kind": "diagnostics.sleep", "payload": {"ms": 60_000}});
        let (a, b) = (
            client.post("/v1/jobs", sleep.clone()).await,
            client.post("/v1/jobs", sleep).await,
        );
        let ids = [&a, &b].map(|job| job.body["id"].as_str().unwrap().to_owned());
        let mut found = None;
        while found.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let why = client.get(&format!("/v1/jobs/{}/why", ids[1])).await.body;
            found = match (why["state"].as_str(), why["blocked_by"][0]["reason"].as_str()) {
                (Some("running"), _) => Some(false),
                (_, Some("concurrency_cap")) => Some(true),
                _ => None,
            };
        }
        for id in &ids {
            client.post(&format!("/v1/jobs/{id}/cancel"), Value::Null).await;
            client.ended(id).await;
        }
        found == Some(limited)
    })
    .await;
    let forget = "DELETE FROM job_attempts";
    app.execute(forget).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_limits_a_kind_of_its_jobs() {
    let app = TestApp::start().await;
    let body = json!({"kind": "diagnostics.sleep", "max_running": 1});
    let set = app.client.post("/v1/limits", body).await;
    assert_eq!(set.status.as_u16(), 200, "{}", set.text);
    until_limited(&app, &app.client, true).await;
    let (_, _) = tokio::join!(run(&app.client, 10), run(&app.client_b, 10));
    assert_eq!(most_at_once(&app, Some(app.tenant)).await, 1);
    assert!(most_at_once(&app, Some(app.tenant_b)).await > 1, "B is not limited");
    // A kind beside it is not held back.
    let noop = app
        .client
        .post_waiting("/v1/jobs", json!({"kind": "diagnostics.noop"}), 20)
        .await;
    assert_eq!(noop.body["state"], "succeeded");

    let more = app
        .client
        .post("/v1/limits", json!({"kind": "diagnostics.sleep", "max_running": 3}))
        .await;
    assert_eq!(more.body["id"], set.body["id"], "said again, it is the same limit");
    let listed = app.client.get("/v1/limits").await;
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1), "{}", listed.text);
    assert_eq!(
        (
            &listed.body["data"][0]["max_running"],
            &listed.body["data"][0]["set_by"]
        ),
        (&json!(3), &json!("tenant"))
    );
    assert_eq!(app.client_b.get("/v1/limits").await.body["data"], json!([]));
    let id = set.body["id"].as_str().unwrap();
    assert_eq!(
        app.client.delete(&format!("/v1/limits/{id}")).await.status.as_u16(),
        204
    );
    until_limited(&app, &app.client, false).await;
    app.finish().await;
}

/// What is held under limits is corrected by what runs when the workers start, and then once a minute: of these jobs each could only begin
/// because the one before it, as it ended, gave back its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ends_gives_back_its_place_under_a_limit_without_any_correction() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![("dispatch.reconcile_interval_ms", "60000".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let body = json!({"kind": "diagnostics.sleep", "max_running": 1});
    app.client.post("/v1/limits", body).await;
    app.start_workers(jobs::Pool::ALL.to_vec());
    until_limited(&app, &app.client, true).await;
    run(&app.client, 5).await;
    assert_eq!(most_at_once(&app, Some(app.tenant)).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_limits_a_tenant_in_a_pool_and_a_kind_of_everybody() {
    let app = TestApp::start().await;
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    let of_a = Target::Tenant {
        tenant: app.tenant,
        pool: "general",
    };
    grant(&mut owner, of_a, None, Some(1)).await.unwrap();
    until_limited(&app, &app.client, true).await;
    let (_, _) = tokio::join!(run(&app.client, 10), run(&app.client_b, 10));
    assert_eq!(most_at_once(&app, Some(app.tenant)).await, 1);
    assert!(most_at_once(&app, Some(app.tenant_b)).await > 1, "B is not limited");
    let listed = app.client.get("/v1/limits").await;
    let limit = &listed.body["data"][0];
    assert_eq!(
        (&limit["pool"], &limit["set_by"], &limit["id"]),
        (&json!("general"), &json!("operator"), &Value::Null),
        "{}",
        listed.text
    );
    grant(&mut owner, of_a, Some(3), None).await.unwrap();
    let both = list_all(&mut owner).await.unwrap().remove(0);
    assert_eq!(
        (both.weight, both.max_running),
        (Some(3), Some(1)),
        "what is not named stays"
    );
    withdraw(&mut owner, of_a).await.unwrap();
    until_limited(&app, &app.client, false).await;

    grant(&mut owner, Target::Kind("diagnostics.sleep"), None, Some(1))
        .await
        .unwrap();
    until_limited(&app, &app.client_b, true).await;
    let (_, _) = tokio::join!(run(&app.client, 10), run(&app.client_b, 10));
    assert_eq!(most_at_once(&app, None).await, 1, "of all tenants together");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_makes_no_sense_is_refused_with_every_reason() {
    let app = TestApp::start().await;
    let refused = app
        .client
        .post(
            "/v1/limits",
            json!({"kind": "dream", "max_running": 0, "colour": "red"}),
        )
        .await;
    refused.expect_problem(422, "unknown_kind");
    for field in ["kind", "max_running", "colour"] {
        assert!(
            refused.text.contains(&format!("\"field\":\"{field}\"")),
            "{}",
            refused.text
        );
    }
    app.client
        .post("/v1/limits", json!({}))
        .await
        .expect_problem(422, "invalid");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_no_kind_of_job_is_told_which_there_are_wherever_it_is_named() {
    let app = TestApp::start().await;
    for (path, field, body) in [
        ("/v1/jobs", "kind", json!({"kind": "dream"})),
        ("/v1/limits", "kind", json!({"kind": "dream", "max_running": 1})),
        ("/v1/pauses", "kind", json!({"kind": "dream"})),
        (
            "/v1/webhooks",
            "kinds.0",
            json!({"url": "https://example.com/hook", "events": ["*"], "kinds": ["dream"]}),
        ),
    ] {
        let refused = app.client.post(path, body).await;
        refused.expect_problem(422, "unknown_kind");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!("unknown_kind")),
            "{path}"
        );
        let told = error["message"].as_str().unwrap();
        assert!(told.contains("diagnostics.noop"), "{path}: {told}");
    }
    app.finish().await;
}
