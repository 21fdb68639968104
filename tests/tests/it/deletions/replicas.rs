//! Replicas that are away while something is deleted: waited for, given up in the end, and never trusted again.
use super::support::{complete, delete, files_with_sentinel, ingest, receipt, start};
use serde_json::json;
use std::time::Duration;
use tests::{TestApp, eventually};
use workers::Replicas;

fn replicas(app: &TestApp) -> Replicas {
    Replicas::new(
        app.context.store.clone(),
        &app.context.settings,
        app.context.models.clone(),
    )
}

async fn search(app: &TestApp, base: &str) -> usize {
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "meters wing"}))
        .await;
    found["results"].as_array().unwrap().len()
}

/// A base with two documents, and a replica of it that was closed: nobody looks after it.
async fn left_alone(app: &mut TestApp) -> (String, String) {
    let base = app.client.knowledge_base("base").await;
    let gone = ingest(&app.client, &base, "amber").await;
    ingest(&app.client, &base, "basalt").await;
    assert_eq!(search(app, &base).await, 2);
    app.stop_workers().await;
    app.context.replicas.close().await;
    app.start_workers(vec![jobs::Pool::General]);
    (base, gone)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_does_not_return_is_given_up_and_what_it_holds_is_thrown_away_if_it_does() {
    let mut app = start().await;
    let (base, gone) = left_alone(&mut app).await;
    let id = delete(&app.client, &format!("/v1/documents/{gone}")).await;
    app.client.ended(&id).await;
    app.execute("UPDATE replica_cursors SET seen_at = now() - interval '3 minutes'")
        .await;
    let waiting = receipt(&app.client, &id).await;
    assert_eq!(
        (&waiting["state"], &waiting["replicas"][0]["state"]),
        (&json!("erasing"), &json!("silent")),
        "{waiting}"
    );
    app.execute("UPDATE replica_cursors SET seen_at = now() - interval '80 hours'")
        .await;
    let given_up = complete(&app.client, &id).await;
    assert_eq!(given_up["replicas"][0]["state"], "lost", "{given_up}");
    assert_eq!(app.count("SELECT count(*) FROM replica_cursors").await, 0);
    assert!(
        !files_with_sentinel(app.data.path()).is_empty(),
        "it is still on the disk that is away"
    );

    // Searched first, so that it is the search which finds out.
    app.stop_workers().await;
    app.context.replicas = replicas(&app);
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(search(&app, &base).await, 1);
    let marked = |name: &str| {
        files_with_sentinel(app.data.path())
            .iter()
            .any(|file| file.ends_with(name))
    };
    assert!(!marked("documents.jsonl"), "nothing of the old replica is left");
    let new = format!("SELECT count(*) FROM replica_cursors WHERE knowledge_base_id = '{base}'");
    assert_eq!(app.count(&new).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_nobody_takes_again_is_emptied_and_has_confirmed() {
    let mut app = start().await;
    let (_, gone) = left_alone(&mut app).await;
    let id = delete(&app.client, &format!("/v1/documents/{gone}")).await;
    app.client.ended(&id).await;
    assert_eq!(receipt(&app.client, &id).await["state"], "erasing");
    // It was about to hold one of another index when it was killed.
    app.execute(
        "INSERT INTO replica_cursors (tenant_id, knowledge_base_id, slot_id, generation, host)
         SELECT tenant_id, knowledge_base_id, slot_id, 7, host FROM replica_cursors",
    )
    .await;
    // Another process, which would take the slot with the replica, were it one that answers searches.
    app.stop_workers().await;
    app.context.replicas = Replicas::beside_searches(
        app.context.store.clone(),
        &app.context.settings,
        app.context.models.clone(),
    );
    app.context.replicas.keep_fresh(&app.context.system);
    app.start_workers(jobs::Pool::ALL.to_vec());
    eventually("the slot is emptied", Duration::from_secs(40), async || {
        files_with_sentinel(app.data.path()).is_empty()
    })
    .await;
    assert_eq!(complete(&app.client, &id).await["replicas"][0]["state"], "confirmed");
    app.finish().await;
}

/// Its process was killed between the two, or deleted the replica and could not write that down.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_registered_and_not_there_is_not_waited_for() {
    let mut app = start().await;
    let (base, gone) = left_alone(&mut app).await;
    let slot = app.data.path().join("replicas/0");
    std::fs::remove_dir_all(slot.join(app.tenant.to_string())).unwrap();
    let id = delete(&app.client, &format!("/v1/documents/{gone}")).await;
    app.client.ended(&id).await;
    let waiting = receipt(&app.client, &id).await;
    assert_eq!(
        (&waiting["state"], &waiting["replicas"][0]["state"]),
        (&json!("erasing"), &json!("pending")),
        "{waiting}"
    );
    app.stop_workers().await;
    app.context.replicas = replicas(&app);
    app.context.replicas.keep_fresh(&app.context.system);
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(complete(&app.client, &id).await["replicas"][0]["state"], "confirmed");
    assert_eq!(app.count("SELECT count(*) FROM replica_cursors").await, 0);
    assert_eq!(search(&app, &base).await, 1);
    app.finish().await;
}
