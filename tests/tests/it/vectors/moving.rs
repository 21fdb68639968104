//! A base takes its vectors to the server and back while it is searched and written to.
use super::{app_with, base_in, ingest, titles};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{QdrantDouble, QdrantMischief, TestApp, eventually};

pub(super) async fn start(app: &TestApp, base: &str, to: &str) {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let started = app.client.post_waiting(&path, json!({ "vector_store": to }), 20).await;
    assert_eq!(started.body["state"], "succeeded", "{}", started.text);
    assert_eq!(
        started.body["result"]["embedded"], 0,
        "the same vectors: {}",
        started.text
    );
}

pub(super) async fn shown(app: &TestApp, base: &str) -> Value {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    app.client.get(&path).await.body
}

pub(super) async fn switch(app: &TestApp, base: &str, what: &str) -> Value {
    eventually("the other index is whole", Duration::from_secs(30), async || {
        let shown = shown(app, base).await;
        shown["replicas"] == shown["replicas_ready"]
    })
    .await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration/{what}");
    let switched = app.client.post(&path, json!({})).await;
    assert_eq!(switched.status.as_u16(), 200, "{}", switched.text);
    switched.body
}

async fn end(app: &TestApp, base: &str) {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let ended = app.client.delete(&path).await;
    let job = app.client.ended(ended.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["result"]["vectors"]),
        (&json!("succeeded"), &json!(0)),
        "{job}"
    );
}

pub(super) async fn store_of(app: &TestApp, base: &str) -> Value {
    let read = app.client.get(&format!("/v1/knowledge-bases/{base}")).await;
    read.body["vector_store"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_moves_there_and_back_and_loses_nothing() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    app.context.replicas.keep_fresh(&app.context.system);
    let base = base_in(&app, "base", "embedded").await;
    ingest(&app, &base, "heron", "The heron stands in the river.").await;
    assert_eq!(titles(&app, &base, "heron").await, ["heron"]);

    // A server that takes nothing keeps the switch away.
    server.behave(QdrantMischief::ReadOnly);
    start(&app, &base, "qdrant").await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration/switch");
    let refused = app.client.post(&path, json!({})).await;
    refused.expect_problem(409, "conflict");
    server.behave(QdrantMischief::None);
    ingest(&app, &base, "otter", "The otter swims in the river.").await;
    let switched = switch(&app, &base, "switch").await;
    assert_eq!(
        (
            &switched["state"],
            &switched["from_vector_store"],
            &switched["to_vector_store"]
        ),
        (&json!("switched"), &json!("embedded"), &json!("qdrant"))
    );
    assert_eq!(store_of(&app, &base).await, "qdrant");
    server.take_filters();
    assert_eq!(titles(&app, &base, "otter swims").await[0], "otter");
    assert!(!server.take_filters().is_empty(), "the server was asked");

    // Back and forth: what comes meanwhile is in both.
    assert_eq!(switch(&app, &base, "rollback").await["state"], "ready");
    assert_eq!(store_of(&app, &base).await, "embedded");
    ingest(&app, &base, "kestrel", "The kestrel hovers over the meadow.").await;
    assert_eq!(titles(&app, &base, "kestrel hovers").await[0], "kestrel");
    switch(&app, &base, "switch").await;
    assert_eq!(titles(&app, &base, "kestrel hovers").await[0], "kestrel");
    end(&app, &base).await;
    assert_eq!(shown(&app, &base).await["state"], "finished");
    assert_eq!(server.chunks().len(), 3);

    start(&app, &base, "embedded").await;
    switch(&app, &base, "switch").await;
    end(&app, &base).await;
    assert_eq!(titles(&app, &base, "heron").await[0], "heron");
    eventually("nothing is left on the server", Duration::from_secs(30), async || {
        server.points() == 0
    })
    .await;
    let rows = "SELECT count(*) FROM replica_cursors WHERE host = 'qdrant'";
    eventually("nor known to be", Duration::from_secs(30), async || {
        app.count(rows).await == 0
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_places_are_compared_before_a_gate_lets_a_base_move() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    app.context.replicas.keep_fresh(&app.context.system);
    let base = base_in(&app, "base", "embedded").await;
    for (title, content) in [
        ("heron", "The heron stands."),
        ("otter", "The otter swims."),
        ("stoat", "The stoat runs."),
    ] {
        ingest(&app, &base, title, content).await;
    }
    let sets = format!("/v1/knowledge-bases/{base}/test-sets");
    let set = app.client.post(&sets, json!({"name": "set"})).await.body["id"].clone();
    let set = format!("/v1/test-sets/{}", set.as_str().unwrap());
    let question = |n: usize| {
        let title = ["heron", "otter", "stoat"][n % 3];
        json!({"query": format!("{title} {n}"), "relevant": [{"external_id": title}]})
    };
    let questions: Vec<Value> = (0..6).map(question).collect();
    let added = app
        .client
        .post(&format!("{set}/questions"), json!({ "questions": questions }))
        .await;
    assert!(added.status.is_success(), "{}", added.text);
    let gate = app
        .client
        .request(reqwest::Method::PUT, &format!("/v1/knowledge-bases/{base}/gate"));
    let gate = app
        .client
        .send(gate.json(&json!({ "test_set_id": set.trim_start_matches("/v1/test-sets/") })))
        .await;
    assert!(gate.status.is_success(), "{}", gate.text);

    let compared = json!({"configurations": [{}, {"mode": "vector", "vector_store": "qdrant"}]});
    let evaluate = async |body: Value| app.client.post_waiting(&format!("{set}/evaluations"), body, 20).await;
    let refused = evaluate(compared.clone()).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(
        refused.body["errors"][0]["field"], "configurations.1.vector_store",
        "{}",
        refused.text
    );

    start(&app, &base, "qdrant").await;
    server.take_filters();
    let by_vectors = evaluate(compared).await;
    assert_eq!(by_vectors.body["state"], "succeeded", "{}", by_vectors.text);
    assert!(!server.take_filters().is_empty(), "the server was asked");
    let path = format!("/v1/evaluations/{}", by_vectors.body["id"].as_str().unwrap());
    let stores = app.client.get(&path).await.body["configurations"].clone();
    assert_eq!(
        (&stores[0]["vector_store"], &stores[1]["vector_store"]),
        (&json!("embedded"), &json!("qdrant"))
    );
    eventually("the other index is whole", Duration::from_secs(30), async || {
        let shown = shown(&app, &base).await;
        shown["replicas"] == shown["replicas_ready"]
    })
    .await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration/switch");
    let refused = app.client.post(&path, json!({})).await;
    refused.expect_problem(409, "gate_not_evaluated");
    evaluate(json!({"configurations": [{}, {"vector_store": "qdrant"}]})).await;
    switch(&app, &base, "switch").await;
    app.finish().await;
}
