//! Transactions that begin with their first statement, and those that end after they are answered.
use super::network::behind_postgres_proxy;
use serde_json::json;
use store::knowledge_bases::{self, NewKnowledgeBase};
use store::{KnowledgeBaseId, StoreError};
use tests::{TestApp, TestOptions};

fn without_workers() -> TestOptions {
    TestOptions {
        pools: Vec::new(),
        ..behind_postgres_proxy(&[])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_ends_after_its_answer_gives_its_connection_back() {
    let app = TestApp::start_with(without_workers()).await;
    let job = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let path = format!("/v1/jobs/{}", job.body["id"].as_str().unwrap());
    let most = usize::try_from(app.context.settings.database.app_connections).unwrap();
    let before = app.postgres().accepted();
    for _ in 0..4 * most {
        assert_eq!(app.client.get(&path).await.status.as_u16(), 200);
    }
    let made = app.postgres().accepted() - before;
    assert!(made <= most, "{made} connections were made, and {most} may be open");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_cannot_write() {
    let app = TestApp::start_with(without_workers()).await;
    let new = NewKnowledgeBase {
        id: KnowledgeBaseId::generate(),
        name: "base",
        language: "en",
        embedding_model: "m",
        vector_store: store::VectorStore::Embedded,
    };
    let store = &app.context.store;
    let refused = store
        .read_by_id(app.tenant, async |tx| knowledge_bases::create(tx, &new).await)
        .await;
    assert!(matches!(refused, Err(StoreError::Query(_))), "{refused:?}");
    let read = store.read_by_id(app.tenant, async |tx| knowledge_bases::heads(tx, &[new.id]).await);
    assert_eq!(read.await.unwrap().len(), 0);
    app.abandon().await;
}

/// What begins it names the tenant: were that lost or late, nothing would be found.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_first_statement_fails_leaves_a_connection_that_works() {
    let app = TestApp::start_with(without_workers()).await;
    let base = app.client.knowledge_base("base").await;
    let id = KnowledgeBaseId(base.parse().unwrap());
    let taken = NewKnowledgeBase {
        id: KnowledgeBaseId::generate(),
        name: "base",
        language: "en",
        embedding_model: "m",
        vector_store: store::VectorStore::Embedded,
    };
    let (store, before) = (&app.context.store, app.postgres().accepted());
    for _ in 0..20 {
        let refused = store
            .tenant(app.tenant, async |tx| knowledge_bases::create(tx, &taken).await)
            .await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        let found = store
            .tenant(app.tenant, async |tx| knowledge_bases::heads(tx, &[id]).await)
            .await;
        assert_eq!(found.unwrap().len(), 1);
        let of_other = store
            .tenant(app.tenant_b, async |tx| knowledge_bases::heads(tx, &[id]).await)
            .await;
        assert_eq!(of_other.unwrap().len(), 0);
    }
    assert!(app.postgres().accepted() - before <= 2);
    app.abandon().await;
}
