use super::{filled, finds, search};
use jobs::Pool;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use store::JobId;
use tests::{TestApp, TestOptions, eventually};
use workers::{Context, Replicas, WorkerOptions, Workers};

/// A process's worth of search workers, with replicas of its own.
struct Searcher {
    workers: Workers,
    replicas: Replicas,
}

impl Searcher {
    fn start(app: &TestApp) -> Self {
        let context = &app.context;
        let replicas = Replicas::new(context.store.clone(), &context.settings, context.models.clone());
        replicas.keep_fresh(&context.system);
        let context = Context {
            replicas: replicas.clone(),
            ..context.clone()
        };
        let options = WorkerOptions::new(&context.settings, vec![Pool::Retrieval]);
        Self {
            workers: workers::start(&context, &app.registry, options),
            replicas,
        }
    }

    async fn stop(self) {
        self.workers.shut_down().await;
        self.replicas.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_answered_while_processes_come_and_go() {
    let app = TestApp::start_with(TestOptions {
        pools: vec![Pool::Ingest, Pool::General],
        ..TestOptions::default()
    })
    .await;
    // So many that each process is the home of one, whichever those are.
    let mut bases = Vec::new();
    for number in 0..12 {
        let name = format!("base{number}");
        bases.push((filled(&app, &name, 5).await, name));
    }
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let client = async |first: usize| {
        let mut turns = first..;
        while !stop.load(Ordering::Relaxed) {
            let (base, name) = &bases[turns.next().unwrap() % bases.len()];
            finds(&app, base, name).await;
            answered.fetch_add(1, Ordering::Relaxed);
        }
    };
    // So many more answers that whoever came or went has been noticed.
    let more = async |count: usize| {
        let wanted = answered.load(Ordering::Relaxed) + count;
        eventually("searches are answered", Duration::from_secs(60), async || {
            answered.load(Ordering::Relaxed) >= wanted
        })
        .await;
    };
    let scaled = async {
        let one = Searcher::start(&app);
        more(30).await;
        let (two, three) = (Searcher::start(&app), Searcher::start(&app));
        more(60).await;
        one.stop().await;
        more(30).await;
        two.stop().await;
        more(30).await;
        stop.store(true, Ordering::Relaxed);
        three
    };
    let (three, ..) = tokio::join!(scaled, client(0), client(1), client(2), client(3));
    let workers = "SELECT count(DISTINCT worker) FROM job_attempts WHERE job_id IN (SELECT id FROM jobs WHERE kind = 'search_knowledge')";
    assert_eq!(app.count(workers).await, 3, "each of the three has answered");
    let failed = "SELECT count(*) FROM job_attempts a JOIN jobs j ON j.id = a.job_id WHERE j.kind = 'search_knowledge' AND a.outcome NOT IN ('succeeded', 'handed_back')";
    assert_eq!(app.count(failed).await, 0);
    three.stop().await;
    app.finish().await;
}

/// By searches after the id: pairs of a base and a process that has answered it, and processes.
async fn answered_by(app: &TestApp, since: JobId) -> (i64, i64) {
    let answered = format!(
        "FROM jobs j JOIN job_attempts a ON a.job_id = j.id WHERE j.kind = 'search_knowledge' AND j.id > '{since}'"
    );
    let pairs = format!("SELECT count(DISTINCT (j.knowledge_base_ids, a.worker)) {answered}");
    let workers = format!("SELECT count(DISTINCT a.worker) {answered}");
    (app.count(&pairs).await, app.count(&workers).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_replica_that_is_open_elsewhere() {
    // A search that comes to a process which has not opened the base says so: it is stale.
    let app = TestApp::start_with(TestOptions {
        pools: vec![Pool::Ingest, Pool::General],
        settings: vec![("retrieval.freshness_wait_ms", "0".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let mut bases = Vec::new();
    for number in 0..12 {
        let name = format!("base{number}");
        bases.push((filled(&app, &name, 5).await, name));
    }
    let one = Searcher::start(&app);
    for (base, name) in &bases {
        eventually("its replica is built", Duration::from_secs(20), async || {
            search(&app, base, name).await["stale"] == false
        })
        .await;
    }
    let copies = "SELECT count(*) FROM replica_cursors";
    let all_find = async || {
        for (base, name) in &bases {
            finds(&app, base, name).await;
        }
    };
    // Others join: each base moves to its home only once that has opened it, and a second stands by.
    let (two, three) = (Searcher::start(&app), Searcher::start(&app));
    eventually("each has its home and another", Duration::from_secs(60), async || {
        all_find().await;
        let since = JobId::generate();
        all_find().await;
        // Which is the home of which is drawn: of three, one may be that of none of twelve (once in 43 times).
        let (pairs, processes) = answered_by(&app, since).await;
        pairs == 12 && processes >= 2 && app.count(copies).await >= 24
    })
    .await;
    // One leaves, and whatever it was home of is answered by who stood by.
    one.stop().await;
    for _ in 0..3 {
        all_find().await;
    }
    two.stop().await;
    three.stop().await;
    app.finish().await;
}
