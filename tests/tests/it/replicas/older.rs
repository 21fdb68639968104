use super::listing::listed;
use super::{filled, finds, on_disk, start};
use diesel_async::SimpleAsyncConnection;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tests::{Process, TestApp, eventually};

/// The folders of the tenant's bases, one a release's layout.
fn layouts(app: &TestApp) -> Vec<std::path::PathBuf> {
    let of_tenant = app.data.path().join(format!("replicas/0/{}", app.tenant));
    let of_bases = super::directories(of_tenant);
    of_bases.into_iter().flat_map(super::directories).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_release_left_on_the_disk_is_built_anew_and_not_read() {
    let mut app = start(&[]).await;
    let base = filled(&app, "lighthouse", 3).await;
    finds(&app, &base, "lighthouse").await;
    let found = nearest(&app, &base).await;
    app.stop_workers().await;
    app.context.replicas.close().await;
    // As release 2 had it: a folder of its number, a marker that says so, values of four bytes in a file of another name.
    let current = layouts(&app).remove(0);
    assert!(current.ends_with(workers::INDEX_VERSION.to_string()), "{current:?}");
    let older = current.with_file_name("2");
    std::fs::rename(&current, &older).unwrap();
    let halves = std::fs::read(older.join("vectors.f16")).unwrap();
    std::fs::write(older.join("vectors.f32"), halves.repeat(2)).unwrap();
    std::fs::remove_file(older.join("vectors.f16")).unwrap();
    let marker = older.join("clean.json");
    let mut json: Value = serde_json::from_slice(&std::fs::read(&marker).unwrap()).unwrap();
    json["format"] = 2.into();
    std::fs::write(&marker, json.to_string()).unwrap();

    another_process(&mut app);
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(nearest(&app, &base).await, found);
    eventually(
        "the older one is gone",
        std::time::Duration::from_secs(10),
        async || !older.exists() && current.join("vectors.f16").exists(),
    )
    .await;
    assert_eq!(on_disk(&app).len(), 1);
    app.finish().await;
}

/// What a search by vectors finds, with its scores.
async fn nearest(app: &TestApp, base: &str) -> Vec<(Value, Value)> {
    let query =
        serde_json::json!({"knowledge_base_ids": [base], "query": "number2 stone", "mode": "vector", "limit": 3});
    let found = app.client.search(query).await;
    assert_eq!(found["stale"], false, "{found}");
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "{found}");
    results
        .iter()
        .map(|hit| (hit["chunk_id"].clone(), hit["score"].clone()))
        .collect()
}

/// What takes the slot next.
fn another_process(app: &mut TestApp) {
    app.context.replicas = workers::Replicas::new(
        app.context.store.clone(),
        &app.context.settings,
        app.context.models.clone(),
    );
}

