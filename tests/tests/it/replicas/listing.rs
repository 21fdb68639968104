use super::{filled, finds, ingest};
use serde_json::{Value, json};
use tests::{QdrantDouble, TestApp, TestOptions};

pub(super) async fn listed(app: &TestApp, base: &str) -> Vec<Value> {
    let listed = app.client.get(&format!("/v1/knowledge-bases/{base}/replicas")).await;
    listed.body["data"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", listed.text))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copies_of_a_base_are_listed_with_how_far_each_is() {
    let server = QdrantDouble::start().await;
    let app = TestApp::start_with(TestOptions {
        settings: server.settings(),
        ..TestOptions::default()
    })
    .await;
    let base = filled(&app, "base", 2).await;
    assert_eq!(
        listed(&app, &base).await,
        Vec::<Value>::new(),
        "nobody has asked for it"
    );
    finds(&app, &base, "base").await;
    // Nobody looks after replicas here: it is written down where one stands when it is visited.
    app.context.replicas.keep_fresh(&app.context.system);
    tests::eventually("it is written down", std::time::Duration::from_secs(20), async || {
        let listed = listed(&app, &base).await;
        listed.len() == 1 && listed[0]["state"] == "current"
    })
    .await;
    let current = listed(&app, &base).await.remove(0);
    assert_eq!(
        (
            &current["kind"],
            &current["searched"],
            &current["index_seq"],
            &current["head_seq"]
        ),
        (&json!("process"), &json!(true), &json!(1), &json!(1)),
        "{current}"
    );
    app.execute("UPDATE replica_cursors SET seq = 0").await;
    let behind = listed(&app, &base).await.remove(0);
    assert_eq!(
        (&behind["state"], &behind["index_seq"]),
        (&json!("behind"), &json!(0)),
        "{behind}"
    );
    app.execute("UPDATE replica_cursors SET seen_at = now() - interval '3 minutes'")
        .await;
    assert_eq!(listed(&app, &base).await[0]["state"], "silent");

    let made = app
        .client
        .post(
            "/v1/knowledge-bases",
            json!({"name": "served", "vector_store": "qdrant"}),
        )
        .await;
    let served = made.body["id"].as_str().unwrap().to_owned();
    ingest(&app, &served, "served", 2).await;
    let query = json!({"knowledge_base_ids": [served], "query": "served", "mode": "vector"});
    assert_eq!(app.client.search(query).await["stale"], false);
    let copies = listed(&app, &served).await;
    let of_server: Vec<&Value> = copies.iter().filter(|copy| copy["kind"] == "vector_server").collect();
    assert_eq!((copies.len(), of_server.len()), (2, 1), "{copies:?}");
    assert_eq!(of_server[0]["state"], "current");
    app.finish().await;
}
