//! Two budgets, one answer: a call with a credential of the installation is granted on both, or on none.
use super::app;
use jobs::{Asked, BudgetLimit, BudgetLimits, Call, Estimate, Observed, Queue, Reported, SpentToday, Wait};
use std::time::Duration;
use store::{JobId, TenantId};
use tests::{TestApp, eventually};
use uuid::Uuid;

const NO_LIMIT: BudgetLimits = BudgetLimits {
    requests_per_minute: 0,
    burst: 0,
    concurrency: 0,
    tokens_per_minute: 0,
    cost_micros_per_day: 0,
};

fn a_minute(requests: u64, burst: u64) -> BudgetLimits {
    BudgetLimits {
        requests_per_minute: requests,
        burst,
        ..NO_LIMIT
    }
}

fn call(tenant: TenantId, limits: BudgetLimits, installation: BudgetLimits) -> Call<'static> {
    Call {
        tenant,
        credential: "openai",
        job: JobId::generate(),
        lease: Uuid::new_v4(),
        lasts: Duration::from_secs(60),
        estimate: Estimate::default(),
        limits,
        installation: Some(installation),
        comes_back: true,
    }
}

async fn ask(queue: &Queue, call: &Call<'_>) -> Asked {
    match queue.ask_governor(call, None).await.unwrap() {
        Asked::Cold { day } => {
            let nothing = SpentToday {
                day,
                ..SpentToday::default()
            };
            queue.ask_governor(call, Some(nothing)).await.unwrap()
        }
        asked => asked,
    }
}

async fn waits(queue: &Queue, call: &Call<'_>) -> Wait {
    match ask(queue, call).await {
        Asked::Wait(wait) => wait,
        asked => panic!("{asked:?}"),
    }
}

