//! Shares: between tenants, between priorities, and between the long jobs of one tenant and the first of another.
use super::enqueue::enqueue;
use super::rows::Rows;
use jobs::kinds::diagnostics::{Noop, Sleep};
use jobs::{EnqueueOptions, Limit, Pool, PoolLimits, Popped};
use serde_json::{Value, json};
use std::time::Duration;
use store::Owner;
use store::limits::{Target, grant};
use tests::{TestApp, TestOptions, eventually};

const OF_A: usize = 5000;

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_jobs_do_not_wait_behind_another_tenants_backlog() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let backlog = enqueue(&app, app.tenant, &Noop {}, OF_A, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&backlog).await.unwrap();
    let few = enqueue(&app, app.tenant_b, &Noop {}, 20, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&few).await.unwrap();
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    let all = i64::try_from(OF_A).unwrap() + 20;
    rows.until_succeeded(all, Duration::from_secs(60)).await;
    // Turn about, B's last is the 40th popped; what else starts before it was popped with it.
    let before = format!(
        "SELECT count(*) FROM job_attempts WHERE tenant_id = '{}'
           AND started_at < (SELECT max(started_at) FROM job_attempts WHERE tenant_id = '{}')",
        app.tenant, app.tenant_b
    );
    let before = rows.number(&before).await;
    assert!(before <= 200, "{before} of A's jobs started before B's last");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_calls_all_its_jobs_urgent_has_no_larger_share_for_it() {
    let mut app = one_slot().await;
    for (tenant, priority, count) in [(app.tenant, 0, 300), (app.tenant_b, 2, 20)] {
        let options = EnqueueOptions {
            priority: Some(priority),
            ..EnqueueOptions::default()
        };
        let jobs = enqueue(&app, tenant, &Noop {}, count, &options).await;
        app.context.queue.try_push(&jobs).await.unwrap();
    }
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(320, Duration::from_secs(60)).await;
    let before = format!(
        "SELECT count(*) FROM job_attempts WHERE tenant_id = '{}'
           AND started_at < (SELECT max(started_at) FROM job_attempts WHERE tenant_id = '{}')",
        app.tenant, app.tenant_b
    );
    let before = rows.number(&before).await;
    assert!(
        (18..=26).contains(&before),
        "{before} urgent jobs of A's started before the last of B's, instead of 20"
    );
    app.finish().await;
}