/// A base whose replica is known to be up to date, and was closed where it has its files. What is done there by `lose` makes it unusable: it is known to be,
/// and is built anew, before anybody searches.
async fn is_built_anew_unasked(lose: impl FnOnce(&Path)) {
    let mut app = start(&[]).await;
    let base = filled(&app, "lighthouse", 3).await;
    finds(&app, &base, "lighthouse").await;
    app.context.replicas.keep_fresh(&app.context.system);
    let known = "SELECT count(*) FROM replica_cursors WHERE seq = 1 AND erased_seq = 1";
    eventually("it is known to be up to date", Duration::from_secs(20), async || {
        app.count(known).await == 1
    })
    .await;
    app.stop_workers().await;
    app.context.replicas.close().await;
    let current = layouts(&app).remove(0);
    lose(&current);

    // Whoever builds it waits for this.
    let mut held = app.database.owner().await;
    held.batch_execute("BEGIN; LOCK TABLE index_changes IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    another_process(&mut app);
    app.context.replicas.keep_fresh(&app.context.system);
    eventually("it is known not to be there", Duration::from_secs(10), async || {
        let copy = listed(&app, &base).await.remove(0);
        copy["state"] == "behind" && copy["index_seq"] == 0
    })
    .await;
    held.batch_execute("ROLLBACK").await.unwrap();
    eventually("it is built", Duration::from_secs(20), async || {
        let copy = listed(&app, &base).await.remove(0);
        copy["state"] == "current" && current.join("vectors.f16").exists()
    })
    .await;
    assert_eq!(layouts(&app), [current]);
    app.start_workers(jobs::Pool::ALL.to_vec());
    finds(&app, &base, "lighthouse").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_of_another_release_is_known_not_to_be_there_and_built_before_anybody_searches() {
    is_built_anew_unasked(|current| std::fs::rename(current, current.with_file_name("2")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_whose_process_was_killed_is_known_not_to_be_there_and_built_before_anybody_searches() {
    is_built_anew_unasked(|current| std::fs::remove_file(current.join("clean.json")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_are_there_are_visited_before_others_are_built_one_at_a_time() {
    let mut app = start(&[]).await;
    let names = ["lighthouse", "harbour", "ferry", "bridge", "tunnel"];
    for name in names {
        let base = filled(&app, name, 1).await;
        finds(&app, &base, name).await;
    }
    app.context.replicas.keep_fresh(&app.context.system);
    let known = "SELECT count(*) FROM replica_cursors WHERE seq = 1 AND erased_seq = 1";
    eventually("all are known to be up to date", Duration::from_secs(20), async || {
        app.count(known).await == 5
    })
    .await;
    app.stop_workers().await;
    app.context.replicas.close().await;
    let mut closed = layouts(&app);
    closed.sort();
    let there = closed.pop().unwrap();
    for unusable in &closed {
        std::fs::remove_file(unusable.join("clean.json")).unwrap();
    }
    app.execute("UPDATE replica_cursors SET seen_at = now() - interval '1 hour'")
        .await;
    // Of one that is known already not to be there.
    let base = |replica: &Path| {
        replica
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let of_one = format!(
        "UPDATE replica_cursors SET seq = 0 WHERE knowledge_base_id = '{}'",
        base(&closed[0])
    );
    app.execute(&of_one).await;

    // Whoever builds waits for this.
    let mut held = app.database.owner().await;
    held.batch_execute("BEGIN; LOCK TABLE index_changes IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    another_process(&mut app);
    app.context.replicas.keep_fresh(&app.context.system);
    let seen = "SELECT count(*) FROM replica_cursors WHERE seen_at > now() - interval '1 minute'";
    eventually(
        "all are known to be looked after",
        Duration::from_secs(10),
        async || app.count(seen).await == 5,
    )
    .await;
    let of_there = format!(
        "SELECT count(*) FROM replica_cursors WHERE knowledge_base_id = '{}' AND seq = 1",
        base(&there)
    );
    assert_eq!(app.count(&of_there).await, 1);
    let building = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE c.relname = 'index_changes' AND NOT l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("one is being built", Duration::from_secs(10), async || {
        app.count(building).await > 0
    })
    .await;
    for _ in 0..20 {
        assert_eq!(app.count(building).await, 1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The others are visited all the while, and the one that is built is not silent either.
    for _ in 0..2 {
        app.execute("UPDATE replica_cursors SET seen_at = now() - interval '1 hour'")
            .await;
        eventually(
            "all are looked after while one is built",
            Duration::from_secs(10),
            async || app.count(seen).await == 5,
        )
        .await;
    }
    assert_eq!(app.count(building).await, 1);
    held.batch_execute("ROLLBACK").await.unwrap();
    eventually("all are built", Duration::from_secs(20), async || {
        app.count(known).await == 5
    })
    .await;
    app.start_workers(jobs::Pool::ALL.to_vec());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_its_process_cannot_build_is_not_kept_from_being_given_up() {
    let mut app = start(&[]).await;
    for name in ["lighthouse", "harbour"] {
        let base = filled(&app, name, 1).await;
        finds(&app, &base, name).await;
    }
    app.context.replicas.keep_fresh(&app.context.system);
    let known = "SELECT count(*) FROM replica_cursors WHERE seq = 1 AND erased_seq = 1";
    eventually("both are known to be up to date", Duration::from_secs(20), async || {
        app.count(known).await == 2
    })
    .await;
    app.stop_workers().await;
    app.context.replicas.close().await;
    let unusable = layouts(&app).remove(0);
    std::fs::remove_file(unusable.join("clean.json")).unwrap();
    let base = unusable.parent().unwrap().file_name().unwrap().to_str().unwrap();
    app.execute(&format!(
        "UPDATE knowledge_bases SET embedding_model = 'of-yesterday' WHERE id = '{base}'"
    ))
    .await;
    let longer_ago = "UPDATE replica_cursors SET seen_at = now() - interval '1 hour'";
    app.execute(longer_ago).await;

    another_process(&mut app);
    app.context.replicas.keep_fresh(&app.context.system);
    let seen = "SELECT count(*) FROM replica_cursors WHERE seen_at > now() - interval '1 minute'";
    let emptied = format!("SELECT count(*) FROM replica_cursors WHERE knowledge_base_id = '{base}' AND seq = 0");
    eventually("the other is visited", Duration::from_secs(10), async || {
        app.count(seen).await > 0 && app.count(&emptied).await == 1
    })
    .await;
    // That it is not there was written down a moment ago; from here on nothing says that anybody looks after it.
    app.execute(longer_ago).await;
    for _ in 0..2 {
        app.execute(&format!("{longer_ago} WHERE knowledge_base_id <> '{base}'"))
            .await;
        eventually("the other is visited again", Duration::from_secs(10), async || {
            app.count(seen).await > 0
        })
        .await;
    }
    let of_it = format!("{seen} AND knowledge_base_id = '{base}'");
    assert_eq!(app.count(&of_it).await, 0);
    // As once it was silent for long.
    app.execute(&format!(
        "DELETE FROM replica_cursors WHERE knowledge_base_id = '{base}'"
    ))
    .await;
    eventually(
        "nothing of it is left on the disk",
        Duration::from_secs(10),
        async || !unusable.exists(),
    )
    .await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_answers_no_searches_leaves_replicas_to_one_that_does() {
    let mut app = start(&[]).await;
    let base = filled(&app, "lighthouse", 3).await;
    finds(&app, &base, "lighthouse").await;
    app.stop_workers().await;
    app.context.replicas.close().await;
    another_process(&mut app);
    let own = app.environment();
    let environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let log = app.data.path().join("worker.log");
    let _general = Process::start(&["worker", "--pools", "general"], &environment, &log);
    let its_own = app.data.path().join("replicas/1/slot.id");
    eventually("it has a place of its own", Duration::from_secs(30), async || {
        its_own.exists()
    })
    .await;
    app.start_workers(vec![jobs::Pool::Retrieval, jobs::Pool::Ingest]);
    finds(&app, &base, "lighthouse").await;
    assert_eq!(on_disk(&app), [(base, true)]);
    app.finish().await;
}