async fn settle(app: &TestApp, call: &Call<'_>, observed: Observed) {
    let reported = Reported {
        observed,
        tokens: 0,
        cost_micros: 0,
        retry_after: None,
        remaining: None,
    };
    let settings = &app.context.settings.governor;
    app.context
        .queue
        .settle_with_governor(call, &reported, settings)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_budget_refuses_the_other_keeps() {
    let app = app(&[]).await;
    let queue = &app.context.queue;
    let (own, all) = (a_minute(1, 1), a_minute(1, 2));
    assert_eq!(ask(queue, &call(app.tenant, own, all)).await, Asked::Granted);
    let wait = waits(queue, &call(app.tenant, own, all)).await;
    assert_eq!((wait.limit, wait.of_installation), (BudgetLimit::Requests, false));
    let used = queue.installation_use("openai", &all).await.unwrap();
    assert_eq!((used.requests_available, used.in_flight, used.waiting), (Some(1), 1, 0));

    let own = a_minute(1, 2);
    assert_eq!(ask(queue, &call(app.tenant_b, own, all)).await, Asked::Granted);
    let wait = waits(queue, &call(app.tenant_b, own, all)).await;
    assert_eq!((wait.limit, wait.of_installation), (BudgetLimit::Requests, true));
    let used = queue.governor_use(app.tenant_b, "openai", &own).await.unwrap();
    assert_eq!((used.requests_available, used.in_flight, used.waiting), (Some(1), 1, 1));
    let used = queue.installation_use("openai", &all).await.unwrap();
    assert_eq!((used.requests_available, used.in_flight, used.waiting), (Some(0), 2, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_once_are_counted_of_all_tenants_and_given_back_to_both() {
    let app = app(&[]).await;
    let queue = &app.context.queue;
    let two = BudgetLimits {
        concurrency: 2,
        ..NO_LIMIT
    };
    let made = call(app.tenant, two, two);
    assert_eq!(ask(queue, &made).await, Asked::Granted);
    assert_eq!(ask(queue, &call(app.tenant_b, two, two)).await, Asked::Granted);
    let next = call(app.tenant_b, two, two);
    let wait = waits(queue, &next).await;
    assert_eq!((wait.limit, wait.of_installation), (BudgetLimit::Concurrency, true));
    settle(&app, &made, Observed::Answered).await;
    eventually("its turn comes", Duration::from_secs(10), || async {
        ask(queue, &next).await == Asked::Granted
    })
    .await;
    let used = queue.governor_use(app.tenant, "openai", &two).await.unwrap();
    assert_eq!(used.in_flight, 0);
    app.finish().await;
}

/// One call a minute: whoever has had one lets the others go first, whether it asks before them or after.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_had_its_part_waits_while_others_wait() {
    let app = app(&[]).await;
    let queue = &app.context.queue;
    let all = a_minute(1, 1);
    assert_eq!(ask(queue, &call(app.tenant, NO_LIMIT, all)).await, Asked::Granted);
    let wait = waits(queue, &call(app.tenant, NO_LIMIT, all)).await;
    assert_eq!(wait.limit, BudgetLimit::Requests, "it is alone");
    let wait = waits(queue, &call(app.tenant_b, NO_LIMIT, all)).await;
    assert_eq!((wait.limit, wait.of_installation), (BudgetLimit::Requests, true));
    let again = Call {
        comes_back: false,
        ..call(app.tenant, NO_LIMIT, all)
    };
    let wait = waits(queue, &again).await;
    assert_eq!((wait.limit, wait.of_installation), (BudgetLimit::Share, true));
    app.finish().await;
}

/// A tenant whose jobs were cancelled is counted among those that wait for a minute at most, and what it leaves others may have.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_for_a_while_anybody_may() {
    let app = app(&[]).await;
    let queue = &app.context.queue;
    let one = BudgetLimits {
        concurrency: 1,
        ..NO_LIMIT
    };
    // As if calls took half a minute: that is what a tenant's part is measured by.
    let state = format!(
        "{{{}:governor}}:installation:openai:state",
        app.context.settings.redis.prefix
    );
    let mut redis = app.redis_connection().await;
    let set = redis::cmd("HSET").arg(state).arg("hold").arg(30_000_000).to_owned();
    let () = set.query_async(&mut redis).await.unwrap();
    let made = call(app.tenant, NO_LIMIT, one);
    assert_eq!(ask(queue, &made).await, Asked::Granted);
    for _ in 0..5 {
        let wait = waits(queue, &call(app.tenant_b, NO_LIMIT, one)).await;
        assert_eq!(wait.limit, BudgetLimit::Concurrency);
    }
    settle(&app, &made, Observed::Answered).await;
    let next = Call {
        comes_back: false,
        ..call(app.tenant, NO_LIMIT, one)
    };
    let wait = waits(queue, &next).await;
    assert_eq!(wait.limit, BudgetLimit::Share);
    assert!(wait.limited_for > Duration::from_secs(20), "{wait:?}");
    eventually("it has what the other leaves", Duration::from_secs(15), || async {
        ask(queue, &next).await == Asked::Granted
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_of_cancelled_jobs_hold_up_no_later_ones_of_their_tenant() {
    let app = app(&[]).await;
    let queue = &app.context.queue;
    let all = a_minute(60, 1);
    assert_eq!(ask(queue, &call(app.tenant, NO_LIMIT, all)).await, Asked::Granted);
    let mut last = Duration::ZERO;
    for _ in 0..100 {
        last = waits(queue, &call(app.tenant_b, NO_LIMIT, all)).await.turn_in;
    }
    assert!(last > Duration::from_secs(90), "each has a place of its own: {last:?}");
    let late = call(app.tenant_b, NO_LIMIT, all);
    eventually("its turn comes", Duration::from_secs(20), || async {
        ask(queue, &late).await == Asked::Granted
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_succeeds_closes_the_circuit_for_every_tenant() {
    let app = app(&[("governor.failures_to_open", "1"), ("governor.open_secs", "1")]).await;
    let queue = &app.context.queue;
    let failed = call(app.tenant, NO_LIMIT, NO_LIMIT);
    assert_eq!(ask(queue, &failed).await, Asked::Granted);
    settle(&app, &failed, Observed::Failed).await;
    let other = call(app.tenant_b, NO_LIMIT, NO_LIMIT);
    assert_eq!(waits(queue, &other).await.limit, BudgetLimit::Circuit);
    let trial = call(app.tenant, NO_LIMIT, NO_LIMIT);
    eventually("one may try", Duration::from_secs(10), || async {
        ask(queue, &trial).await == Asked::Granted
    })
    .await;
    let later = call(app.tenant_b, NO_LIMIT, NO_LIMIT);
    for waiting in [&other, &later] {
        assert_eq!(waits(queue, waiting).await.limit, BudgetLimit::Circuit, "one at a time");
    }
    settle(&app, &trial, Observed::Answered).await;
    // Not at the times that they were given while it was open.
    for waiting in [&later, &other] {
        assert_eq!(ask(queue, waiting).await, Asked::Granted);
    }
    app.finish().await;
}
