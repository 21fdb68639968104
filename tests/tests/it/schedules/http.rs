use super::support::{hourly, make, show, without_workers};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Answered, Client, Process, TestApp};

async fn patch(client: &Client, schedule: &str, body: Value) -> Answered {
    let path = format!("/v1/schedules/{schedule}");
    client.send(client.request(Method::PATCH, &path).json(&body)).await
}

/// The code of each field's error.
fn errors(answered: &Answered) -> BTreeMap<String, String> {
    let errors = answered.body["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", answered.text));
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    errors
        .iter()
        .map(|error| (text(error, "field"), text(error, "code")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_made_listed_changed_and_deleted() {
    let app = without_workers().await;
    let body = json!({"name": "nightly", "cron": "30 2 * * MON-FRI", "time_zone": "Europe/Berlin", "kind": "diagnostics.sleep",
        "payload": {"ms": 5}, "priority": 2, "max_attempts": 3, "jitter_secs": 600, "catch_up": "none", "overlap": "allow"});
    let made = app.client.post("/v1/schedules", body.clone()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(made.headers["location"], format!("/v1/schedules/{id}"));
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&made.body[field], value, "{field}");
    }
    let shown = show(&app.client, &id).await;
    assert_eq!((&shown["last_fired"], &shown["firings"]), (&Value::Null, &json!([])));
    let time = |field: &str| {
        shown[field]
            .as_str()
            .unwrap()
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
    };
    let jitter = time("next_fire_at") - time("next_tick");
    assert!((0..=600_000).contains(&jitter.num_milliseconds()), "{shown}");

    let other = make(&app.client, "other", "@daily", json!({"enabled": false})).await;
    let listed = app.client.get("/v1/schedules?limit=1").await.body;
    assert_eq!(listed["data"][0]["id"], json!(other), "the newest first");
    assert_eq!(listed["data"][0]["next_fire_at"], Value::Null, "it is disabled");
    let cursor = listed["next_cursor"].as_str().unwrap();
    let rest = app.client.get(&format!("/v1/schedules?cursor={cursor}")).await.body;
    assert_eq!(
        (&rest["data"][0]["id"], &rest["next_cursor"]),
        (&json!(id), &Value::Null)
    );

    let renamed = patch(&app.client, &id, json!({"name": "nachts", "payload": {"ms": 6}})).await;
    assert_eq!(
        (&renamed.body["name"], &renamed.body["payload"]["ms"]),
        (&json!("nachts"), &json!(6)),
        "{}",
        renamed.text
    );
    assert_eq!(
        renamed.body["next_fire_at"], shown["next_fire_at"],
        "its ticks are the same"
    );
    assert_eq!(
        patch(&app.client, &id, json!({"enabled": false})).await.body["next_tick"],
        Value::Null
    );
    let moved = patch(
        &app.client,
        &id,
        json!({"enabled": true, "cron": "@yearly", "time_zone": "UTC"}),
    )
    .await;
    assert!(
        moved.body["next_tick"].as_str().unwrap().contains("-01-01T00:00:00Z"),
        "{}",
        moved.text
    );

    let gone = app.client.delete(&format!("/v1/schedules/{id}")).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    app.client
        .delete(&format!("/v1/schedules/{id}"))
        .await
        .expect_problem(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_whole_and_changes_nothing() {
    let app = without_workers().await;
    let nonsense = json!({"name": " ", "cron": "61 * * * FOO", "time_zone": "Mars/Olympus", "kind": "summon", "payload": 7, "priority": 9,
        "max_attempts": 0, "jitter_secs": -1, "catch_up": "some", "overlap": "maybe", "enabled": "yes", "colour": "red"});
    let refused = app.client.post("/v1/schedules", nonsense.clone()).await;
    refused.expect_problem(422, "unknown_kind");
    let expected = [
        ("name", "empty"),
        ("cron", "invalid_cron"),
        ("time_zone", "unknown_time_zone"),
        ("kind", "unknown_kind"),
        ("priority", "out_of_range"),
        ("max_attempts", "out_of_range"),
        ("jitter_secs", "out_of_range"),
        ("catch_up", "invalid"),
        ("overlap", "invalid"),
        ("enabled", "type"),
        ("colour", "unknown"),
    ];
    let expected: BTreeMap<String, String> = expected.map(|(field, code)| (field.to_owned(), code.to_owned())).into();
    assert_eq!(errors(&refused), expected);
    assert!(
        refused.text.contains("field 1 (minute) cannot be `61`")
            && refused.text.contains("field 5 (day of week) cannot be `FOO`")
    );

    let missing = app
        .client
        .post("/v1/schedules", json!({"time_zone": "Mars/Olympus"}))
        .await;
    missing.expect_problem(422, "invalid");
    assert_eq!(
        errors(&missing).keys().collect::<Vec<_>>(),
        ["cron", "kind", "name", "time_zone"]
    );

    // As POST /v1/jobs would have it.
    let with = |more: Value| {
        let mut body = json!({"name": "n", "cron": "@hourly", "kind": "diagnostics.noop"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (body, field, code) in [
        (with(json!({"kind": "ingest_document"})), "kind", "unknown_kind"),
        (
            with(json!({"kind": "diagnostics.sleep", "payload": {"ms": 1_u64 << 40}})),
            "payload.ms",
            "out_of_range",
        ),
        (with(json!({"payload": {"surplus": 1}})), "payload.surplus", "unknown"),
        (with(json!({"cron": "0 0 30 2 *"})), "cron", "invalid_cron"),
        (with(json!({"cron": "* * * * * *"})), "cron", "invalid_cron"),
        (
            with(json!({"cron": "* * * * *", "jitter_secs": 60})),
            "jitter_secs",
            "out_of_range",
        ),
        (with(json!({"catch_up": "all"})), "overlap", "conflict"),
        (with(json!({"name": "a\nb"})), "name", "control_character"),
    ] {
        let refused = app.client.post("/v1/schedules", body).await;
        assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
        assert_eq!(
            errors(&refused),
            BTreeMap::from([(field.to_owned(), code.to_owned())]),
            "{}",
            refused.text
        );
    }
    assert_eq!(app.count("SELECT count(*) FROM schedules").await, 0);

    let id = make(&app.client, "nightly", "@hourly", json!({})).await;
    let before = show(&app.client, &id).await;
    assert_eq!(errors(&patch(&app.client, &id, nonsense).await), expected);
    let mismatch = patch(&app.client, &id, json!({"payload": {"ms": 1}})).await;
    assert_eq!(
        errors(&mismatch).keys().collect::<Vec<_>>(),
        ["payload.ms"],
        "the kind takes none"
    );
    assert_eq!(show(&app.client, &id).await, before);
    let unknown = format!("/v1/schedules/{id}/ticks?count=0&x=1");
    app.client.get(&unknown).await.expect_problem(400, "invalid_query");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_once_a_tenant_and_a_request_may_be_sent_again() {
    let app = without_workers().await;
    let body = json!({"name": "nightly", "cron": "@daily", "kind": "diagnostics.noop"});
    let send = async |client: &Client| {
        let request = client
            .request(Method::POST, "/v1/schedules")
            .header("idempotency-key", "k");
        client.send(request.json(&body)).await
    };
    let (first, again, others) = (
        send(&app.client).await,
        send(&app.client).await,
        send(&app.client_b).await,
    );
    assert_eq!(first.body["id"], again.body["id"], "{}", again.text);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(others.status.as_u16(), 201, "{}", others.text);
    app.client
        .post("/v1/schedules", body.clone())
        .await
        .expect_problem(409, "conflict");
    let other = make(&app.client, "other", "@daily", json!({})).await;
    patch(&app.client, &other, json!({"name": "nightly"}))
        .await
        .expect_problem(409, "conflict");
    super::support::run(
        &app,
        "INSERT INTO schedules (tenant_id, id, name, cron, time_zone, kind, payload, jitter_secs, catch_up, overlap, enabled, created_by)
         SELECT tenant_id, gen_random_uuid(), 'n' || n, cron, time_zone, kind, payload, 0, catch_up, overlap, false, created_by
         FROM schedules, generate_series(1, 998) n WHERE name = 'other'",
    )
    .await;
    let one_too_many = json!({"name": "last", "cron": "@daily", "kind": "diagnostics.noop"});
    app.client
        .post("/v1/schedules", one_too_many.clone())
        .await
        .expect_problem(409, "conflict");
    assert_eq!(
        app.client_b.post("/v1/schedules", one_too_many).await.status.as_u16(),
        201
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_to_come_are_shown_as_the_schedules_clocks_show_them() {
    let app = without_workers().await;
    let fields = json!({"time_zone": "Asia/Kathmandu", "jitter_secs": 60});
    let schedule = make(&app.client, "nightly", "30 2 * * *", fields).await;
    let page = app
        .client
        .get(&format!("/v1/schedules/{schedule}/ticks?count=3"))
        .await
        .body;
    let ticks = page["data"].as_array().unwrap();
    assert_eq!((ticks.len(), &page["next_cursor"]), (3, &Value::Null));
    for tick in ticks {
        assert!(tick["local"].as_str().unwrap().ends_with("T02:30:00+05:45"), "{tick}");
        assert!(tick["tick"].as_str().unwrap().ends_with("T20:45:00Z"), "{tick}");
    }
    let shown = show(&app.client, &schedule).await;
    assert_eq!(
        (&shown["next_tick"], &shown["next_fire_at"]),
        (&ticks[0]["tick"], &ticks[0]["fires_at"]),
        "all processes agree"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_fired_by_hand_also_while_it_is_disabled() {
    let app = TestApp::start().await;
    let fields = json!({"enabled": false, "priority": 0, "max_attempts": 2});
    let schedule = make(&app.client, "nightly", &hourly(), fields).await;
    let path = format!("/v1/schedules/{schedule}/fire");
    let fired = app.client.post_waiting(&path, Value::Null, 20).await;
    assert_eq!(
        (fired.status.as_u16(), &fired.body["state"]),
        (200, &json!("succeeded")),
        "{}",
        fired.text
    );
    let job = &fired.body;
    assert_eq!(
        (&job["schedule_id"], &job["priority"], &job["max_attempts"]),
        (&json!(schedule), &json!(0), &json!(2)),
        "{job}"
    );
    let shown = show(&app.client, &schedule).await;
    assert_eq!(
        (&shown["last_fired"]["job_id"], &shown["last_fired"]["outcome"]),
        (&job["id"], &json!("manual")),
        "{shown}"
    );

    patch(
        &app.client,
        &schedule,
        json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}}),
    )
    .await;
    let running = app.client.post(&path, Value::Null).await;
    assert_eq!(running.status.as_u16(), 202, "{}", running.text);
    let id = running.body["id"].as_str().unwrap();
    let refused = app.client.post(&path, Value::Null).await;
    refused.expect_problem(409, "conflict");
    assert!(refused.text.contains(id), "{}", refused.text);
    app.client.post(&format!("/v1/jobs/{id}/cancel"), Value::Null).await;
    app.client.ended(id).await;
    app.client_b
        .post(&path, Value::Null)
        .await
        .expect_problem(404, "not_found");
    let publishable = app.client.with_key(Some(&app.publishable_key));
    let request = publishable
        .request(Method::GET, "/v1/schedules")
        .header("origin", "http://localhost");
    publishable.send(request).await.expect_problem(403, "forbidden");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_looks_like_this() {
    let app = TestApp::start().await;
    let fields = json!({"time_zone": "Europe/Berlin", "jitter_secs": 60});
    let schedule = make(&app.client, "nightly", "30 2 * * MON-FRI", fields).await;
    app.client
        .post_waiting(&format!("/v1/schedules/{schedule}/fire"), Value::Null, 20)
        .await;
    insta::assert_json_snapshot!(
        "schedule",
        crate::api::redact::redacted(&show(&app.client, &schedule).await)
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_makes_shows_fires_and_deletes_a_schedule() {
    let app = TestApp::start().await;
    let environment = [
        ("VISUALKIT_URL", app.client.url.clone()),
        ("VISUALKIT_API_KEY", app.client.key.clone().unwrap()),
    ];
    let run = async |arguments: &[&str]| {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let environment = environment.clone();
        let said = tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = ["schedules"]
                .into_iter()
                .chain(arguments.iter().map(String::as_str))
                .collect();
            Process::run(
                &arguments,
                &environment.each_ref().map(|(name, value)| (*name, value.as_str())),
            )
        });
        said.await.unwrap()
    };
    let cron = hourly();
    let made = run(&[
        "create",
        "nightly",
        "--cron",
        &cron,
        "--kind",
        "diagnostics.noop",
        "--json",
    ])
    .await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_str().unwrap();
    assert!(run(&["disable", id]).await.contains("disabled"));
    assert!(run(&["enable", id]).await.contains("next 20"));
    assert!(
        run(&["list"])
            .await
            .contains(&format!("{id}  nightly  \"{cron}\" UTC  diagnostics.noop"))
    );
    assert_eq!(run(&["ticks", id, "--count", "4"]).await.lines().count(), 4);
    let fired = run(&["fire", id]).await;
    let job = fired.split_whitespace().nth(1).unwrap();
    app.client.ended(job).await;
    assert!(run(&["show", id]).await.contains(&format!("manual  job {job}")));
    run(&["delete", id]).await;
    assert_eq!(run(&["list"]).await, "there are none\n");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn null_takes_a_field_back_to_its_default_and_one_that_has_none_is_refused() {
    let app = without_workers().await;
    let plain = make(&app.client, "plain", "30 2 * * *", json!({})).await;
    let set = json!({"time_zone": "Europe/Berlin", "payload": {}, "priority": 2, "max_attempts": 3, "jitter_secs": 600,
        "catch_up": "none", "overlap": "allow", "enabled": false});
    let full = make(&app.client, "full", "30 2 * * *", set.clone()).await;
    let (defaults, before) = (show(&app.client, &plain).await, show(&app.client, &full).await);
    // One at a time: what is absent stays.
    let mut expected = before;
    for field in set.as_object().unwrap().keys() {
        let changed = patch(&app.client, &full, json!({ field: null })).await;
        assert_eq!(changed.status.as_u16(), 200, "{field}: {}", changed.text);
        expected[field] = defaults[field].clone();
        for other in set.as_object().unwrap().keys() {
            assert_eq!(
                changed.body[other], expected[other],
                "{other} after {field} was taken away"
            );
        }
    }
    let refused = patch(&app.client, &full, json!({"name": null, "cron": null, "kind": null})).await;
    refused.expect_problem(422, "invalid");
    let required = |field: &str| (field.to_owned(), "required".to_owned());
    assert_eq!(errors(&refused), ["name", "cron", "kind"].map(required).into());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_make_no_more_schedules_than_a_tenant_may_have() {
    let app = without_workers().await;
    make(&app.client, "first", "0 0 29 2 *", json!({})).await;
    app.execute(
        "INSERT INTO schedules (tenant_id, id, name, cron, time_zone, kind, payload, jitter_secs, catch_up, overlap, enabled, created_by)
         SELECT tenant_id, uuid_v7(), 'one of many ' || number, cron, time_zone, kind, payload, jitter_secs, catch_up, overlap, false, created_by
         FROM schedules, generate_series(1, 997) AS number",
    )
    .await;
    let all = (0..12).map(async |number| {
        let body = json!({"name": format!("late {number}"), "cron": "0 0 29 2 *", "kind": "diagnostics.noop"});
        app.client.post("/v1/schedules", body).await.status.as_u16()
    });
    let answered = futures::future::join_all(all).await;
    let made = answered.iter().filter(|status| **status == 201).count();
    assert_eq!(
        (made, app.count("SELECT count(*) FROM schedules").await),
        (2, 1000),
        "{answered:?}"
    );
    assert!(
        answered.iter().all(|status| [201, 409].contains(status)),
        "{answered:?}"
    );
    app.finish().await;
}
