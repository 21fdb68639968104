//! A base changes its embedding model while it is searched and written to.
use super::{DIMENSIONS, app_with, base_of, sections, submit};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tests::{Answered, EmbeddingMischief, EmbeddingVendor, TestApp, VendorCall, eventually};
use tokio::sync::Notify;

pub(super) const REFRESH: (&str, &str) = ("retrieval.refresh_interval_secs", "1");

pub(super) async fn start(app: &TestApp, base: &str, model: &str) -> String {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let started = app.client.post(&path, json!({ "embedding_model": model })).await;
    assert_eq!(started.status.as_u16(), 202, "{}", started.text);
    started.body["id"].as_str().unwrap().to_owned()
}

pub(super) async fn act(app: &TestApp, base: &str, what: &str, body: Value) -> Answered {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration/{what}");
    app.client.post(&path, body).await
}

pub(super) async fn shown(app: &TestApp, base: &str) -> Value {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    app.client.get(&path).await.body
}

/// Until every replica has the other index.
pub(super) async fn switch(app: &TestApp, base: &str, what: &str) -> Value {
    eventually("the other index is built", Duration::from_secs(20), async || {
        let shown = shown(app, base).await;
        shown["replicas"] == shown["replicas_ready"]
    })
    .await;
    let switched = act(app, base, what, json!({})).await;
    assert_eq!(switched.status.as_u16(), 200, "{}", switched.text);
    switched.body
}

/// What a base has that names no model.
async fn default_model(app: &TestApp) -> String {
    let base = app.client.knowledge_base("of the default model").await;
    let read = app.client.get(&format!("/v1/knowledge-bases/{base}")).await.body;
    read["embedding_model"].as_str().unwrap().to_owned()
}

/// How many vectors there are of the model.
async fn vectors(app: &TestApp, model: &str) -> i64 {
    let sql = format!("SELECT count(*) AS count FROM embeddings WHERE model = '{model}'");
    app.count(&sql).await
}

pub(super) async fn finds(app: &TestApp, base: &str, words: &str) -> Value {
    let query = json!({"knowledge_base_ids": [base], "query": words, "mode": "vector", "limit": 1});
    let found = app.client.search(query).await;
    let text = found["results"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains(words), "{found}");
    found
}

