//! Which process is given a job that needs a base's replica: asked of the dispatch index as processes ask it.
use jobs::{Asking, Dispatch, Home, Limit, Pool, PoolLimits, PoppedJobs, Wanted};
use redis::AsyncCommands;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::{JobId, KnowledgeBaseId, TenantId};
use tests::{TestApp, TestOptions};
use uuid::Uuid;

/// Processes as the index knows them, by name: what each has open, and what it was told to open.
struct Processes {
    app: TestApp,
    warm: BTreeMap<&'static str, Vec<KnowledgeBaseId>>,
    wanted: BTreeSet<(&'static str, Wanted)>,
}

impl Processes {
    async fn of(names: &[&'static str]) -> Self {
        let app = TestApp::start_with(TestOptions {
            pools: Vec::new(),
            ..TestOptions::default()
        })
        .await;
        let mut processes = Self {
            app,
            warm: names.iter().map(|name| (*name, Vec::new())).collect(),
            wanted: BTreeSet::new(),
        };
        for name in names {
            assert!(
                processes.asks(name, 8).await.jobs.is_empty(),
                "it has slots, and says so"
            );
        }
        processes
    }

    /// All say that they are alive, and one asks for so many jobs.
    async fn asks(&mut self, name: &'static str, limit: usize) -> PoppedJobs {
        self.asks_with(name, limit, false, 2).await
    }

    async fn asks_with(&mut self, name: &'static str, limit: usize, reserved: bool, copies: usize) -> PoppedJobs {
        self.announce().await;
        let asking = Asking {
            limit,
            pass_over: &[],
            reserved,
            home: Some(Home { name, copies }),
        };
        let queue = &self.app.context.queue;
        queue.take(Pool::Retrieval, &asking).await.unwrap()
    }

    async fn announce(&mut self) {
        for (name, warm) in &self.warm {
            let queue = &self.app.context.queue;
            let wanted = queue.announce_home(Pool::Retrieval, name, warm).await.unwrap();
            self.wanted.extend(wanted.into_iter().map(|wanted| (*name, wanted)));
        }
    }

    async fn leaves(&mut self, name: &'static str) {
        self.warm.remove(name);
        self.app.context.queue.leave_home(Pool::Retrieval, name).await.unwrap();
    }

    fn opens(&mut self, name: &'static str, base: KnowledgeBaseId) {
        self.warm.get_mut(name).unwrap().push(base);
    }

    /// Which are told to open the base, and whether to search it.
    async fn told(&mut self, base: KnowledgeBaseId) -> Vec<(&'static str, bool)> {
        self.announce().await;
        let told = self.wanted.iter().filter(|(_, wanted)| wanted.base == base);
        told.map(|(name, wanted)| (*name, wanted.to_search)).collect()
    }

    async fn push(&self, base: KnowledgeBaseId) -> JobId {
        self.push_of(self.app.tenant, &[base]).await
    }

    async fn push_of(&self, tenant: TenantId, bases: &[KnowledgeBaseId]) -> JobId {
        let id = JobId::generate();
        let job = Dispatch {
            id,
            tenant,
            pool: Pool::Retrieval,
            priority: 1,
            kind: "search_knowledge".to_owned(),
            knowledge_bases: bases.to_vec(),
        };
        self.app.context.queue.try_push(&[job]).await.unwrap();
        id
    }

    /// Who is given a job of the base, which nobody has open: asked one after another, so that each can leave it to another.
    async fn given(&mut self, names: &[&'static str], base: KnowledgeBaseId) -> Vec<&'static str> {
        let id = self.push(base).await;
        let mut given = Vec::new();
        for name in names {
            given.extend(ids(&self.asks(name, 8).await).contains(&id).then_some(*name));
        }
        given
    }
}

fn base() -> KnowledgeBaseId {
    KnowledgeBaseId(Uuid::now_v7())
}

fn ids(popped: &PoppedJobs) -> Vec<JobId> {
    popped.jobs.iter().map(|popped| popped.job.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_base_has_one_home_and_only_those_of_a_process_that_left_move() {
    let names = ["one", "two", "three"];
    let mut processes = Processes::of(&names).await;
    let bases: Vec<KnowledgeBaseId> = (0..24).map(|_| base()).collect();
    let mut homes = BTreeMap::new();
    for base in &bases {
        let given = processes.given(&names, *base).await;
        assert_eq!(
            given.len(),
            1,
            "one takes it and the others leave it to that one: {given:?}"
        );
        homes.insert(*base, given[0]);
    }
    assert_eq!(homes.values().collect::<BTreeSet<_>>().len(), 3, "{homes:?}");
    processes.leaves("three").await;
    for (base, before) in homes {
        let given = processes.given(&["one", "two"], base).await;
        assert!(
            given == [before] || before == "three" && given.len() == 1,
            "{before} {given:?}"
        );
    }
    processes.app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_left_to_who_has_its_base_open_and_the_home_is_told_to_open_it() {
    let mut processes = Processes::of(&["one", "two"]).await;
    let base = base();
    let home = processes.given(&["one", "two"], base).await[0];
    let other = if home == "one" { "two" } else { "one" };
    // As after the home joined: it is the other that has the base.
    processes.opens(other, base);
    let id = processes.push(base).await;
    let left = processes.asks(home, 8).await;
    assert!(left.jobs.is_empty(), "{left:?}");
    assert!(
        left.left_for.is_some_and(|left| left > Duration::from_secs(1)),
        "{left:?}"
    );
    assert_eq!(processes.told(base).await, [(home, true)]);
    assert_eq!(ids(&processes.asks(other, 8).await), [id]);
    // Once it has opened it, it is its home.
    processes.opens(home, base);
    let id = processes.push(base).await;
    let left = processes.asks(other, 8).await;
    assert!(left.jobs.is_empty(), "{left:?}");
    assert_eq!(ids(&processes.asks(home, 8).await), [id]);
    // Should it not come for it, the other has the job a moment later.
    let id = processes.push(base).await;
    let left = processes.asks(other, 8).await.left_for.unwrap();
    assert!(left <= Duration::from_millis(250), "{left:?}");
    tokio::time::sleep(left).await;
    assert_eq!(ids(&processes.asks(other, 8).await), [id]);
    // What waits next in the line has not waited yet.
    processes.push(base).await;
    assert!(processes.asks(other, 8).await.jobs.is_empty());
    processes.leaves(home).await;
    assert_eq!(
        processes.asks(other, 8).await.jobs.len(),
        1,
        "nothing is left to who has gone"
    );
    processes.app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_busy_is_helped_by_one_that_has_opened_the_base_first() {
    let names = ["one", "two", "three"];
    let mut processes = Processes::of(&names).await;
    let base = loop {
        let base = base();
        if processes.given(&names, base).await == ["one"] {
            break base;
        }
    };
    processes.opens("one", base);
    processes.push(base).await;
    assert_eq!(processes.asks("one", 1).await.jobs.len(), 1, "its only free slot");
    let id = processes.push(base).await;
    processes.wanted.clear();
    for name in ["two", "three"] {
        let left = processes.asks(name, 8).await;
        assert!(
            left.jobs.is_empty(),
            "who has not opened it leaves it for a while: {left:?}"
        );
    }
    let told = processes.told(base).await;
    let helper = told
        .iter()
        .find(|(name, to_search)| *name != "one" && *to_search)
        .unwrap()
        .0;
    processes.opens(helper, base);
    assert_eq!(ids(&processes.asks(helper, 8).await), [id], "{told:?}");
    // Slots that are kept for other tenants are none for this one.
    processes.asks_with("one", 2, true, 2).await;
    let id = processes.push(base).await;
    assert_eq!(ids(&processes.asks(helper, 8).await), [id]);
    processes.app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_as_are_wanted_stand_by_for_a_base_that_is_searched() {
    for (copies, more) in [(1, 0), (2, 1), (3, 2)] {
        let mut processes = Processes::of(&["one", "two", "three"]).await;
        let base = base();
        let home = processes.given(&["one", "two", "three"], base).await[0];
        assert_eq!(
            processes.told(base).await,
            [],
            "the first search finds out whether there is such a base"
        );
        processes.opens(home, base);
        processes.push(base).await;
        assert_eq!(processes.asks_with(home, 8, false, copies).await.jobs.len(), 1);
        let told = processes.told(base).await;
        assert_eq!(told.len(), more, "{told:?}");
        assert!(
            told.iter().all(|(name, to_search)| *name != home && !to_search),
            "{told:?}"
        );
        processes.app.abandon().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_take_turns_within_a_tenants_turn_and_count_under_the_limit_of_their_kind() {
    let mut processes = Processes::of(&["one"]).await;
    let (busy, quiet, other) = (base(), base(), TenantId(Uuid::now_v7()));
    for _ in 0..5 {
        processes.push(busy).await;
    }
    let second = processes.push(quiet).await;
    let third = processes.push_of(other, &[base()]).await;
    let first = processes.asks("one", 3).await;
    assert!(
        ids(&first).contains(&second) && ids(&first).contains(&third),
        "{first:?}"
    );
    assert_eq!(first.jobs[0].job.knowledge_bases, [busy]);
    let mut limits = PoolLimits::default();
    limits.set(Limit::Kind("search_knowledge"), 1);
    let queue = processes.app.context.queue.clone();
    queue.set_limits(Pool::Retrieval, &limits).await.unwrap();
    processes.push(quiet).await;
    let limited = processes.asks("one", 8).await;
    assert_eq!(limited.jobs.len(), 1, "whatever their bases: {limited:?}");
    queue.release(Pool::Retrieval, &limited.jobs).await.unwrap();
    assert_eq!(processes.asks("one", 8).await.jobs.len(), 1);
    processes.app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lines_that_are_another_s_do_not_keep_a_process_from_its_own() {
    let mut processes = Processes::of(&["one", "two"]).await;
    let others: Vec<KnowledgeBaseId> = (0..250).map(|_| base()).collect();
    processes.warm.insert("two", others.clone());
    for other in others {
        processes.push(other).await;
    }
    let own = base();
    processes.opens("one", own);
    let id = processes.push(own).await;
    let mut asked = 0;
    loop {
        asked += 1;
        let got = processes.asks("one", 8).await;
        if ids(&got).contains(&id) {
            break;
        }
        assert!(got.jobs.is_empty() && asked < 4, "{got:?}");
    }
    assert!(asked > 1, "a look is bounded");
    processes.app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_over_several_bases_waits_for_who_has_all_of_them() {
    let mut processes = Processes::of(&["one", "two"]).await;
    let (first, second) = (base(), base());
    let home = processes.given(&["one", "two"], first).await[0];
    let other = if home == "one" { "two" } else { "one" };
    processes.opens(home, first);
    processes.opens(other, first);
    processes.opens(other, second);
    let tenant = processes.app.tenant;
    let id = processes.push_of(tenant, &[first, second]).await;
    assert!(processes.asks(home, 8).await.jobs.is_empty());
    assert_eq!(processes.told(second).await, [(home, true)], "what it lacks");
    assert_eq!(processes.told(first).await, []);
    assert_eq!(ids(&processes.asks(other, 8).await), [id]);
    processes.opens(home, second);
    let id = processes.push_of(tenant, &[first, second]).await;
    assert!(processes.asks(other, 8).await.jobs.is_empty());
    assert_eq!(ids(&processes.asks(home, 8).await), [id]);
    processes.app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_line_waited_is_forgotten_whoever_takes_its_job_and_after_an_hour() {
    let mut processes = Processes::of(&["one", "two"]).await;
    let base = base();
    let home = processes.given(&["one", "two"], base).await[0];
    let other = if home == "one" { "two" } else { "one" };
    processes.opens(home, base);
    processes.push(base).await;
    assert!(processes.asks(other, 8).await.jobs.is_empty());
    let mut redis = processes.app.redis_connection().await;
    let waits = format!("{{{}:retrieval}}:6:waits", processes.app.context.settings.redis.prefix);
    let lines =
        async |redis: &mut redis::aio::MultiplexedConnection| redis.hkeys::<_, Vec<String>>(&waits).await.unwrap();
    assert_eq!(lines(&mut redis).await.len(), 1);
    processes.leaves(home).await;
    assert_eq!(processes.asks(other, 8).await.jobs.len(), 1, "it is alone");
    assert_eq!(lines(&mut redis).await, [""; 0]);
    let now_ms = processes.app.context.queue.now_ms().await.unwrap();
    for (line, minutes) in [("gone", 61), ("waiting", 59)] {
        let _: i64 = redis.hset(&waits, line, now_ms - minutes * 60_000).await.unwrap();
    }
    processes.announce().await;
    assert_eq!(lines(&mut redis).await, ["waiting"]);
    processes.app.abandon().await;
}
