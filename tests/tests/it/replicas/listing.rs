use super::{filled, finds, ingest};
use serde_json::{Value, json};
use store::replica_cursors::SILENT_AFTER_SECS;
use store::{KnowledgeBaseId, VectorStore, embedding_migrations, knowledge_bases};
use tests::{QdrantDouble, TestApp, TestOptions};
use uuid::Uuid;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_list_a_receipt_and_a_migration_take_the_same_replica_for_silent() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let (tenant, slot, deletion) = (app.tenant, Uuid::new_v4(), Uuid::now_v7());
    app.execute(&format!(
        "INSERT INTO replica_cursors (tenant_id, knowledge_base_id, slot_id, host, seq, erased_seq, seen_at)
         VALUES ('{tenant}', '{base}', '{slot}', 'one', 0, 0, now())"
    ))
    .await;
    app.execute(&format!(
        "INSERT INTO deletions (tenant_id, id, kind, target_id, knowledge_base_id, accepted_at, erased_at, index_seq)
         VALUES ('{tenant}', '{deletion}', 'document', '{base}', '{base}', now(), now(), 1)"
    ))
    .await;
    let id = KnowledgeBaseId(base.parse().unwrap());
    for (age, in_list, in_receipt, counted) in [
        (SILENT_AFTER_SECS - 60, "current", "pending", 1),
        (SILENT_AFTER_SECS + 60, "silent", "silent", 0),
    ] {
        app.execute(&format!(
            "UPDATE replica_cursors SET seen_at = now() - {age} * interval '1 second'"
        ))
        .await;
        assert_eq!(listed(&app, &base).await[0]["state"], in_list, "{age} s");
        let receipt = app.client.get(&format!("/v1/deletions/{deletion}")).await;
        assert_eq!(receipt.body["replicas"][0]["state"], in_receipt, "{}", receipt.text);
        let counts = app
            .context
            .store
            .tenant(tenant, async move |tx| {
                let base = knowledge_bases::find(tx, id).await?;
                let other = (base.index_generation + 1, VectorStore::Embedded);
                embedding_migrations::counts(tx, &base, "another", other).await
            })
            .await
            .unwrap();
        assert_eq!((counts.replicas, counts.replicas_ready), (counted, 0), "{age} s");
    }
    app.finish().await;
}