async fn one_slot() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![("workers.general", "1".to_owned())],
        ..TestOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_weight_is_its_share_of_the_turns() {
    let mut app = one_slot().await;
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    let of_a = Target::Tenant {
        tenant: app.tenant,
        pool: "general",
    };
    grant(&mut owner, of_a, Some(3), None).await.unwrap();
    // A process without a pool brings the weight to Redis.
    app.start_workers(Vec::new());
    let mut weights = PoolLimits::default();
    weights.set_weight(app.tenant, 3);
    eventually("the weight is in force", Duration::from_secs(10), || async {
        !app.context.queue.set_limits(Pool::General, &weights).await.unwrap()
    })
    .await;
    app.stop_workers().await;
    for tenant in [app.tenant, app.tenant_b] {
        let jobs = enqueue(&app, tenant, &Noop {}, 100, &EnqueueOptions::default()).await;
        app.context.queue.try_push(&jobs).await.unwrap();
    }
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(200, Duration::from_secs(60)).await;
    let of_a = format!(
        "SELECT count(*) FROM (SELECT * FROM job_attempts ORDER BY started_at LIMIT 80) first WHERE tenant_id = '{}'",
        app.tenant
    );
    let of_a = rows.number(&of_a).await;
    assert!(
        (56..=64).contains(&of_a),
        "{of_a} of the first 80 are A's, instead of 60"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_priority_is_not_passed_over_for_ever() {
    let mut app = one_slot().await;
    for (priority, count) in [(0, 200), (2, 5)] {
        let options = EnqueueOptions {
            priority: Some(priority),
            ..EnqueueOptions::default()
        };
        let jobs = enqueue(&app, app.tenant, &Noop {}, count, &options).await;
        app.context.queue.try_push(&jobs).await.unwrap();
    }
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(205, Duration::from_secs(60)).await;
    let before = rows
        .number(
            "SELECT count(*) FROM jobs WHERE priority = 0 AND started_at < (SELECT max(started_at) FROM jobs WHERE priority = 2)",
        )
        .await;
    // Eight turns, and then one of its own. A row that the reconciler has locked at that moment loses its turn.
    assert!(
        (35..=45).contains(&before),
        "{before} urgent jobs before the last of the others, instead of 40"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_slot_is_for_a_tenant_that_holds_none() {
    let settings = [("workers.general", "2"), ("workers.general_reserved", "1")];
    let app = TestApp::start_with(TestOptions {
        settings: settings.map(|(key, value)| (key, value.to_owned())).to_vec(),
        ..TestOptions::default()
    })
    .await;
    let long = enqueue(&app, app.tenant, &Sleep { ms: 60_000 }, 5, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&long).await.unwrap();
    let mut rows = Rows::of(&app);
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    rows.until(running, 2, Duration::from_secs(10)).await;
    // Every job of B's finds a slot, and A's backlog does not.
    for _ in 0..10 {
        let job = json!({"kind": "diagnostics.noop"});
        let ended = app.client_b.post_waiting("/v1/jobs", job, 20).await;
        assert_eq!(ended.body["state"], "succeeded", "{}", ended.text);
        assert_eq!(rows.number(running).await, 2);
    }
    // When A's slots are free again, they are A's.
    for job in &long {
        app.client
            .post(&format!("/v1/jobs/{}/cancel", job.id), Value::Null)
            .await;
    }
    let after = json!({"kind": "diagnostics.noop"});
    assert_eq!(
        app.client.post_waiting("/v1/jobs", after, 20).await.body["state"],
        "succeeded"
    );
    app.finish().await;
}

/// Two slots for anybody, which A's long jobs hold, and three reserved ones. `poll_interval_ms` is so long that nothing is found by polling.
async fn with_reserved_slots() -> (TestApp, Rows) {
    let settings = [
        ("workers.general", "2"),
        ("workers.general_reserved", "3"),
        ("dispatch.poll_interval_ms", "30000"),
    ];
    let app = TestApp::start_with(TestOptions {
        settings: settings.map(|(key, value)| (key, value.to_owned())).to_vec(),
        ..TestOptions::default()
    })
    .await;
    let long = enqueue(&app, app.tenant, &Sleep { ms: 60_000 }, 5, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&long).await.unwrap();
    let mut rows = Rows::of(&app);
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    rows.until(running, 2, Duration::from_secs(10)).await;
    (app, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_one_reserved_slot_however_many_are_free() {
    let (app, mut rows) = with_reserved_slots().await;
    let of_b = enqueue(&app, app.tenant_b, &Sleep { ms: 60_000 }, 5, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&of_b).await.unwrap();
    let running_of_b = format!(
        "SELECT count(*) FROM jobs WHERE state = 'running' AND tenant_id = '{}'",
        app.tenant_b
    );
    rows.until(&running_of_b, 1, Duration::from_secs(10)).await;
    // The others would have been claimed with it.
    assert_eq!(rows.number(&running_of_b).await, 1, "{}", rows.states().await);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_slot_that_its_tenant_gives_back_is_its_again_at_once() {
    let (app, mut rows) = with_reserved_slots().await;
    // One after the other, though all are there from the beginning and nobody rings.
    let of_b = enqueue(&app, app.tenant_b, &Sleep { ms: 20 }, 20, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&of_b).await.unwrap();
    rows.until_succeeded(20, Duration::from_secs(20)).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_held_under_a_limit_is_released() {
    let mut app = one_slot().await;
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    let of_a = Target::Tenant {
        tenant: app.tenant,
        pool: "general",
    };
    grant(&mut owner, of_a, None, Some(1)).await.unwrap();
    let mut limits = PoolLimits::default();
    limits.set(Limit::Tenant(app.tenant), 1);
    app.context.queue.set_limits(Pool::General, &limits).await.unwrap();
    let jobs = enqueue(&app, app.tenant, &Noop {}, 2, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&jobs).await.unwrap();
    // Taken, counted, and never claimed: so much does a worker leave that is killed at this moment.
    let popped = app.context.queue.pop(Pool::General, 2, &[]).await.unwrap();
    assert_eq!(popped.iter().map(Popped::is_held).collect::<Vec<_>>(), [true]);
    let reached = app
        .context
        .queue
        .limit_reached(Pool::General, app.tenant, "diagnostics.noop");
    assert!(reached.await.unwrap().is_some());
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(2, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(2).await;
    app.finish().await;
}

/// It is offered again while it counts still: a worker hands it back, or one that is slow to claim it is taken for dead.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_taken_twice_counts_under_a_limit_until_both_have_given_it_back() {
    let app = one_slot().await;
    let queue = &app.context.queue;
    let mut limits = PoolLimits::default();
    limits.set(Limit::Tenant(app.tenant), 2);
    limits.set(Limit::Tenant(app.tenant_b), 2);
    queue.set_limits(Pool::General, &limits).await.unwrap();
    for (tenant, gives_back) in [(app.tenant, 0), (app.tenant_b, 1)] {
        let jobs = enqueue(&app, tenant, &Noop {}, 3, &EnqueueOptions::default()).await;
        let mut places = Vec::new();
        for _ in 0..2 {
            queue.try_push(&jobs[..1]).await.unwrap();
            places.extend(queue.pop(Pool::General, 10, &[]).await.unwrap());
        }
        assert_eq!(places.iter().map(|place| &place.job).collect::<Vec<_>>(), [&jobs[0]; 2]);
        queue
            .release(Pool::General, &places[gives_back..=gives_back])
            .await
            .unwrap();
        queue.try_push(&jobs[1..]).await.unwrap();
        let beside = queue.pop(Pool::General, 10, &[]).await.unwrap();
        assert_eq!(beside.len(), 1, "of two places one is left");
    }
}
