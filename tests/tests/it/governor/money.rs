use super::{all_succeed_at_once, app, budget, declare, put_off, submit, wipe_redis};
use jobs::{Asked, BudgetLimit, BudgetLimits, Call, Estimate, Observed, Reported, SpentToday};
use serde_json::json;
use std::time::Duration;
use store::{JobId, provider_usage};
use tests::{FakeVendor, TestApp, eventually};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn the_days_money_is_kept_also_when_redis_forgets() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"cost_micros_per_day": 10})).await;
    let vendor = FakeVendor::start(&[]).await;
    let dear = json!({"cost_micros": 4, "tokens": 7});
    for _ in 0..2 {
        let job = submit(&app.client, &vendor.url, dear.clone()).await;
        let ended = app.client.ended(&job).await;
        assert_eq!(ended["cost"], json!({"micros": 4, "currency": "USD"}), "{ended}");
    }
    let held = submit(&app.client, &vendor.url, dear.clone()).await;
    let why = put_off(&app.client, &held).await;
    assert_eq!(why["reason"], "budget", "{why}");
    assert!(why["detail"].as_str().unwrap().contains("limit: cost"), "{why}");
    // What costs nothing is not held up.
    let free = submit(&app.client, &vendor.url, json!({})).await;
    assert_eq!(app.client.ended(&free).await["cost"], json!(null));

    wipe_redis(&app).await;
    let counted = "SELECT coalesce(max((snooze ->> 'count')::int), 0)::bigint AS count FROM jobs";
    let before = app.count(counted).await;
    eventually("it has asked again", Duration::from_secs(10), || async {
        app.count(counted).await >= before + 2
    })
    .await;
    assert_eq!(vendor.calls().len(), 3);
    let found = budget(&app.client, "vendor").await;
    assert_eq!(
        found["today"],
        json!({"tokens": 14, "cost_micros": 8, "cost_micros_remaining": 2}),
        "{found}"
    );
    declare(&app.client, "vendor", json!({"cost_micros_per_day": 12})).await;
    all_succeed_at_once(&app.client, &[held], Duration::from_secs(10)).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_counted_by_the_minute() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"tokens_per_minute": 60})).await;
    let vendor = FakeVendor::start(&[]).await;
    let large = json!({"tokens": 30});
    for _ in 0..2 {
        let job = submit(&app.client, &vendor.url, large.clone()).await;
        all_succeed_at_once(&app.client, &[job], Duration::from_secs(10)).await;
    }
    let held = submit(&app.client, &vendor.url, large.clone()).await;
    let why = put_off(&app.client, &held).await;
    assert!(why["detail"].as_str().unwrap().contains("limit: tokens"), "{why}");
    assert_eq!(why["reason"], "rate_limit");
    declare(&app.client, "vendor", json!({})).await;
    all_succeed_at_once(&app.client, &[held], Duration::from_secs(10)).await;
    app.finish().await;
}

/// One call at a time, for ten a day.
fn call(app: &TestApp, cost_micros: u64, lasts: Duration) -> Call<'static> {
    Call {
        tenant: app.tenant,
        credential: "vendor",
        job: JobId::generate(),
        lease: Uuid::new_v4(),
        lasts,
        estimate: Estimate { tokens: 0, cost_micros },
        limits: BudgetLimits {
            requests_per_minute: 0,
            burst: 0,
            concurrency: 1,
            tokens_per_minute: 0,
            cost_micros_per_day: 10,
        },
        installation: None,
        comes_back: false,
    }
}

/// The day that it is by Redis' clock.
async fn today(app: &TestApp) -> i32 {
    let mut redis = app.redis_connection().await;
    let (seconds, _): (i64, i64) = redis::cmd("TIME").query_async(&mut redis).await.unwrap();
    i32::try_from(seconds / 86_400).unwrap()
}