fn texts(calls: &[VendorCall]) -> usize {
    calls.iter().map(|call| call.texts().len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_migrated_switched_rolled_back_and_finished_while_it_is_searched() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[REFRESH]).await;
    app.context.replicas.keep_fresh(&app.context.system);
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, &sections(12)).await;
    let ingested = app.client.ended(&job).await;
    let chunks = ingested["result"]["chunks"].as_i64().unwrap();
    let found = finds(&app, &base, "number7").await;
    assert_eq!((found["stale"].as_bool(), vendor.calls().len()), (Some(false), 0));

    let job = start(&app, &base, "mine").await;
    let ended = app.client.ended(&job).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(
        ended["result"],
        json!({"embedded": chunks, "cut_short": 0, "superseded": false})
    );
    let ready = shown(&app, &base).await;
    let facts = ["state", "to_model", "chunks", "chunks_embedded"].map(|field| ready[field].clone());
    assert_eq!(
        facts,
        [json!("ready"), json!("mine"), json!(chunks), json!(chunks)],
        "{ready}"
    );

    // What comes now is embedded with both; searches still ask the old model.
    let job = submit(&app, &base, "The lamp is made of copper.").await;
    assert_eq!(app.client.ended(&job).await["result"]["embedded"], 2);
    let calls = vendor.calls().len();
    finds(&app, &base, "copper").await;
    assert_eq!(vendor.calls().len(), calls, "the question was put to the old model");

    let switched = switch(&app, &base, "switch").await;
    assert_eq!(switched["state"], "switched", "{switched}");
    let found = finds(&app, &base, "copper").await;
    assert_eq!(
        found["stale"], false,
        "the new index was there before it was searched: {found}"
    );
    finds(&app, &base, "number7").await;
    assert_eq!(
        vendor.calls().len(),
        calls + 2,
        "the questions were put to the new model"
    );
    let read = app.client.get(&format!("/v1/knowledge-bases/{base}")).await.body;
    assert_eq!(read["embedding_model"], "mine");
    let job = submit(&app, &base, "The roof is made of slate.").await;
    assert_eq!(
        app.client.ended(&job).await["result"]["embedded"],
        2,
        "the old one is kept as new"
    );
    finds(&app, &base, "slate").await;

    let back = switch(&app, &base, "rollback").await;
    assert_eq!(
        (&back["state"], &back["switched_at"]),
        (&json!("ready"), &Value::Null),
        "{back}"
    );
    let calls = vendor.calls().len();
    finds(&app, &base, "slate").await;
    assert_eq!(vendor.calls().len(), calls);

    switch(&app, &base, "switch").await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let ended = app.client.send(app.client.request(Method::DELETE, &path)).await;
    assert_eq!(ended.status.as_u16(), 202, "{}", ended.text);
    let ended = app.client.ended(ended.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["result"]["vectors"], chunks + 2, "{ended}");
    assert_eq!(shown(&app, &base).await["state"], "finished");
    finds(&app, &base, "slate").await;
    let models = app.count("SELECT count(DISTINCT model) AS count FROM embeddings").await;
    assert_eq!((models, vectors(&app, "mine").await), (1, chunks + 2));
    // The old index leaves the disk.
    eventually("one index is left", Duration::from_secs(20), async || {
        app.count("SELECT count(*) AS count FROM replica_cursors").await == 1
    })
    .await;
    act(&app, &base, "rollback", json!({}))
        .await
        .expect_problem(409, "conflict");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_whose_worker_is_lost_embeds_only_the_rest() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[("models.catalogue.mine.batch_texts", "4")]).await;
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, &sections(20)).await;
    let chunks = app.client.ended(&job).await["result"]["chunks"].as_u64().unwrap();
    let fine = || EmbeddingMischief::Late(Duration::ZERO);
    vendor.expect([fine(), fine(), EmbeddingMischief::CutOff]);
    let job = start(&app, &base, "mine").await;
    let ended = app.client.ended_within(&job, Duration::from_secs(60)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let embedded = texts(&vendor.calls());
    assert_eq!(
        embedded as u64,
        chunks + 4,
        "the batch that was cut off is the only one that came twice"
    );
    app.finish().await;
}

/// An ingest whose document is being embedded until `go`, and a migration of its base to the local model that has ended meanwhile.
struct Overtaken {
    base: String,
    ingest: String,
    go: Arc<Notify>,
    local: String,
}

