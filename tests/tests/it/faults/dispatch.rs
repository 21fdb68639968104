use super::enqueue::enqueue;
use super::rows::Rows;
use jobs::kinds::diagnostics::{Noop, Sleep};
use jobs::{EnqueueOptions, IdFault, Place, Pool};
use serde_json::json;
use std::time::{Duration, Instant};
use tests::{TestApp, TestOptions, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn wiping_the_dispatch_index_loses_no_job_and_runs_none_twice() {
    let settings = vec![("workers.general", "8".to_owned())];
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let jobs = enqueue(&app, app.tenant, &Sleep { ms: 50 }, 500, &EnqueueOptions::default()).await;
    let mut rows = Rows::of(&app);
    // Nobody leaves them to us any more.
    rows.execute("UPDATE jobs SET dispatched_at = now() - interval '3 seconds'")
        .await;
    app.context.queue.push(&jobs).await;
    for done in [50, 200, 350] {
        rows.until_succeeded(done, Duration::from_secs(20)).await;
        // All that wait are known to Redis under its present name: without a new one nobody would offer them for 30 s.
        let undispatched =
            "SELECT (NOT EXISTS (SELECT FROM jobs WHERE state = 'queued' AND dispatch_epoch IS NULL))::int";
        rows.until(undispatched, 1, Duration::from_secs(10)).await;
        // After the one before it, until the reconciler's next look, there is nothing.
        eventually("there is something to wipe", Duration::from_secs(10), async || {
            wipe(&app).await > 0
        })
        .await;
    }
    rows.until_succeeded(500, Duration::from_secs(20)).await;
    rows.assert_each_succeeded_once(500).await;
    assert_eq!(rows.number("SELECT count(*) FROM job_attempts").await, 500);
    app.finish().await;
}

/// Deletes every key of the app's own, as FLUSHDB would if nobody shared the server. Returns how many there were.
async fn wipe(app: &TestApp) -> usize {
    let (settings, mut connection) = (&app.context.settings.redis, app.redis_connection().await);
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg(format!("*{}*", settings.prefix))
        .query_async(&mut connection)
        .await
        .unwrap();
    if keys.is_empty() {
        return 0;
    }
    redis::cmd("DEL").arg(&keys).query_async(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_offered_again_is_about_the_same_bases() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let (one, two) = (
        app.client.knowledge_base("one").await,
        app.client.knowledge_base("two").await,
    );
    let query = json!({"knowledge_base_ids": [&two, &one], "query": "lantern"});
    let submitted = app.client.post_waiting("/v1/search", query, 0).await;
    assert_eq!(submitted.status, 202, "{}", submitted.text);
    let listed = async |app: &TestApp| {
        let contents = app.context.queue.contents(Pool::Retrieval).await.unwrap();
        let bases = |place: &Place| {
            place
                .knowledge_bases
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        contents.listed.iter().map(|listed| bases(&listed.place)).next()
    };
    let in_order = Some(vec![one, two]);
    assert_eq!(listed(&app).await, in_order);
    wipe(&app).await;
    assert_eq!(listed(&app).await, None);
    app.start_workers(vec![Pool::General]);
    eventually("it is offered again", Duration::from_secs(20), async || {
        listed(&app).await == in_order
    })
    .await;
    let id = submitted.body["id"].as_str().unwrap();
    let forced = app.client.post(&format!("/v1/jobs/{id}/run"), json!({})).await;
    assert_eq!(forced.status, 202, "{}", forced.text);
    assert_eq!(listed(&app).await, in_order);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_worker_died_before_it_claimed_it_is_offered_again_at_once() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let jobs = enqueue(&app, app.tenant, &Noop {}, 3, &EnqueueOptions::default()).await;
    app.context.queue.push(&jobs).await;
    assert_eq!(app.context.queue.pop(Pool::General, 10, &[]).await.unwrap().len(), 3);
    // Whoever took them out of Redis is gone. Postgres still has them, and no lease has to end first.
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(3, Duration::from_secs(10)).await;
    rows.assert_each_succeeded_once(3).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_queued_jobs_all_end() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let jobs = enqueue(&app, app.tenant, &Noop {}, 10_000, &EnqueueOptions::default()).await;
    // Half of them the reconciler has to find.
    app.context.queue.try_push(&jobs[..5000]).await.unwrap();
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(10_000, Duration::from_secs(90)).await;
    rows.assert_each_succeeded_once(10_000).await;
    assert_eq!(rows.number("SELECT count(*) FROM job_attempts").await, 10_000);
    app.finish().await;
}

/// With every fallback set to a minute, a wake-up that is lost shows as a job that does not start.
#[tokio::test(flavor = "multi_thread")]
async fn no_wake_up_is_lost_between_two_pushes() {
    let minute = || "60000".to_owned();
    let settings = vec![
        ("dispatch.poll_interval_ms", minute()),
        ("dispatch.reconcile_interval_ms", minute()),
    ];
    let app = TestApp::start_with(TestOptions {
        settings,
        pools: vec![Pool::General],
        ..TestOptions::default()
    })
    .await;
    let mut rows = Rows::of(&app);
    // The reconciler looks once at its start, and must find nothing.
    let job = enqueue(&app, app.tenant, &Noop {}, 1, &EnqueueOptions::default()).await;
    app.context.queue.push(&job).await;
    rows.until_succeeded(1, Duration::from_secs(10)).await;

    let jobs = enqueue(&app, app.tenant, &Noop {}, 2400, &EnqueueOptions::default()).await;
    for (n, pair) in (0_u64..).zip(jobs.chunks(2)) {
        app.context.queue.push(&pair[..1]).await;
        if n >= 600 {
            // The worker looks once more and then goes to sleep: the moment at which a wake-up could be lost.
            until_settled(&app).await;
        }
        spin(Duration::from_micros(n * 7 % 900)).await;
        app.context.queue.push(&pair[1..]).await;
        let started = format!(
            "SELECT count(*) FROM jobs WHERE started_at IS NOT NULL AND id IN ('{}', '{}')",
            pair[0].id, pair[1].id
        );
        rows.until(&started, 2, Duration::from_secs(5)).await;
    }
    rows.until_succeeded(2401, Duration::from_secs(10)).await;
    rows.assert_each_succeeded_once(2401).await;
    app.finish().await;
}

/// Waits until Redis knows of no job that waits or is being claimed.
async fn until_settled(app: &TestApp) {
    let start = Instant::now();
    loop {
        let depth = app.context.queue.depth(Pool::General).await.unwrap();
        if (depth.queued, depth.popped) == (0, 0) {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "a job was not taken: {depth:?}"
        );
    }
}

/// Waits more finely than a timer does.
async fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_taken_and_not_claimed_is_offered_again_long_before_it_would_be_dispatched_again() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![("dispatch.redispatch_after_secs", "3600".to_owned())],
        ..TestOptions::default()
    })
    .await;
    enqueue(&app, app.tenant, &Noop {}, 3, &EnqueueOptions::default()).await;
    // The reconciler dispatches them; a worker that is gone has taken them.
    app.start_workers(Vec::new());
    eventually("they are in the index", Duration::from_secs(10), || async {
        app.context.queue.depth(Pool::General).await.unwrap().queued == 3
    })
    .await;
    assert_eq!(app.context.queue.pop(Pool::General, 10, &[]).await.unwrap().len(), 3);
    app.stop_workers().await;
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(3, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(3).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_lost_is_offered_again_and_what_it_has_is_written_once() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![("dispatch.redispatch_after_secs", "1".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let jobs = enqueue(&app, app.tenant, &Noop {}, 3, &EnqueueOptions::default()).await;
    app.start_workers(Vec::new());
    let known = async |count: u64| {
        eventually("they are in the index", Duration::from_secs(10), async || {
            app.context.queue.depth(Pool::General).await.unwrap().queued == count
        })
        .await;
    };
    known(3).await;
    let mut rows = Rows::of(&app);
    let places = "SELECT ctid::text FROM jobs ORDER BY id";
    let before = rows.texts(places).await;
    // One is gone from Redis, which goes by its old name: its neighbours are still there.
    let place = Place {
        priority: 1,
        tenant: app.tenant,
        kind: "diagnostics.noop".to_owned(),
        knowledge_bases: Vec::new(),
    };
    let lost = jobs[1].id;
    let queue = &app.context.queue;
    let taken_out = queue.check_id(Pool::General, lost, Some(&place), false, true).await;
    assert_eq!(taken_out.unwrap(), Some(IdFault::Orphan));
    known(3).await;
    assert_eq!(rows.texts(places).await, before, "no row was written for it");
    app.stop_workers().await;
    app.start_workers(vec![Pool::General]);
    rows.until_succeeded(3, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(3).await;
    app.finish().await;
}
