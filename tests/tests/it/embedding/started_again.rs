//! A migration that is ended and begun again before all vectors of the first are gone.
use super::migrating::{act, shown, start, switch};
use super::{DIMENSIONS, app_with, sections, submit};
use serde_json::json;
use std::time::Duration;
use store::{KnowledgeBaseId, embedding_migrations};
use tests::{EmbeddingVendor, TestApp, eventually};
use tokio::sync::Notify;

/// A base whose migration to the model `mine` is ready, and how many chunks it has.
async fn ready(app: &TestApp) -> (String, i64) {
    let base = app.client.knowledge_base("local").await;
    let job = submit(app, &base, &sections(4)).await;
    let ended = app.client.ended(&job).await;
    let job = start(app, &base, "mine").await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    (base, ended["result"]["chunks"].as_i64().unwrap())
}

/// Returns the job's id.
async fn end(app: &TestApp, base: &str) -> String {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let ended = app.client.delete(&path).await;
    assert_eq!(ended.status.as_u16(), 202, "{}", ended.text);
    ended.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_begins_again_waits_for_who_deletes_the_vectors_of_the_first_and_embeds_what_is_gone() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let mut app = app_with(&vendor, &[]).await;
    let (base, chunks) = ready(&app).await;
    // The test deletes in the job's place.
    app.stop_workers().await;
    let drop_job = end(&app, &base).await;
    let id = KnowledgeBaseId(base.parse().unwrap());
    let (deleted, go_on) = (Notify::new(), Notify::new());
    let deleting = app.context.store.tenant(app.tenant, async |tx| {
        let dropped = embedding_migrations::drop_vectors(tx, id, "mine", None, 100).await;
        deleted.notify_one();
        go_on.notified().await;
        dropped
    });
    let beginning = async {
        deleted.notified().await;
        let waiting = async {
            eventually("it waits", Duration::from_secs(10), async || {
                app.waiting_backends().await == 1
            })
            .await;
            go_on.notify_one();
        };
        tokio::join!(start(&app, &base, "mine"), waiting).0
    };
    let (dropped, job) = tokio::join!(deleting, beginning);
    let dropped = dropped.unwrap().map(|(_, vectors)| vectors);
    assert_eq!(dropped, usize::try_from(chunks).ok());

    app.start_workers(jobs::Pool::ALL.to_vec());
    let ended = app.client.ended(&job).await;
    assert_eq!(
        ended["result"],
        json!({"embedded": chunks, "cut_short": 0, "superseded": false}),
        "{ended}"
    );
    let nothing = app.client.ended(&drop_job).await;
    assert_eq!(nothing["result"]["vectors"], 0, "{nothing}");
    let shown = shown(&app, &base).await;
    assert_eq!(
        (&shown["state"], &shown["chunks_embedded"]),
        (&json!("ready"), &json!(chunks)),
        "{shown}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_not_switched_to_an_index_that_lacks_a_vector() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let (base, chunks) = ready(&app).await;
    app.execute(
        "DELETE FROM embeddings WHERE model = 'mine'
         AND embed_hash = (SELECT embed_hash FROM embeddings WHERE model = 'mine' ORDER BY embed_hash LIMIT 1)",
    )
    .await;
    let refused = act(&app, &base, "switch", json!({})).await;
    refused.expect_problem(409, "conflict");
    let said = format!("{} of the {chunks} chunks", chunks - 1);
    assert!(refused.text.contains(&said), "{}", refused.text);
    // As the refusal says.
    let job = end(&app, &base).await;
    app.client.ended(&job).await;
    let job = start(&app, &base, "mine").await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    assert_eq!(switch(&app, &base, "switch").await["state"], "switched");
    app.finish().await;
}