async fn overtaken(app: &TestApp, vendor: &EmbeddingVendor) -> Overtaken {
    let base = base_of(app, "mine").await;
    let go = Arc::new(Notify::new());
    vendor.expect([EmbeddingMischief::Held(go.clone())]);
    let ingest = submit(app, &base, "The lamp is made of copper.").await;
    eventually("the document is being embedded", Duration::from_secs(10), async || {
        !vendor.calls().is_empty()
    })
    .await;
    let local = default_model(app).await;
    let migration = start(app, &base, &local).await;
    assert_eq!(app.client.ended(&migration).await["state"], "succeeded");
    Overtaken {
        base,
        ingest,
        go,
        local,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_being_embedded_while_the_base_was_switched_is_found_by_its_new_model() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let Overtaken { base, ingest, go, .. } = overtaken(&app, &vendor).await;
    switch(&app, &base, "switch").await;
    go.notify_one();
    let ended = app.client.ended_within(&ingest, Duration::from_secs(60)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let query = json!({"knowledge_base_ids": [base], "query": "what is the lamp made of"});
    let found = app.client.search(query).await;
    assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_being_embedded_when_the_migration_began_is_in_both_indexes() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let Overtaken { ingest, go, local, .. } = overtaken(&app, &vendor).await;
    let before = vectors(&app, &local).await;
    go.notify_one();
    let ended = app.client.ended_within(&ingest, Duration::from_secs(60)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(
        (before, vectors(&app, &local).await, vectors(&app, "mine").await),
        (0, 1, 1)
    );
    assert!(
        ended["attempts"].as_array().unwrap().len() > 1,
        "it had to look again: {ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_given_up_leaves_no_vector_and_costs_nothing_more() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[("models.catalogue.mine.batch_texts", "4")]).await;
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, &sections(12)).await;
    app.client.ended(&job).await;
    let go = Arc::new(Notify::new());
    let fine = EmbeddingMischief::Late(Duration::ZERO);
    vendor.expect([fine, EmbeddingMischief::Held(go.clone())]);
    let job = start(&app, &base, "mine").await;
    eventually("it embeds", Duration::from_secs(10), async || vendor.calls().len() == 2).await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let ended = app.client.send(app.client.request(Method::DELETE, &path)).await;
    go.notify_one();
    let dropped = app.client.ended(ended.body["id"].as_str().unwrap()).await;
    assert_eq!(dropped["state"], "succeeded", "{dropped}");
    let migrated = app.client.ended(&job).await;
    assert_eq!(migrated["result"]["superseded"], true, "{migrated}");
    assert_eq!(
        (shown(&app, &base).await["state"].clone(), vectors(&app, "mine").await),
        (json!("cancelled"), 0)
    );
    let calls = vendor.calls().len();
    let job = submit(&app, &base, "The lamp is made of copper.").await;
    assert_eq!(app.client.ended(&job).await["result"]["embedded"], 1);
    assert_eq!(vendor.calls().len(), calls);
    // Another one can begin.
    let job = start(&app, &base, "mine").await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_switched_only_to_an_index_that_is_built_where_it_is_searched_and_by_a_model_that_is_there() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[REFRESH]).await;
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, "The lamp is made of copper.").await;
    app.client.ended(&job).await;
    finds(&app, &base, "copper").await;
    let job = start(&app, &base, "mine").await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    // This process has a replica, and nobody looks after it yet.
    let refused = act(&app, &base, "switch", json!({})).await;
    refused.expect_problem(409, "conflict");
    assert!(refused.text.contains("0 of the 1 places"), "{}", refused.text);
    app.context.replicas.keep_fresh(&app.context.system);
    eventually("the other index is built", Duration::from_secs(20), async || {
        let shown = shown(&app, &base).await;
        shown["replicas"] == shown["replicas_ready"]
    })
    .await;
    app.execute(
        "UPDATE knowledge_base_heads SET other_embedding_model = 'withdrawn' WHERE other_embedding_model = 'mine'",
    )
    .await;
    let refused = act(&app, &base, "switch", json!({})).await;
    refused.expect_problem(409, "conflict");
    assert!(refused.text.contains("withdrawn"), "{}", refused.text);
    let read = app.client.get(&format!("/v1/knowledge-bases/{base}")).await.body;
    assert_ne!(read["embedding_model"], "withdrawn");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_that_another_base_needs_outlive_a_migration() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let (local, mine) = (app.client.knowledge_base("local").await, base_of(&app, "mine").await);
    for (base, content) in [
        (&local, "A lamp of copper."),
        (&mine, "A lamp of copper."),
        (&local, "A lamp of tin."),
    ] {
        let job = submit(&app, base, content).await;
        app.client.ended(&job).await;
    }
    let job = start(&app, &local, "mine").await;
    let ended = app.client.ended(&job).await;
    assert_eq!(
        ended["result"]["embedded"], 1,
        "the other text was embedded before: {ended}"
    );
    assert_eq!(vectors(&app, "mine").await, 2);
    let path = format!("/v1/knowledge-bases/{local}/embedding-migration");
    let ended = app.client.delete(&path).await;
    let ended = app.client.ended(ended.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&ended["result"]["vectors"], vectors(&app, "mine").await),
        (&json!(1), 1),
        "{ended}"
    );
    finds(&app, &mine, "copper").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_migrated_from_the_command_line() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, "The lamp is made of copper.").await;
    app.client.ended(&job).await;
    let run = async |arguments: &[&str]| {
        app.client
            .visualkit(&[&["embedding-migration"], arguments].concat())
            .await
    };
    let started = run(&["start", "local", "--model", "mine"]).await;
    assert!(
        started.starts_with("ready  ") && started.contains(" to mine\n"),
        "{started}"
    );
    assert!(started.contains("chunks embedded     1 of 1\n"), "{started}");
    assert_eq!(run(&["show", "local"]).await, started);
    assert!(run(&["switch", "local"]).await.starts_with("switched  "));
    assert!(run(&["rollback", "local"]).await.starts_with("ready  "));
    assert!(run(&["end", "local"]).await.starts_with("cancelled  "));
    assert_eq!(vectors(&app, "mine").await, 0);
    app.finish().await;
}

