//! Replicas that break, or are built from the beginning, come to hold all of it.
use super::{filled, finds, ingest, on_disk, start};
use store::{KnowledgeBaseId, StoreError, index_changes};

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_breaks_while_it_changes_is_built_anew_by_the_next_search() {
    let app = start(&[]).await;
    let base = filled(&app, "lamps", 3).await;
    finds(&app, &base, "lamps").await;
    // As if the disk had failed: what it is to write next cannot be written.
    let folder = app.data.path().join(format!("replicas/0/{}/{base}", app.tenant));
    std::fs::remove_dir_all(&folder).unwrap();
    ingest(&app, &base, "kettles", 3).await;
    finds(&app, &base, "kettles").await;
    finds(&app, &base, "lamps").await;
    assert_eq!(on_disk(&app).len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_of_large_documents_is_built_in_small_steps_and_whole() {
    let app = start(&[]).await;
    let base = filled(&app, "first", 2).await;
    for name in ["second", "third", "fourth", "fifth"] {
        ingest(&app, &base, name, 2).await;
    }
    // Two of these are a step of their own; no replica is there yet.
    app.execute(
        "UPDATE documents SET chunk_count = CASE title WHEN 'second' THEN 6000 WHEN 'fourth' THEN 4999 ELSE 2 END",
    )
    .await;
    for name in ["first", "second", "third", "fourth", "fifth"] {
        finds(&app, &base, name).await;
    }
    app.finish().await;
}

/// A rebuild has read the base's head, and the only change of the document that it has not come to yet goes because there is a newer one.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_changes_once_more_during_a_rebuild_is_not_missed_by_it() {
    let app = start(&[]).await;
    let base = filled(&app, "lamps", 1).await;
    app.execute("UPDATE index_changes SET changed_at = now() - interval '2 hours'")
        .await;
    ingest(&app, &base, "kettles", 1).await;
    let id = KnowledgeBaseId(base.parse().unwrap());
    let changed = app
        .context
        .store
        .tenant(app.tenant, async |tx| {
            let head = index_changes::head(tx, id).await?;
            let before = index_changes::between(tx, id, 0, None, 1).await?;
            ingest_again(tx, id, &before).await?;
            let after = index_changes::between(tx, id, 0, None, 10).await?;
            Ok::<_, StoreError>((head, before, after))
        })
        .await
        .unwrap();
    let (head, before, after) = changed;
    assert!(before[0].seq <= head);
    let last = after.last().unwrap();
    assert_eq!((last.document_id, after.len()), (before[0].document_id, 2));
    assert!(last.seq > head);
    app.finish().await;
}

async fn ingest_again(
    tx: &mut store::TenantTx,
    base: KnowledgeBaseId,
    changes: &[index_changes::Change],
) -> Result<(), StoreError> {
    let ids: Vec<store::DocumentId> = changes.iter().map(|change| change.document_id).collect();
    index_changes::record(tx, base, &ids).await?;
    Ok(())
}
