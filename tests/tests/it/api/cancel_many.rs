//! Cancelling every job that matches at once.
use super::jobs::{submit, without_workers};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, TestApp, TestOptions, eventually, far_ahead};

async fn cancel(client: &Client, body: Value) -> Value {
    let answered = client.post("/v1/jobs/cancel", body).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
    answered.body
}

async fn state(client: &Client, job: &str) -> Value {
    client.get(&format!("/v1/jobs/{job}")).await.body["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_that_matches_is_cancelled_and_no_other() {
    let app = without_workers().await;
    let due = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    let later = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    let later = submit(&app.client, later).await;
    let other = submit(&app.client, json!({"kind": "diagnostics.sleep", "payload": {"ms": 1}})).await;
    let of_another_tenant = submit(&app.client_b, json!({"kind": "diagnostics.noop"})).await;

    let dry = cancel(&app.client, json!({"kind": "diagnostics.noop", "dry_run": true})).await;
    assert_eq!(dry["cancelled"], json!([later, due]), "{dry}");
    let previewed = dry["preview"].as_array().unwrap().iter();
    let previewed: Vec<[&Value; 3]> = previewed.map(|job| [&job["id"], &job["kind"], &job["state"]]).collect();
    let noop = json!("diagnostics.noop");
    assert_eq!(
        previewed,
        [
            [&json!(later), &noop, &json!("scheduled")],
            [&json!(due), &noop, &json!("queued")]
        ]
    );
    assert_eq!(state(&app.client, &due).await, "queued");

    let done = cancel(&app.client, json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(
        done,
        json!({"dry_run": false, "cancelled": [later, due], "stopping": [], "skipped": [], "more": false, "next_cursor": null})
    );
    for (client, job, expected) in [
        (&app.client, &due, "cancelled"),
        (&app.client, &later, "cancelled"),
        (&app.client, &other, "queued"),
        (&app.client_b, &of_another_tenant, "queued"),
    ] {
        assert_eq!(state(client, job).await, expected);
    }
    let again = cancel(&app.client, json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(again["cancelled"], json!([]), "what has ended is left alone");
    let not_ours = cancel(&app.client, json!({"ids": [of_another_tenant]})).await;
    assert_eq!(not_ours["cancelled"], json!([]), "{not_ours}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_are_cancelled_page_by_page() {
    let app = without_workers().await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(submit(&app.client, json!({"kind": "diagnostics.noop"})).await);
    }
    let first = cancel(&app.client, json!({"pool": "general", "state": "queued", "limit": 2})).await;
    assert_eq!(
        (&first["cancelled"], &first["more"]),
        (&json!([jobs[4], jobs[3]]), &json!(true))
    );
    let cursor = &first["next_cursor"];
    let second = cancel(&app.client, json!({"pool": "general", "limit": 3, "cursor": cursor})).await;
    assert_eq!(
        (&second["cancelled"], &second["more"], &second["next_cursor"]),
        (&json!([jobs[2], jobs[1], jobs[0]]), &json!(false), &Value::Null)
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_run_are_told_to_stop_and_a_batch_counts_what_it_lost() {
    let app = TestApp::start().await;
    let sleeping = json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}});
    let later = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    let batch = app.client.post("/v1/batches", json!({"jobs": [sleeping, later]})).await;
    let id = batch.body["id"].as_str().unwrap();
    let running = format!("/v1/jobs?parent_id={id}&state=running");
    eventually("one runs", Duration::from_secs(10), async || {
        app.client.get(&running).await.body["data"].as_array().unwrap().len() == 1
    })
    .await;
    let told = cancel(&app.client, json!({"parent_id": id})).await;
    let count = |name: &str| told[name].as_array().unwrap().len();
    assert_eq!((count("cancelled"), count("stopping")), (1, 1), "{told}");
    let path = format!("/v1/batches/{id}");
    eventually("the batch has ended", Duration::from_secs(10), async || {
        app.client.get(&path).await.body["counts"]["cancelled"] == 2
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_tell_of_it_are_cancelled_only_where_they_are_named() {
    let app = without_workers().await;
    let hook = json!({"url": "https://example.com/hook", "events": ["*"]});
    assert_eq!(app.client.post("/v1/webhooks", hook).await.status.as_u16(), 201);
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    let cancelled = |told: &Value| told["cancelled"].as_array().unwrap().len();
    assert_eq!(
        cancel(&app.client, json!({"state": "queued"})).await["cancelled"],
        json!([job])
    );
    let delivery = "SELECT count(*) FROM jobs WHERE kind = 'deliver_webhook' AND state = 'queued'";
    assert_eq!(app.count(delivery).await, 1, "it tells of the cancellation");
    assert_eq!(cancelled(&cancel(&app.client, json!({"state": "queued"})).await), 0);
    assert_eq!(app.count(delivery).await, 1);
    let named = cancel(&app.client, json!({"pool": "delivery", "dry_run": true})).await;
    assert_eq!(cancelled(&named), 1, "{named}");
    assert_eq!(
        cancelled(&cancel(&app.client, json!({"kind": "deliver_webhook"})).await),
        1
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_skipped() {
    let app = TestApp::start_with(TestOptions {
        pools: vec![jobs::Pool::Retrieval],
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let deletion = app.client.delete(&format!("/v1/knowledge-bases/{base}")).await;
    let id = deletion.body["id"].as_str().unwrap();
    for dry_run in [true, false] {
        let told = cancel(&app.client, json!({"ids": [id], "dry_run": dry_run})).await;
        assert_eq!(
            (&told["cancelled"], &told["skipped"]),
            (&json!([]), &json!([{"id": id, "reason": "deletion"}]))
        );
    }
    assert_ne!(state(&app.client, id).await, "cancelled");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_nothing_or_nonsense_cancels_nothing() {
    let app = without_workers().await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    for (body, fields) in [
        (json!({}), vec!["ids"]),
        (json!({"dry_run": true, "limit": 5}), vec!["ids"]),
        (json!({"kind": null}), vec!["ids"]),
        (json!({"ids": []}), vec!["ids"]),
        (
            json!({"state": "dead", "pool": "swimming", "parent_id": "x", "created_before": "noon", "limit": 5000, "all": true}),
            vec!["all", "created_before", "limit", "parent_id", "pool", "state"],
        ),
    ] {
        let refused = app.client.post("/v1/jobs/cancel", body.clone()).await;
        assert_eq!(refused.status.as_u16(), 422, "{body}: {}", refused.text);
        let errors = refused.body["errors"].as_array().unwrap().iter();
        let mut named: Vec<&str> = errors.map(|error| error["field"].as_str().unwrap()).collect();
        named.sort_unstable();
        assert_eq!(named, fields, "{}", refused.text);
    }
    assert_eq!(state(&app.client, &job).await, "queued");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_found_by_their_schedule_their_document_and_when_they_were_made() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let ingest = app
        .client
        .ingest(
            &base,
            json!({"title": "One", "content": "words", "mime_type": "text/plain"}),
        )
        .await;
    let schedule = json!({"name": "yearly", "cron": "0 0 1 1 *", "kind": "diagnostics.noop"});
    let schedule = app.client.post("/v1/schedules", schedule).await;
    let schedule = schedule.body["id"].as_str().unwrap();
    let fired = app
        .client
        .post(&format!("/v1/schedules/{schedule}/fire"), Value::Null)
        .await;
    let other = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    let found = async |query: &str| {
        let page = app.client.get(&format!("/v1/jobs?{query}")).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        let jobs = page.body["data"].as_array().unwrap().clone();
        jobs.into_iter().map(|job| job["id"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(
        found(&format!("schedule_id={schedule}")).await,
        [fired.body["id"].clone()]
    );
    let document = ingest["document_id"].as_str().unwrap();
    assert_eq!(found(&format!("document_id={document}")).await, [ingest["id"].clone()]);
    let made = app.client.get(&format!("/v1/jobs/{other}")).await.body["created_at"].clone();
    let before = found(&format!("created_before={}", made.as_str().unwrap())).await;
    assert!(
        before.contains(&ingest["id"]) && !before.contains(&json!(other)),
        "{before:?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_in_bodies_are_those_of_lists() {
    let app = without_workers().await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(submit(&app.client, json!({"kind": "diagnostics.noop"})).await);
    }
    let page = json!({"state": "queued", "limit": 1, "dry_run": true});
    let first = cancel(&app.client, page.clone()).await;
    let listed = app.client.get("/v1/jobs?limit=1").await;
    assert!(listed.body["next_cursor"].is_string(), "{}", listed.text);
    assert_eq!(first["next_cursor"], listed.body["next_cursor"]);
    // The second is what answers had before.
    for cursor in [&first["next_cursor"], &json!(jobs[2])] {
        let mut next = page.clone();
        next["cursor"] = cursor.clone();
        let rest = cancel(&app.client, next).await;
        assert_eq!(rest["cancelled"], json!([jobs[1]]), "{cursor}");
    }
    for (path, more) in [
        ("/v1/jobs/cancel", json!({})),
        ("/v1/dead-letters/replay", json!({})),
        ("/v1/dead-letters/discard", json!({"reason": "none"})),
    ] {
        let urn = format!("urn:uuid:{}", jobs[2]);
        for wrong in [json!(""), json!("x"), json!(7), json!(urn)] {
            let mut body = more.clone();
            body["kind"] = json!("diagnostics.noop");
            body["cursor"] = wrong;
            let refused = app.client.post(path, body.clone()).await;
            refused.expect_problem(400, "invalid_cursor");
            assert_eq!(refused.body["errors"][0]["field"], "cursor", "{path}: {}", refused.text);
            // Where more is wrong, all of it is told.
            body["surplus"] = json!(1);
            app.client.post(path, body).await.expect_problem(422, "invalid");
        }
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_told_to_stop_says_so_while_it_runs() {
    let app = without_workers().await;
    let waiting = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    app.execute(&format!(
        "UPDATE jobs SET state = 'running', attempt = 1, worker = 'w', lease_token = gen_random_uuid(), started_at = now(), attempt_started_at = now(),
             lease_until = now() + interval '1 hour' WHERE id = '{job}'"
    ))
    .await;
    let told = async |path: &str| app.client.get(path).await.body["cancel_requested"].clone();
    let (path, why) = (format!("/v1/jobs/{job}"), format!("/v1/jobs/{job}/why"));
    assert_eq!((told(&path).await, told(&why).await), (Value::Null, Value::Null));
    let asked = app.client.post(&format!("{path}/cancel"), Value::Null).await;
    assert_eq!(asked.status.as_u16(), 202, "{}", asked.text);
    assert_eq!(
        (&asked.body["state"], &asked.body["cancel_requested"]),
        (&json!("running"), &json!(true))
    );
    assert_eq!((told(&path).await, told(&why).await), (json!(true), json!(true)));
    let listed = app.client.get("/v1/jobs?state=running").await;
    assert_eq!(listed.body["data"][0]["cancel_requested"], true, "{}", listed.text);
    // What has ended has heard.
    let cancelled = app
        .client
        .post(&format!("/v1/jobs/{waiting}/cancel"), Value::Null)
        .await;
    assert_eq!(cancelled.body["state"], "cancelled", "{}", cancelled.text);
    assert_eq!(cancelled.body.get("cancel_requested"), None, "{}", cancelled.text);
    app.abandon().await;
}