/// A chunk of the local model.
fn long_text() -> String {
    "the keeper lights every lamp of the tower before the night comes ".repeat(12)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_longer_than_the_new_model_reads_is_cut_and_counted() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    vendor.reads(40);
    let app = app_with(&vendor, &[("models.catalogue.mine.max_tokens", "40")]).await;
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, &long_text()).await;
    app.client.ended(&job).await;
    let job = start(&app, &base, "mine").await;
    let ended = app.client.ended(&job).await;
    assert_eq!(ended["result"]["cut_short"], 1, "{ended}");
    assert_eq!(shown(&app, &base).await["cut_short"], 1);
    // What comes now is cut for the old model too, and embedded by both.
    let job = submit(&app, &base, &long_text().replace("lamp", "lantern")).await;
    let ended = app.client.ended(&job).await;
    assert_eq!(ended["result"]["embedded"], 2, "{ended}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_the_new_model_reads_is_not_counted_however_short_its_own_chunks_are() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let more = [
        ("models.catalogue.mine.max_tokens", "8192"),
        ("models.catalogue.mine.chunk_tokens", "64"),
    ];
    let app = app_with(&vendor, &more).await;
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, &long_text()).await;
    app.client.ended(&job).await;
    let job = start(&app, &base, "mine").await;
    let ended = app.client.ended(&job).await;
    assert_eq!(ended["result"]["cut_short"], 0, "{ended}");
    assert!(vendor.calls()[0].texts()[0].ends_with(long_text().trim()));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_can_cut_is_sent_what_it_is_likely_to_read() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    vendor.reads(40);
    let app = app_with(&vendor, &[]).await;
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, &long_text()).await;
    app.client.ended(&job).await;
    // It reads 512 tokens: more than so many bytes.
    let job = start(&app, &base, "embed-multilingual-v3.0").await;
    let ended = app.client.ended(&job).await;
    assert_eq!(ended["result"]["cut_short"], 0, "{ended}");
    let call = &vendor.calls()[0];
    assert!(call.texts()[0].ends_with(long_text().trim()), "{:?}", call.texts());
    assert_eq!(
        (&call.body["truncate"], &call.body["input_type"]),
        (&json!("END"), &json!("search_document"))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_migrated_is_refused_with_its_reason() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, "mine").await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    app.client.get(&path).await.expect_problem(404, "not_found");
    for (model, code) in [("mine", "unchanged"), ("nobody/knows-it", "unknown_model")] {
        let refused = app.client.post(&path, json!({ "embedding_model": model })).await;
        refused.expect_problem(422, "invalid");
        assert_eq!(refused.body["errors"][0]["code"], code, "{}", refused.text);
    }
    act(&app, &base, "switch", json!({}))
        .await
        .expect_problem(404, "not_found");
    let end = app.client.request(Method::DELETE, &path);
    app.client.send(end).await.expect_problem(409, "conflict");
    let local = default_model(&app).await;
    let job = start(&app, &base, &local).await;
    let again = app.client.post(&path, json!({ "embedding_model": local })).await;
    again.expect_problem(409, "conflict");
    app.client.ended(&job).await;
    act(&app, &base, "rollback", json!({}))
        .await
        .expect_problem(409, "conflict");
    app.finish().await;
}
