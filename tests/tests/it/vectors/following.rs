//! The server's copy follows its base: through changes, losses and failures.
use super::{app_with, base_in, ingest, search, start, titles, titles_of};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use store::{KnowledgeBaseId, StoreError, vector_indexes};
use tests::{QdrantDouble, QdrantMischief, TestApp, eventually};

const HERON: &str = "The heron stands in the river.";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ingested_before_a_search_is_found_by_it_and_what_was_replaced_leaves_nothing() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    assert_eq!(search(&app, &base, "anything").await["results"], json!([]));
    let sections: String = (0..30)
        .map(|number| format!("# Part {number}\n\n{}\n\n", format!("stone{number} ").repeat(120)))
        .collect();
    ingest(&app, &base, "stones", &sections).await;
    ingest(&app, &base, "heron", HERON).await;
    assert_eq!(titles(&app, &base, "heron river").await[0], "heron");
    let chunks = server.chunks().len();
    assert!(chunks > 30, "{chunks}");
    ingest(&app, &base, "stones", "# Part 1\n\nOnly one stone is left.").await;
    titles(&app, &base, "stone").await;
    assert_eq!(server.chunks().len(), 2);
    let deleted = app.client.get(&format!("/v1/knowledge-bases/{base}/documents")).await;
    let first = deleted.body["data"][0]["id"].as_str().unwrap().to_owned();
    app.client.delete(&format!("/v1/documents/{first}")).await;
    eventually("the document is gone", Duration::from_secs(20), async || {
        titles_of(&search(&app, &base, "stone heron").await).len() == 1 && server.chunks().len() == 1
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_taken_off_the_server_and_not_missed_there_until_it_is_switched_on() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    let heron = ingest(&app, &base, "heron", HERON).await;
    ingest(&app, &base, "otter", "The otter swims.").await;
    assert_eq!(titles(&app, &base, "heron river").await[0], "heron");
    let switch = async |enabled: bool| {
        let request = app.client.request(Method::PATCH, &format!("/v1/documents/{heron}"));
        let switched = app.client.send(request.json(&json!({ "enabled": enabled }))).await;
        assert_eq!(switched.status.as_u16(), 200, "{}", switched.text);
    };
    let models = app.texts("SELECT embedding_model AS text FROM knowledge_bases").await;
    let wanted = async || {
        let (id, model) = (KnowledgeBaseId(base.parse().unwrap()), models[0].clone());
        let counted = app.context.store.tenant(app.tenant, async move |tx| {
            store::documents::count_of_base(tx, id, &model).await
        });
        usize::try_from(counted.await.unwrap().chunks).unwrap()
    };
    for (enabled, chunks) in [(false, 1), (true, 2)] {
        switch(enabled).await;
        let found = titles(&app, &base, "heron river").await;
        assert_eq!(found.iter().any(|title| title == "heron"), enabled, "{found:?}");
        assert_eq!((server.chunks().len(), wanted().await), (chunks, chunks), "{enabled}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_has_lost_is_put_there_again() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    assert_eq!(titles(&app, &base, "heron").await, ["heron"]);
    server.wipe();
    assert_eq!(titles(&app, &base, "heron").await, ["heron"]);
    server.wipe();
    // Also where nobody searches.
    app.context.replicas.keep_fresh(&app.context.system);
    eventually("it is there again", Duration::from_secs(20), async || {
        server.chunks().len() == 1
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_has_fewer_chunks_than_its_place_says_or_more_is_built_anew() {
    let server = QdrantDouble::start().await;
    let mut settings = server.settings();
    settings.push(("retrieval.refresh_interval_secs", "1".to_owned()));
    settings.push(("qdrant.compare_interval_secs", "1".to_owned()));
    let app = start(settings).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    ingest(&app, &base, "otter", "The otter swims.").await;
    titles(&app, &base, "heron").await;
    let kept = server.chunks();
    app.context.replicas.keep_fresh(&app.context.system);
    server.lose_chunks();
    eventually("what it lost is there again", Duration::from_secs(20), async || {
        server.chunks().len() == 2
    })
    .await;
    server.add(&kept[0]);
    eventually("what came from nowhere is gone", Duration::from_secs(20), async || {
        server.chunks().len() == 2
    })
    .await;
    assert_eq!(titles(&app, &base, "heron river").await[0], "heron");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_ahead_of_a_base_that_was_restored_to_an_earlier_point_is_built_anew() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    ingest(&app, &base, "otter", "The otter swims.").await;
    titles(&app, &base, "heron").await;
    assert_eq!(server.chunks().len(), 2);
    let restore_to = async |seq: i64| {
        for change in [
            format!("DELETE FROM index_changes WHERE seq > {seq}"),
            format!("UPDATE knowledge_base_heads SET seq = {seq}"),
            format!("UPDATE replica_cursors SET seq = {seq}, erased_seq = {seq} WHERE host = 'qdrant'"),
        ] {
            app.execute(&change).await;
        }
    };
    restore_to(1).await;
    search(&app, &base, "heron").await;
    assert_eq!(server.chunks().len(), 1, "the otter was not there yet");
    // Also where nobody searches.
    restore_to(0).await;
    app.context.replicas.keep_fresh(&app.context.system);
    eventually("nor was the heron", Duration::from_secs(20), async || {
        server.chunks().is_empty()
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_changes_that_a_restored_base_never_had_is_built_anew_also_where_the_base_has_overtaken_it() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    ingest(&app, &base, "otter", "The otter swims.").await;
    titles(&app, &base, "heron").await;
    let restored = [
        "DELETE FROM documents WHERE title = 'otter'",
        "DELETE FROM index_changes WHERE seq > 1",
        "UPDATE replica_cursors SET seq = 1, erased_seq = 1",
        "UPDATE knowledge_base_heads SET seq = 1, era_server = era_server - interval '1 day'",
    ];
    for change in restored {
        app.execute(change).await;
    }
    ingest(&app, &base, "kestrel", "The kestrel hovers.").await;
    app.context.replicas.keep_fresh(&app.context.system);
    eventually("it holds the base as it is", Duration::from_secs(20), async || {
        let mut found = titles_of(&search(&app, &base, "kestrel hovers in the river").await);
        found.sort_unstable();
        found == ["heron", "kestrel"] && server.chunks().len() == 2
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_searches_fail_that_need_it_and_no_others() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    server.behave(QdrantMischief::Unavailable);
    let query = json!({"knowledge_base_ids": [base], "query": "heron", "mode": "vector"});
    let failed = app.client.post("/v1/search", query).await.body;
    assert_eq!(
        (&failed["state"], &failed["error"]["code"]),
        (&json!("dead"), &json!("vector_server")),
        "{failed}"
    );
    // Documents come in, and keywords find them.
    ingest(&app, &base, "otter", "The otter swims.").await;
    let query = json!({"knowledge_base_ids": [base], "query": "otter", "mode": "keyword"});
    assert_eq!(titles_of(&app.client.search(query).await), ["otter"]);
    server.behave(QdrantMischief::None);
    assert_eq!(titles(&app, &base, "otter swims").await[0], "otter");
    // A server that is slow to take changes does not hold a search up for ever: it is stale.
    ingest(&app, &base, "kestrel", "The kestrel hovers.").await;
    server.behave(QdrantMischief::Slow(Duration::from_millis(900)));
    let found = search(&app, &base, "kestrel hovers").await;
    assert_eq!(found["stale"], true, "{found}");
    server.behave(QdrantMischief::None);
    eventually("it has caught up", Duration::from_secs(20), async || {
        search(&app, &base, "kestrel hovers").await["stale"] == false
    })
    .await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_writes_at_a_time_and_a_dead_one_is_followed() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    // Another process is writing, as far as anybody knows.
    let held = format!(
        "UPDATE replica_cursors SET writer = uuidv7(), writer_until = now() + interval '1 hour' WHERE knowledge_base_id = '{base}' AND host = 'qdrant'"
    );
    app.execute(&held).await;
    let found = search(&app, &base, "heron").await;
    assert_eq!((&found["stale"], server.points()), (&json!(true), 0), "{found}");
    app.execute("UPDATE replica_cursors SET writer_until = now() WHERE host = 'qdrant'")
        .await;
    assert_eq!(titles(&app, &base, "heron").await, ["heron"]);
    let free = "SELECT count(*) FROM replica_cursors WHERE host = 'qdrant' AND writer IS NULL AND seq > 0";
    assert_eq!(app.count(free).await, 1);
    app.finish().await;
}

/// A base with an otter and a heron; what the server is to have of the heron is under way, and the lease of whoever sent it has run out.
struct Stopped {
    server: QdrantDouble,
    app: TestApp,
    base: String,
    /// The heron's.
    document: String,
}

async fn stopped_writer() -> Stopped {
    let server = QdrantDouble::start().await;
    let mut settings = server.settings();
    settings.push(("retrieval.refresh_interval_secs", "1".to_owned()));
    settings.push(("qdrant.timeout_ms", "60000".to_owned()));
    let app = start(settings).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "otter", "The otter swims.").await;
    titles(&app, &base, "otter").await;
    let document = ingest(&app, &base, "heron", HERON).await;
    server.behave(QdrantMischief::Late);
    assert_eq!(search(&app, &base, "heron").await["stale"], true);
    server.holds_one().await;
    app.execute("UPDATE replica_cursors SET writer = uuidv7(), writer_until = now() WHERE host = 'qdrant'")
        .await;
    Stopped {
        server,
        app,
        base,
        document,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_writer_sends_after_others_took_over_does_not_bring_back_what_was_deleted() {
    let Stopped {
        server,
        app,
        base,
        document,
    } = stopped_writer().await;
    // The next one hears that the document is to go.
    app.client.delete(&format!("/v1/documents/{document}")).await;
    app.context.replicas.keep_fresh(&app.context.system);
    let gone = "SELECT count(*) FROM replica_cursors WHERE host = 'qdrant' AND seq >= 3 AND writer IS NULL";
    eventually("another writer has taken it out", Duration::from_secs(20), async || {
        app.count(gone).await == 1
    })
    .await;
    assert_eq!(server.chunks().len(), 1);
    server.deliver().await;
    assert_eq!(server.chunks().len(), 2, "what was under way came after the deletion");
    eventually("it is gone again", Duration::from_secs(20), async || {
        server.chunks().len() == 1
    })
    .await;
    assert_eq!(titles(&app, &base, "heron otter").await, ["otter"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_writer_sends_of_a_base_that_is_gone_by_then_goes_too() {
    let Stopped { server, app, base, .. } = stopped_writer().await;
    app.context.replicas.keep_fresh(&app.context.system);
    let deleted = app.client.delete(&format!("/v1/knowledge-bases/{base}")).await;
    let path = format!("/v1/deletions/{}", deleted.body["id"].as_str().unwrap());
    eventually("the base is gone", Duration::from_secs(30), async || {
        app.client.get(&path).await.body["state"] == "complete"
    })
    .await;
    assert_eq!(server.points(), 0);
    server.deliver().await;
    assert_eq!(server.chunks().len(), 1, "what was under way came after all had gone");
    eventually("it is gone again", Duration::from_secs(20), async || {
        server.points() == 0
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_an_earlier_release_writes_to_is_not_built_anew_for_each_of_its_changes() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    titles(&app, &base, "heron").await;
    // Gone with whatever the server has, and with nothing less.
    server.add(&server.chunks()[0]);
    server.forget_eras();
    ingest(&app, &base, "otter", "The otter swims.").await;
    titles(&app, &base, "otter").await;
    assert_eq!(server.chunks().len(), 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_the_server_does_not_set_back_whoever_writes_to_it() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", HERON).await;
    ingest(&app, &base, "otter", "The otter swims.").await;
    titles(&app, &base, "heron").await;
    let of = vector_indexes::on_server(KnowledgeBaseId(base.parse().unwrap()), 0);
    let look = async |seq: i64| {
        let seen: Result<(), StoreError> = app
            .context
            .store
            .tenant(app.tenant, async move |tx| vector_indexes::seen(tx, of, seq).await)
            .await;
        seen.unwrap();
    };
    let stands_at = "SELECT seq AS count FROM replica_cursors WHERE host = 'qdrant'";
    look(1).await;
    assert_eq!(app.count(stands_at).await, 2, "it has come further");
    app.execute("UPDATE replica_cursors SET writer = uuidv7(), writer_until = now() + interval '1 hour', seq = 0 WHERE host = 'qdrant'")
        .await;
    look(2).await;
    assert_eq!(app.count(stands_at).await, 0, "it is being built anew");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_waits_for_the_server_however_long_it_is_away() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    app.context.replicas.keep_fresh(&app.context.system);
    let base = base_in(&app, "base", "qdrant").await;
    let document = ingest(&app, &base, "heron", HERON).await;
    ingest(&app, &base, "otter", "The otter swims.").await;
    titles(&app, &base, "heron").await;
    server.behave(QdrantMischief::ReadOnly);
    let deleted = app.client.delete(&format!("/v1/documents/{document}")).await;
    let id = deleted.body["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/deletions/{id}");
    eventually("only the server is waited for", Duration::from_secs(30), async || {
        let receipt = app.client.get(&path).await.body;
        let waiting = receipt["replicas"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|of| of["state"] != "confirmed");
        waiting.map(|of| of["host"].clone()).collect::<Vec<_>>() == ["qdrant"]
    })
    .await;
    // Longer than a replica that went away is waited for.
    app.execute("UPDATE replica_cursors SET seen_at = now() - interval '1 year' WHERE host = 'qdrant'")
        .await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let receipt = app.client.get(&path).await.body;
    assert_ne!(receipt["state"], "complete", "{receipt}");
    assert_eq!(server.chunks().len(), 2);
    server.behave(QdrantMischief::None);
    eventually("the deletion is complete", Duration::from_secs(30), async || {
        app.client.get(&path).await.body["state"] == "complete"
    })
    .await;
    assert_eq!(server.chunks().len(), 1);

    // With the base goes everything, the mark of where it stood included.
    let deleted = app.client.delete(&format!("/v1/knowledge-bases/{base}")).await;
    let path = format!("/v1/deletions/{}", deleted.body["id"].as_str().unwrap());
    eventually("the base is gone", Duration::from_secs(30), async || {
        app.client.get(&path).await.body["state"] == "complete"
    })
    .await;
    assert_eq!(server.points(), 0);
    app.finish().await;
}
