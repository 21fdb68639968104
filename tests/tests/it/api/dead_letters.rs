//! Jobs that failed for good: listed, replayed and given up, one by one or many at once.
use super::jobs::{submit, without_workers};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tests::Behaviour::ActAndAnswer;
use tests::{FakeVendor, TestApp};

/// A dead job that will succeed when it is retried: it fails its first attempt and has one.
async fn dead(app: &TestApp) -> String {
    let body = json!({"kind": "diagnostics.fail", "payload": {"times": 1}, "max_attempts": 1});
    let job = app.client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.client.ended(&job).await["state"], "dead");
    job
}

/// A dead job with a call whose outcome is not known.
async fn unknown(app: &TestApp, vendor: &FakeVendor) -> String {
    let body = json!({"kind": "diagnostics.call", "payload": {"url": format!("{}/calls", vendor.url), "key": "k"}});
    let job = app.client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.client.ended(&job).await["error"]["code"], "effect_unknown");
    job
}

async fn listed(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.client.get(&format!("/v1/dead-letters{query}")).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text);
    ids(&page.body["data"], "id")
}

fn ids(items: &Value, field: &str) -> Vec<String> {
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| item.get(field).unwrap_or(item).as_str().unwrap().to_owned())
        .collect()
}

async fn post(app: &TestApp, path: &str, body: Value) -> Value {
    let answered = app.client.post(path, body).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
    answered.body
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_with_their_calls_newest_first() {
    let (app, vendor) = (TestApp::start().await, FakeVendor::start(&[ActAndAnswer(500)]).await);
    let first = dead(&app).await;
    let second = unknown(&app, &vendor).await;
    assert_eq!(listed(&app, "").await, [second.clone(), first.clone()]);
    assert_eq!(listed(&app, "?kind=diagnostics.fail").await, [first.as_str()]);
    assert_eq!(listed(&app, "?error_code=effect_unknown").await, [second.as_str()]);
    assert_eq!(listed(&app, "?failed_before=2000-01-01T00:00:00Z").await, [""; 0]);
    let page = app.client.get("/v1/dead-letters?limit=1").await;
    assert_eq!(
        page.body["data"][0]["effects"],
        json!([{"step": "call", "state": "unknown", "calls": 1}])
    );
    let next = page.body["next_cursor"].as_str().unwrap();
    assert_eq!(listed(&app, &format!("?limit=1&cursor={next}")).await, [first]);
    assert_eq!(app.client_b.get("/v1/dead-letters").await.body["data"], json!([]));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_can_be_tried_dry_and_skips_what_needs_a_decision() {
    let (app, vendor) = (TestApp::start().await, FakeVendor::start(&[ActAndAnswer(500)]).await);
    let (plain, undecided) = (dead(&app).await, unknown(&app, &vendor).await);
    let as_it_was = app.client.get(&format!("/v1/jobs/{plain}")).await.body;
    for dry_run in [true, false] {
        let replay = post(
            &app,
            "/v1/dead-letters/replay",
            json!({"all": true, "dry_run": dry_run}),
        )
        .await;
        assert_eq!(replay["replayed"], json!([plain]), "{replay}");
        assert_eq!(
            replay["skipped"],
            json!([{"id": undecided, "reason": "effect_unknown"}])
        );
        assert_eq!(
            replay["preview"].as_array().map_or(0, Vec::len),
            if dry_run { 2 } else { 0 }
        );
        if dry_run {
            let job = app.client.get(&format!("/v1/jobs/{plain}")).await.body;
            assert_eq!(job, as_it_was, "also where it would have failed once more by now");
        }
    }
    assert_eq!(
        app.client.ended(&plain).await["state"],
        "dead",
        "its one attempt fails in each run"
    );
    let body = json!({"ids": [undecided], "effect": "assume_done"});
    let replay = post(&app, "/v1/dead-letters/replay", body).await;
    assert_eq!(
        (&replay["replayed"], &replay["skipped"]),
        (&json!([undecided]), &json!([]))
    );
    assert_eq!(app.client.ended(&undecided).await["state"], "succeeded");
    assert_eq!(vendor.calls().len(), 1);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_replay_decides_of_a_job_that_it_skips_is_not_decided() {
    let vendor = FakeVendor::start(&[ActAndAnswer(500), ActAndAnswer(500)]).await;
    let app = TestApp::start().await;
    let mut jobs = Vec::new();
    for key in ["first", "second"] {
        let payload = json!({"url": format!("{}/calls", vendor.url), "key": key});
        let body = json!({"kind": "diagnostics.call", "payload": payload, "unique_key": "one at a time"});
        let job = app.client.post("/v1/jobs", body).await.body["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(app.client.ended(&job).await["error"]["code"], "effect_unknown");
        jobs.push(job);
    }
    let replay = post(
        &app,
        "/v1/dead-letters/replay",
        json!({"all": true, "effect": "repeat"}),
    )
    .await;
    assert_eq!(
        (&replay["replayed"], &replay["skipped"]),
        (&json!([jobs[1]]), &json!([{"id": jobs[0], "reason": "conflict"}])),
        "the other has their key"
    );
    assert_eq!(app.client.ended(&jobs[1]).await["state"], "succeeded");
    let effects = app.client.get(&format!("/v1/jobs/{}/effects", jobs[0])).await.body;
    assert_eq!(effects["data"][0]["state"], "unknown", "{effects}");
    let replay = post(
        &app,
        "/v1/dead-letters/replay",
        json!({"all": true, "effect": "repeat"}),
    )
    .await;
    assert_eq!(replay["replayed"], json!([jobs[0]]), "{replay}");
    assert_eq!(app.client.ended(&jobs[0]).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_say_which_dead_letters_replays_and_discards_none() {
    let app = TestApp::start().await;
    let job = dead(&app).await;
    for nothing in [
        json!({}),
        json!({"kind": null}),
        json!({"limit": 1}),
        json!({"all": false}),
        json!({"all": true, "ids": [job]}),
    ] {
        for verb in ["replay", "discard"] {
            let mut body = nothing.clone();
            if verb == "discard" {
                body["reason"] = json!("it was not meant");
            }
            let refused = app.client.post(&format!("/v1/dead-letters/{verb}"), body).await;
            refused.expect_problem(422, "invalid");
        }
    }
    assert_eq!(listed(&app, "").await, [job.as_str()]);
    let replay = post(&app, "/v1/dead-letters/replay", json!({"all": true})).await;
    assert_eq!(replay["replayed"], json!([job]));
    app.client.ended(&job).await;
    let discarded = post(&app, "/v1/dead-letters/discard", json!({"all": true, "reason": "seen"})).await;
    assert_eq!(discarded["discarded"], json!([job]));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_replay_is_told_that_there_is_more() {
    let app = TestApp::start().await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(dead(&app).await);
    }
    let replay = post(
        &app,
        "/v1/dead-letters/replay",
        json!({"all": true, "limit": 2, "dry_run": true}),
    )
    .await;
    assert_eq!(
        (&replay["replayed"], &replay["more"]),
        (&json!([jobs[2], jobs[1]]), &json!(true))
    );
    let rest = json!({"all": true, "limit": 2, "dry_run": true, "cursor": replay["next_cursor"]});
    let replay = post(&app, "/v1/dead-letters/replay", rest).await;
    assert_eq!(
        (&replay["replayed"], &replay["more"], &replay["next_cursor"]),
        (&json!([jobs[0]]), &json!(false), &Value::Null)
    );
    let others = json!({"ids": jobs, "kind": "diagnostics.noop"});
    assert_eq!(
        post(&app, "/v1/dead-letters/replay", others).await["replayed"],
        json!([])
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_job_is_no_dead_letter_and_keeps_no_partition() {
    let app = TestApp::start().await;
    let (given_up, kept) = (dead(&app).await, dead(&app).await);
    let body = json!({"ids": [given_up], "reason": "the customer left"});
    let discarded = post(&app, "/v1/dead-letters/discard", body.clone()).await;
    assert_eq!(
        (&discarded["discarded"], &discarded["more"]),
        (&json!([given_up]), &json!(false))
    );
    assert_eq!(
        post(&app, "/v1/dead-letters/discard", body).await["discarded"],
        json!([]),
        "once"
    );
    assert_eq!(listed(&app, "").await, [kept.as_str()]);
    let job = app.client.get(&format!("/v1/jobs/{given_up}")).await.body;
    assert_eq!(
        (&job["state"], &job["discarded"]["reason"]),
        (&json!("dead"), &json!("the customer left"))
    );

    // As if a year had passed: the week goes once no dead letter is left in it.
    let dropped = async || {
        let mut weeks = 0;
        while app
            .count("SELECT drop_job_partitions(interval '-400 days')::bigint AS count")
            .await
            == 1
        {
            weeks += 1;
        }
        weeks
    };
    assert_eq!(
        dropped().await,
        3,
        "this week is kept by the other, the weeks ahead are empty"
    );
    app.database
        .owner()
        .await
        .batch_execute("SELECT create_job_partitions(3)")
        .await
        .unwrap();
    post(
        &app,
        "/v1/dead-letters/discard",
        json!({"kind": "diagnostics.fail", "reason": "all of them"}),
    )
    .await;
    assert_eq!(dropped().await, 4);
    app.client
        .get(&format!("/v1/jobs/{kept}"))
        .await
        .expect_problem(404, "not_found");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_job_can_still_be_retried() {
    let app = TestApp::start().await;
    let job = dead(&app).await;
    post(
        &app,
        "/v1/dead-letters/discard",
        json!({"ids": [job], "reason": "too soon"}),
    )
    .await;
    assert_eq!(
        app.client
            .post(&format!("/v1/jobs/{job}/retry"), Value::Null)
            .await
            .status
            .as_u16(),
        202
    );
    assert_eq!(app.client.ended(&job).await.get("discarded"), None);
    assert_eq!(listed(&app, "").await, [job]);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_replay_or_a_discard_is_said_at_once() {
    let app = TestApp::start().await;
    let wrong = json!({"ids": ["x"], "limit": 0, "failed_after": "soon", "kind": 7, "effect": "maybe", "surplus": 1});
    let refused = app.client.post("/v1/dead-letters/replay", wrong).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 6, "{}", refused.text);
    let refused = app
        .client
        .post("/v1/dead-letters/discard", json!({"limit": 1001}))
        .await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3, "{}", refused.text);
    let publishable = app.client.with_key(Some(&app.publishable_key));
    for path in ["/v1/dead-letters", "/v1/pauses"] {
        let request = publishable
            .request(reqwest::Method::GET, path)
            .header("origin", "http://localhost");
        publishable.send(request).await.expect_problem(403, "forbidden");
    }
    app.finish().await;
}

/// Discarding locks the oldest first as well: two who lock the same letters wait for each other once, and never in a circle.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_locks_the_oldest_letter_first() {
    let app = TestApp::start().await;
    let (oldest, newest) = (dead(&app).await, dead(&app).await);
    let mut owner = app.database.owner().await;
    let lock = format!("BEGIN; SELECT FROM jobs WHERE id = '{oldest}' FOR UPDATE");
    owner.batch_execute(&lock).await.unwrap();
    let replay = post(&app, "/v1/dead-letters/replay", json!({"all": true}));
    let meanwhile = async {
        tests::eventually("it waits", std::time::Duration::from_secs(10), async || {
            app.waiting_backends().await > 0
        })
        .await;
        let free =
            format!("SELECT count(*) FROM (SELECT FROM jobs WHERE id = '{newest}' FOR UPDATE SKIP LOCKED) AS free");
        assert_eq!(app.count(&free).await, 1, "the newest is not locked yet");
        owner.batch_execute("ROLLBACK").await.unwrap();
    };
    let (replayed, ()) = tokio::join!(replay, meanwhile);
    assert_eq!(ids(&replayed["replayed"], "id"), [newest, oldest], "the newest first");
    app.abandon().await;
}

/// As batches take them: by their bytes, of which capitals come first, and not by the age of their jobs.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_takes_unique_keys_in_their_order() {
    let app = without_workers().await;
    let oldest = submit(&app.client, json!({"kind": "diagnostics.noop", "unique_key": "B"})).await;
    let newest = submit(&app.client, json!({"kind": "diagnostics.noop", "unique_key": "a"})).await;
    app.execute("UPDATE jobs SET state = 'dead', finished_at = now()").await;
    let mut owner = app.database.owner().await;
    let lock = "BEGIN; SELECT FROM job_locks WHERE unique_key = 'B' FOR UPDATE";
    owner.batch_execute(lock).await.unwrap();
    let replay = post(&app, "/v1/dead-letters/replay", json!({"all": true}));
    let meanwhile = async {
        tests::eventually("it waits", std::time::Duration::from_secs(10), async || {
            app.waiting_backends().await > 0
        })
        .await;
        let free = "SELECT count(*) FROM (SELECT FROM job_locks WHERE unique_key = 'a' FOR UPDATE SKIP LOCKED) AS free";
        assert_eq!(app.count(free).await, 1, "the second key is not taken yet");
        owner.batch_execute("ROLLBACK").await.unwrap();
    };
    let (replayed, ()) = tokio::join!(replay, meanwhile);
    assert_eq!(ids(&replayed["replayed"], "id"), [newest, oldest], "the newest first");
    app.abandon().await;
}
