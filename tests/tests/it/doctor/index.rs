use super::{named_and_mended, run, submit, without_workers};
use jobs::{Dispatch, Pool};
use redis::AsyncCommands;
use serde_json::json;
use store::JobId;
use tests::TestApp;

/// A key of the pool `general`.
fn key(app: &TestApp, end: &str) -> String {
    format!("{{{}:general}}:6:{end}", app.context.settings.redis.prefix)
}

async fn push(app: &TestApp, id: JobId) {
    let job = Dispatch {
        id,
        tenant: app.tenant,
        pool: Pool::General,
        priority: 1,
        kind: "diagnostics.noop".to_owned(),
        knowledge_bases: Vec::new(),
    };
    app.context.queue.try_push(&[job]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_jobs_that_are_unknown_or_over_are_named_and_forgotten() {
    let app = without_workers().await;
    let unknown = JobId::generate();
    push(&app, unknown).await;
    named_and_mended(&app, "dispatch_index", "problem", &unknown.to_string());
    assert_eq!(app.context.queue.depth(Pool::General).await.unwrap().queued, 0);

    let over = submit(&app).await;
    run(
        &app,
        "UPDATE jobs SET state = 'succeeded', finished_at = now() - interval '1 hour'",
    )
    .await;
    named_and_mended(&app, "dispatch_index", "problem", &over);

    let popped = JobId::generate();
    let _: i64 = app
        .redis_connection()
        .await
        .zadd(key(&app, "popped"), popped.to_string(), 1)
        .await
        .unwrap();
    named_and_mended(&app, "dispatch_index", "problem", &popped.to_string());
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_whose_tenant_takes_no_turns_is_named_and_gets_its_turn() {
    let mut app = without_workers().await;
    let id = submit(&app).await;
    let _: i64 = app.redis_connection().await.del(key(&app, "ring")).await.unwrap();
    assert!(
        app.context.queue.pop(Pool::General, 1, &[]).await.unwrap().is_empty(),
        "the job would wait for ever"
    );
    named_and_mended(&app, "dispatch_index", "problem", &app.tenant.to_string());
    app.start_workers(Pool::ALL.to_vec());
    assert_eq!(app.client.ended(&id).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_for_nothing_and_too_many_turns_are_named_and_taken_away() {
    let app = without_workers().await;
    let tenant = app.tenant.to_string();
    let turn_more = async || {
        let _: i64 = app
            .redis_connection()
            .await
            .rpush(key(&app, "ring"), &tenant)
            .await
            .unwrap();
    };
    turn_more().await;
    named_and_mended(&app, "dispatch_index", "problem", "turns where nothing waits");
    submit(&app).await;
    turn_more().await;
    named_and_mended(&app, "dispatch_index", "problem", "turns taken more than once");
    assert_eq!(
        app.context.queue.pop(Pool::General, 2, &[]).await.unwrap().len(),
        1,
        "its one turn is left"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_no_worker_would_pop_is_named_and_put_into_its_queue() {
    let mut app = without_workers().await;
    let id = submit(&app).await;
    let queue = key(&app, &format!("q:1:{}:diagnostics.noop", app.tenant));
    let kinds = key(&app, &format!("kinds:{}", app.tenant));
    let _: i64 = app
        .redis_connection()
        .await
        .del(&[queue, kinds, key(&app, "ring")])
        .await
        .unwrap();
    push(&app, JobId(id.parse().unwrap())).await;
    assert!(
        app.context.queue.pop(Pool::General, 1, &[]).await.unwrap().is_empty(),
        "a push does not help"
    );
    named_and_mended(&app, "dispatch_index", "problem", &id);
    app.start_workers(Pool::ALL.to_vec());
    assert_eq!(app.client.ended(&id).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_bases_that_take_no_turn_are_named_and_get_theirs() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("lanterns").await;
    let search = app.client.request(reqwest::Method::POST, "/v1/search");
    let search = search.json(&json!({"knowledge_base_ids": [base], "query": "lantern"}));
    let search = app.client.send(search.header("prefer", "respond-async")).await;
    let id = JobId(search.body["id"].as_str().unwrap().parse().unwrap());
    let of_searches = |end: &str| key(&app, end).replace(":general}", ":retrieval}");
    let kinds = of_searches(&format!("kinds:{}", app.tenant));
    let lines = of_searches(&format!("lines:1:{}:search_knowledge", app.tenant));
    let line = format!("search_knowledge@{base}");
    let mut redis = app.redis_connection().await;
    let turns: Vec<String> = redis.lrange(&kinds, 0, -1).await.unwrap();
    assert_eq!(turns, ["1:search_knowledge@"], "they have one together");
    // The line has no turn in its kind; the kind has none in its tenant's; and each has too many.
    let _: i64 = redis.del(&lines).await.unwrap();
    named_and_mended(&app, "dispatch_index", "problem", "queues that get no turn");
    let _: i64 = redis.del(&kinds).await.unwrap();
    named_and_mended(&app, "dispatch_index", "problem", "queues that get no turn");
    let _: i64 = redis.rpush(&lines, &line).await.unwrap();
    named_and_mended(&app, "dispatch_index", "problem", "turns taken more than once");
    let _: i64 = redis.rpush(&kinds, "1:search_knowledge@").await.unwrap();
    named_and_mended(&app, "dispatch_index", "problem", "turns taken more than once");
    // Of nothing that waits no turn is left.
    let popped = app.context.queue.pop(Pool::Retrieval, 5, &[]).await.unwrap();
    assert_eq!(popped.iter().map(|popped| popped.job.id).collect::<Vec<_>>(), [id]);
    app.context.queue.settle(Pool::Retrieval, &[id]).await.unwrap();
    let left: i64 = redis.exists(&[kinds, lines]).await.unwrap();
    assert_eq!(left, 0);
    app.abandon().await;
}
