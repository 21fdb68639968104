//! What a claim looks at is bounded, whatever waits. Counted in what the script itself asks of Redis, which does nothing else meanwhile.
use jobs::{Asking, Dispatch, Limit, Pool, PoolLimits, Popped};
use std::collections::HashSet;
use std::time::Duration;
use store::{JobId, KnowledgeBaseId, TenantId};
use tests::{TestApp, TestOptions};
use uuid::Uuid;

const HOMES: &str = include_str!("../../../jobs/src/queue/homes.lua");
const CLAIM: &str = include_str!("../../../jobs/src/queue/claim.lua");

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

/// What a claim asked of Redis, how many values it was told, and how many jobs it took.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    commands: u64,
    values: u64,
    jobs: u64,
}

/// Takes jobs as a worker that is nobody's home does.
async fn claim_counted(app: &TestApp, pool: Pool, wanted: u64) -> Counted {
    let counting = format!(
        "local given, commands, values = redis, 0, 0
         local function counted(...)
           local said = given.call(...)
           commands = commands + 1
           values = values + (type(said) == 'table' and #said or 1)
           return said
         end
         local redis = {{ call = counted, sha1hex = given.sha1hex }}
         local function claim()
           {HOMES}
           {CLAIM}
         end
         local jobs = (#claim() - 1) / 5
         return {{ commands, values, jobs }}"
    );
    let prefix = &app.context.settings.redis.prefix;
    let (commands, values, jobs) = redis::Script::new(&counting)
        .key(format!("{{{prefix}:{pool}}}:6"))
        .arg(wanted)
        .arg("")
        .arg(0)
        .arg(0)
        .invoke_async(&mut app.redis_connection().await)
        .await
        .unwrap();
    Counted { commands, values, jobs }
}

/// Searches of as many sets of bases.
fn searches(tenant: TenantId, count: usize) -> Vec<Dispatch> {
    let search = || Dispatch {
        knowledge_bases: vec![KnowledgeBaseId(Uuid::now_v7()), KnowledgeBaseId(Uuid::now_v7())],
        ..job(tenant, Pool::Retrieval, "search_knowledge")
    };
    (0..count).map(|_| search()).collect()
}

fn job(tenant: TenantId, pool: Pool, kind: &str) -> Dispatch {
    Dispatch {
        id: JobId::generate(),
        tenant,
        pool,
        priority: 1,
        kind: kind.to_owned(),
        knowledge_bases: Vec::new(),
    }
}

async fn push(app: &TestApp, jobs: &[Dispatch]) {
    for some in jobs.chunks(500) {
        app.context.queue.try_push(some).await.unwrap();
    }
}

async fn limit(app: &TestApp, pool: Pool, limit: Limit<'_>) {
    let mut limits = PoolLimits::default();
    limits.set(limit, 1);
    app.context.queue.set_limits(pool, &limits).await.unwrap();
}

/// As many tenants with a job each, of a kind of which one job runs and no more may.
async fn at_the_limit_of_a_kind(tenants: usize) -> (TestApp, Vec<Popped>, Vec<Dispatch>) {
    let app = without_workers().await;
    limit(&app, Pool::General, Limit::Kind("diagnostics.noop")).await;
    let one = |_| job(TenantId(Uuid::now_v7()), Pool::General, "diagnostics.noop");
    let waiting: Vec<Dispatch> = (0..tenants).map(one).collect();
    push(&app, &[job(app.tenant, Pool::General, "diagnostics.noop")]).await;
    let running = app.context.queue.pop(Pool::General, 1, &[]).await.unwrap();
    push(&app, &waiting).await;
    (app, running, waiting)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_kind_costs_one_look_however_many_lines_it_has() {
    let mut costs = Vec::new();
    for lines in [30, 3000] {
        let app = without_workers().await;
        let search = "search_knowledge";
        limit(&app, Pool::Retrieval, Limit::KindOfTenant(app.tenant, search)).await;
        push(&app, &searches(app.tenant, lines)).await;
        let running = app.context.queue.pop(Pool::Retrieval, 5, &[]).await.unwrap();
        assert_eq!(running.len(), 1, "one may run");
        costs.push(claim_counted(&app, Pool::Retrieval, 5).await);
        // What may run does not stand behind them: another kind, another tenant's.
        let other = job(app.tenant, Pool::Retrieval, "check_response");
        let of_b = searches(app.tenant_b, 1).remove(0);
        push(&app, &[other.clone(), of_b.clone()]).await;
        let popped = app.context.queue.pop(Pool::Retrieval, 5, &[]).await.unwrap();
        let popped: Vec<Dispatch> = popped.into_iter().map(|popped| popped.job).collect();
        assert_eq!(popped, [other, of_b]);
        app.abandon().await;
    }
    assert_eq!(costs[0], costs[1], "as much for 3,000 lines as for 30");
    assert!(costs[0].jobs == 0 && costs[0].commands < 30, "{costs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_reads_and_writes_few_of_a_tenants_many_lines() {
    let app = without_workers().await;
    let waiting = searches(app.tenant, 3000);
    push(&app, &waiting).await;
    let cost = claim_counted(&app, Pool::Retrieval, 10).await;
    assert!(cost.jobs == 10 && cost.values < 150, "{cost:?}");
    // The lines take turns: those after the ten are next, and what is pushed to a line that has had its turn waits for the next one.
    let again = Dispatch {
        id: JobId::generate(),
        ..waiting[0].clone()
    };
    push(&app, std::slice::from_ref(&again)).await;
    let mut popped = Vec::new();
    while popped.last() != Some(&again.id) {
        let some = app.context.queue.pop(Pool::Retrieval, 100, &[]).await.unwrap();
        assert!(!some.is_empty());
        popped.extend(some.into_iter().map(|popped| popped.job.id));
    }
    let expected = waiting[10..].iter().chain([&again]).map(|job| job.id);
    assert_eq!(popped, expected.collect::<Vec<_>>());
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_that_may_not_run_are_looked_at_some_at_a_time_and_who_may_run_is_reached() {
    let (app, _running, _) = at_the_limit_of_a_kind(2000).await;
    let may_run = job(app.tenant_b, Pool::General, "diagnostics.sleep");
    push(&app, std::slice::from_ref(&may_run)).await;
    let cost = claim_counted(&app, Pool::General, 1).await;
    assert!(cost.jobs == 0 && cost.commands < 1000, "{cost:?}");
    let asking = Asking {
        limit: 1,
        pass_over: &[],
        reserved: false,
        home: None,
    };
    let mut asked = 1;
    loop {
        asked += 1;
        let taken = app.context.queue.take(Pool::General, &asking).await.unwrap();
        if let [popped] = taken.jobs.as_slice() {
            assert_eq!(popped.job, may_run);
            break;
        }
        assert_eq!(
            taken.left_for,
            Some(Duration::from_millis(100)),
            "there is more to look at"
        );
        assert!(asked < 8, "a look goes on where the one before it ended");
    }
    assert_eq!(asked, 7, "2,000 tenants are seven looks of 300");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_at_limits_of_their_own_are_not_asked_what_waits_of_theirs() {
    let app = without_workers().await;
    let tenants: Vec<TenantId> = (0..200).map(|_| TenantId(Uuid::now_v7())).collect();
    let mut limits = PoolLimits::default();
    for tenant in &tenants {
        limits.set(Limit::Tenant(*tenant), 1);
    }
    app.context.queue.set_limits(Pool::General, &limits).await.unwrap();
    for _ in 0..2 {
        let jobs: Vec<Dispatch> = tenants
            .iter()
            .map(|tenant| job(*tenant, Pool::General, "diagnostics.noop"))
            .collect();
        push(&app, &jobs).await;
    }
    let running = app.context.queue.pop(Pool::General, 500, &[]).await.unwrap();
    assert_eq!(running.len(), 200);
    let cost = claim_counted(&app, Pool::General, 1).await;
    assert!(cost.jobs == 0 && cost.commands < 2 * 200 + 40, "{cost:?}");
    // All were looked at, and keep their places: whose job ends first is next.
    for popped in running.iter().rev() {
        app.context.queue.release(Pool::General, [popped]).await.unwrap();
        let next = app.context.queue.pop(Pool::General, 1, &[]).await.unwrap();
        assert_eq!(next[0].job.tenant, popped.job.tenant);
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_tenants_than_a_claim_looks_at_each_has_its_turn() {
    let (app, mut running, waiting) = at_the_limit_of_a_kind(700).await;
    // Looks in vain turn the ring, and nobody falls out of it.
    for _ in 0..5 {
        assert!(app.context.queue.pop(Pool::General, 1, &[]).await.unwrap().is_empty());
    }
    let mut served = HashSet::new();
    for _ in &waiting {
        app.context.queue.release(Pool::General, &running).await.unwrap();
        running = app.context.queue.pop(Pool::General, 10, &[]).await.unwrap();
        assert_eq!(running.len(), 1, "one may run");
        served.extend(running.iter().map(|popped| popped.job.id));
    }
    assert_eq!(served, waiting.iter().map(|job| job.id).collect());
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_are_in_force_are_not_sent_again() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        redis_proxy: true,
        ..TestOptions::default()
    })
    .await;
    let queue = &app.context.queue;
    let mut limits = PoolLimits::default();
    limits.set(Limit::Kind("diagnostics.sleep"), 3);
    assert!(queue.set_limits(Pool::General, &limits).await.unwrap());
    // Whoever says this is cut off.
    app.redis().cut_in_answer_to("kind:diagnostics.sleep", 0);
    assert!(
        !queue.set_limits(Pool::General, &limits).await.unwrap(),
        "they were others"
    );
    limits.set(Limit::Kind("diagnostics.sleep"), 2);
    assert!(
        queue.set_limits(Pool::General, &limits).await.is_err(),
        "what has changed is said"
    );
    app.abandon().await;
}
