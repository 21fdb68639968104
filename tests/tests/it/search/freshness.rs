//! Read your writes, with any number of replicas, each of which may be thrown away.
use config::Settings;
use diesel_async::SimpleAsyncConnection;
use jobs::Pool;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{TestApp, TestOptions, eventually};
use workers::{Context, Replicas, WorkerOptions, Workers};

async fn ingest(app: &TestApp, base: &str, word: &str) -> Value {
    let document = json!({"title": word, "content": format!("The lantern called {word}."), "mime_type": "text/plain", "external_id": word});
    app.client.ingest(base, document).await
}

async fn search(app: &TestApp, base: &str, word: &str) -> Value {
    app.client
        .search(json!({"knowledge_base_ids": [base], "query": word, "mode": "keyword"}))
        .await
}

fn replicas(app: &TestApp, settings: &Settings) -> Replicas {
    Replicas::new(app.context.store.clone(), settings, app.context.models.clone())
}

/// A further process's worth of search workers, with replicas of its own in the same data directory.
fn search_workers(app: &TestApp) -> (Workers, Replicas) {
    let own = replicas(app, &app.context.settings);
    let context = Context {
        replicas: own.clone(),
        ..app.context.clone()
    };
    let options = WorkerOptions::new(&context.settings, vec![Pool::Retrieval]);
    (workers::start(&context, &app.registry, options), own)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_right_after_its_document_was_ingested_sees_it_twenty_times_over() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for number in 0..20 {
        let word = format!("word{number}");
        ingest(&app, &base, &word).await;
        let found = search(&app, &base, &word).await;
        assert_eq!(
            (found["results"].as_array().unwrap().len(), &found["stale"]),
            (1, &json!(false)),
            "{word}: {found}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_replica_answers_has_seen_the_write() {
    let app = TestApp::start_with(TestOptions {
        pools: vec![Pool::Ingest, Pool::General],
        ..TestOptions::default()
    })
    .await;
    let (one, two) = (search_workers(&app), search_workers(&app));
    let base = app.client.knowledge_base("base").await;
    for number in 0..20 {
        let word = format!("word{number}");
        ingest(&app, &base, &word).await;
        let (first, second) = tokio::join!(search(&app, &base, &word), search(&app, &base, &word));
        for found in [first, second] {
            assert_eq!(
                (found["results"].as_array().unwrap().len(), &found["stale"]),
                (1, &json!(false)),
                "{word}: {found}"
            );
        }
    }
    let slots = std::fs::read_dir(app.data.path().join("replicas"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .count();
    assert_eq!(slots, 2, "each has replicas of its own");
    for (workers, replicas) in [one, two] {
        workers.shut_down().await;
        replicas.close().await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_whose_directory_was_deleted_is_rebuilt() {
    let mut app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for number in 0..5 {
        ingest(&app, &base, &format!("word{number}")).await;
    }
    assert_eq!(
        search(&app, &base, "lantern").await["results"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    app.stop_workers().await;
    app.context.replicas.close().await;
    std::fs::remove_dir_all(app.data.path().join("replicas")).unwrap();
    app.context.replicas = replicas(&app, &app.context.settings);
    app.start_workers(Pool::ALL.to_vec());
    let calls = app.words.embedded.lock().unwrap().len();
    let found = search(&app, &base, "lantern").await;
    assert_eq!(
        (found["results"].as_array().unwrap().len(), &found["stale"]),
        (5, &json!(false)),
        "{found}"
    );
    assert_eq!(
        app.words.embedded.lock().unwrap().len(),
        calls,
        "from what Postgres has: nothing is embedded again"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_missed_changes_while_nobody_ran_catches_up() {
    let mut app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, "amber").await;
    let kept = ingest(&app, &base, "basalt").await;
    search(&app, &base, "lantern").await;
    app.stop_workers().await;
    app.context.replicas.close().await;
    // Written by a process that never searches.
    app.start_workers(vec![Pool::Ingest]);
    ingest(&app, &base, "cobalt").await;
    let deleted = app
        .client
        .delete(&format!("/v1/documents/{}", kept["document_id"].as_str().unwrap()))
        .await;
    assert!(deleted.status.is_success(), "{}", deleted.text);
    app.stop_workers().await;
    app.context.replicas = replicas(&app, &app.context.settings);
    app.start_workers(Pool::ALL.to_vec());
    app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    let found = search(&app, &base, "lantern").await;
    let mut titles: Vec<_> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["title"].as_str().unwrap())
        .collect();
    titles.sort_unstable();
    assert_eq!(titles, ["amber", "cobalt"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_may_not_wait_says_that_it_is_stale_and_a_later_one_is_not() {
    let settings = vec![("retrieval.freshness_wait_ms", "0".to_owned())];
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, "amber").await;
    let at_once = search(&app, &base, "amber").await;
    assert_eq!(
        (at_once["results"].as_array().unwrap().len(), &at_once["stale"]),
        (0, &json!(true)),
        "it cannot have caught up: {at_once}"
    );
    eventually(
        "the replica catches up behind it",
        Duration::from_secs(10),
        async || {
            let found = search(&app, &base, "amber").await;
            found["stale"] == false && found["results"].as_array().unwrap().len() == 1
        },
    )
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_that_are_behind_are_waited_for_together() {
    let settings = vec![("retrieval.freshness_wait_ms", "1000".to_owned())];
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let mut bases = Vec::new();
    for number in 0..5 {
        let base = app.client.knowledge_base(&format!("base {number}")).await;
        ingest(&app, &base, "amber").await;
        bases.push(base);
    }
    // From here on no replica can read the log of changes.
    let mut owner = app.database.owner().await;
    owner
        .batch_execute("BEGIN; LOCK TABLE index_changes IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let query = json!({"knowledge_base_ids": bases, "query": "amber", "mode": "keyword"});
    let found = app.client.search(query.clone()).await;
    owner.batch_execute("COMMIT").await.unwrap();
    assert_eq!(found["stale"], true, "{found}");
    let took_ms = found["took_ms"].as_u64().unwrap();
    assert!(
        (1_000..3_000).contains(&took_ms),
        "one after another takes 5 s: {found}"
    );
    eventually("they have caught up", Duration::from_secs(10), async || {
        let found = app.client.search(query.clone()).await;
        found["stale"] == false && found["results"].as_array().unwrap().len() == 5
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_replica_lies_under_its_tenant_and_base() {
    let app = TestApp::start().await;
    let (base, base_b) = (
        app.client.knowledge_base("base").await,
        app.client_b.knowledge_base("base").await,
    );
    ingest(&app, &base, "amber").await;
    search(&app, &base, "amber").await;
    app.client_b
        .search(json!({"knowledge_base_ids": [base_b], "query": "amber"}))
        .await;
    let root = app.data.path().join("replicas");
    let slot = std::fs::read_dir(&root)
        .unwrap()
        .flatten()
        .find(|entry| entry.path().is_dir())
        .unwrap()
        .path();
    for (tenant, base) in [(app.tenant, &base), (app.tenant_b, &base_b)] {
        assert!(slot.join(tenant.to_string()).join(base).is_dir(), "{tenant}/{base}");
    }
    assert_eq!(
        std::fs::read_dir(&slot)
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .count(),
        2
    );
    app.finish().await;
}