async fn nothing_spent(app: &TestApp) -> SpentToday {
    SpentToday {
        day: today(app).await,
        ..SpentToday::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_settled_after_its_time_is_counted_once() {
    let app = app(&[]).await;
    let queue = &app.context.queue;
    let nothing = nothing_spent(&app).await;
    let ask = async |call: &Call<'_>| queue.ask_governor(call, Some(nothing)).await.unwrap();
    let late = call(&app, 4, Duration::from_millis(100));
    assert_eq!(ask(&late).await, Asked::Granted);
    let next = call(&app, 2, Duration::from_millis(100));
    eventually("its time is over", Duration::from_secs(5), || async {
        ask(&next).await == Asked::Granted
    })
    .await;
    let reported = Reported {
        observed: Observed::Answered,
        tokens: 0,
        cost_micros: 4,
        retry_after: None,
        remaining: None,
    };
    queue
        .settle_with_governor(&late, &reported, &app.context.settings.governor)
        .await
        .unwrap();
    let rest = call(&app, 4, Duration::from_millis(100));
    eventually("four of ten are left", Duration::from_secs(5), || async {
        match ask(&rest).await {
            Asked::Wait(wait) => {
                assert_eq!(wait.limit, BudgetLimit::Concurrency, "{wait:?}");
                false
            }
            asked => asked == Asked::Granted,
        }
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_budget_takes_nothing_of_it() {
    let app = app(&[]).await;
    let queue = &app.context.queue;
    let nothing = nothing_spent(&app).await;
    let looked = call(&app, 4, Duration::from_secs(30));
    for _ in 0..3 {
        assert_eq!(
            queue.look_at_governor(&looked, Some(nothing)).await.unwrap(),
            Asked::Granted
        );
    }
    let made = call(&app, 10, Duration::from_secs(30));
    assert_eq!(queue.ask_governor(&made, Some(nothing)).await.unwrap(), Asked::Granted);
    let Asked::Wait(wait) = queue.look_at_governor(&looked, Some(nothing)).await.unwrap() else {
        panic!("the one call that may be made at once is being made");
    };
    assert_eq!(wait.limit, BudgetLimit::Concurrency);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_begins_with_what_was_spent_on_the_day_that_redis_means() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"cost_micros_per_day": 10})).await;
    let first = call(&app, 4, Duration::from_secs(30));
    let Asked::Cold { day } = app.context.queue.ask_governor(&first, None).await.unwrap() else {
        panic!("nobody has told it what was spent");
    };
    assert_eq!(day, today(&app).await);
    // What was spent on another day is not taken for it: it may become midnight between both questions.
    for other in [day - 1, day + 1] {
        let spent = SpentToday {
            day: other,
            of_tenant: 10,
            of_installation: 10,
        };
        let asked = app.context.queue.ask_governor(&first, Some(spent)).await.unwrap();
        assert_eq!(asked, Asked::Cold { day });
    }
    // The money of the day before is spent, and Postgres' clock may still be there.
    app.execute(&format!(
        "INSERT INTO provider_usage (tenant_id, credential, day, cost_micros)
         SELECT '{}', 'vendor', DATE '1970-01-01' + d, c FROM (VALUES ({day} - 1, 10), ({day} + 1, 11)) AS days (d, c)",
        app.tenant
    ))
    .await;
    for (on, cost) in [(day - 1, 10), (day, 0), (day + 1, 11)] {
        let of_tenant = app
            .context
            .store
            .tenant(app.tenant, async |tx| provider_usage::on_day(tx, "vendor", on).await)
            .await
            .unwrap();
        let of_all = provider_usage::on_day_of_all(&app.context.system, &["vendor"], on)
            .await
            .unwrap();
        let of_all: i64 = of_all.iter().map(|(_, usage)| usage.cost_micros).sum();
        assert_eq!((of_tenant.cost_micros, of_all), (cost, cost), "on day {on}");
    }
    let vendor = FakeVendor::start(&[]).await;
    let job = submit(&app.client, &vendor.url, json!({"cost_micros": 4})).await;
    all_succeed_at_once(&app.client, &[job], Duration::from_secs(10)).await;
    app.finish().await;
}
