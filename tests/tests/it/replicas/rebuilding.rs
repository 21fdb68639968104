//! Replicas that break, or are built from the beginning, come to hold all of it.
use super::{filled, finds, ingest, on_disk, search, start};
use std::path::PathBuf;
use std::time::Duration;
use store::{KnowledgeBaseId, StoreError, index_changes};
use tests::{TestApp, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_breaks_while_it_changes_is_built_anew_by_the_next_search() {
    let app = start(&[]).await;
    let base = filled(&app, "lamps", 3).await;
    finds(&app, &base, "lamps").await;
    app.execute("UPDATE replica_cursors SET seq = 1, erased_seq = 1").await;
    // As if the disk had failed: what it is to write next cannot be written.
    let folder = app.data.path().join(format!("replicas/0/{}/{base}", app.tenant));
    std::fs::remove_dir_all(&folder).unwrap();
    ingest(&app, &base, "kettles", 3).await;
    finds(&app, &base, "kettles").await;
    finds(&app, &base, "lamps").await;
    assert_eq!(on_disk(&app).len(), 1);
    // Nobody has visited it since: that it stands where the broken one did is not said any more.
    assert_eq!(
        app.count("SELECT count(*) FROM replica_cursors WHERE seq = 0 AND erased_seq = 1")
            .await,
        1
    );
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

/// A base of lamps whose replica has kettles besides, since the database was set back to before them; and the replica's mark.
async fn set_back() -> (TestApp, String, PathBuf) {
    let app = start(&[]).await;
    let base = filled(&app, "lamps", 1).await;
    ingest(&app, &base, "kettles", 1).await;
    finds(&app, &base, "kettles").await;
    let marked = mark(&app, &base);
    let restored = [
        "DELETE FROM documents WHERE title = 'kettles'",
        "DELETE FROM index_changes WHERE seq > 1",
        "UPDATE replica_cursors SET seq = 1, erased_seq = 1",
        "UPDATE knowledge_base_heads SET seq = 1",
    ];
    for change in restored {
        app.execute(change).await;
    }
    (app, base, marked)
}

/// A restored database, or a standby that lost its last commits, gives the numbers that a replica has come to once more, to other changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_of_changes_that_a_restored_base_never_had_is_built_anew_also_where_the_base_has_overtaken_it() {
    let (app, base, marked) = set_back().await;
    // Its rows were written by the server that was backed up.
    app.execute("UPDATE knowledge_base_heads SET era_server = era_server - interval '1 day'")
        .await;
    for name in ["ovens", "mirrors"] {
        ingest(&app, &base, name, 1).await;
    }
    app.context.replicas.keep_fresh(&app.context.system);
    for name in ["ovens", "mirrors", "lamps"] {
        eventually(
            "what came after the restore is found",
            Duration::from_secs(20),
            async || {
                let found = search(&app, &base, name).await;
                let text = found["results"][0]["text"].as_str().unwrap_or_default();
                text.contains(name) && found["stale"] == false
            },
        )
        .await;
    }
    assert!(!marked.exists(), "it was built anew");
    let eras = "SELECT count(*) FROM index_eras";
    assert_eq!(app.count(eras).await, 2);
    app.finish().await;
}

/// Its row was restored with the base, and says that it stands where the base does.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_ahead_of_a_restored_base_is_built_anew_though_nothing_changes_there() {
    let (app, base, marked) = set_back().await;
    app.context.replicas.keep_fresh(&app.context.system);
    // Long before all replicas are looked through.
    eventually("it is built anew", Duration::from_secs(10), async || !marked.exists()).await;
    finds(&app, &base, "lamps").await;
    app.finish().await;
}

/// Another start of the server, another table or another database: what was counted there is not what is counted here.
#[tokio::test(flavor = "multi_thread")]
async fn an_era_begins_wherever_changes_are_counted_by_somebody_else() {
    let app = start(&[]).await;
    let base = filled(&app, "lamps", 1).await;
    let eras = "SELECT count(*) FROM index_eras";
    ingest(&app, &base, "kettles", 1).await;
    assert_eq!(app.count(eras).await, 1);
    let here = "SELECT count(*) FROM knowledge_base_heads h JOIN pg_database d ON d.oid = h.era_database AND d.datname = current_database()";
    assert_eq!(app.count(here).await, 1);
    for (change, begun) in [
        ("era_server = era_server - interval '1 day'", 2),
        ("era_table = 1", 3),
        ("era_database = 1", 4),
    ] {
        app.execute(&format!("UPDATE knowledge_base_heads SET {change}")).await;
        ingest(&app, &base, change, 1).await;
        assert_eq!(app.count(eras).await, begun, "{change}");
    }
    app.finish().await;
}

/// A file in the base's only replica that goes when it is built anew.
fn mark(app: &TestApp, base: &str) -> PathBuf {
    let versions = app.data.path().join(format!("replicas/0/{}/{base}", app.tenant));
    let version = std::fs::read_dir(versions).unwrap().next().unwrap().unwrap().path();
    let marked = version.join("keyword").join("marked");
    std::fs::write(&marked, "").unwrap();
    marked
}

/// Of numbers that were given before there were eras, nothing else is known than that the base has come to them.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_from_before_there_were_eras_goes_on_where_it_is() {
    let app = start(&[]).await;
    let base = filled(&app, "lamps", 1).await;
    app.execute("DELETE FROM index_eras").await;
    app.execute("UPDATE knowledge_base_heads SET era = NULL, era_server = NULL, era_table = NULL, era_database = NULL")
        .await;
    finds(&app, &base, "lamps").await;
    let marked = mark(&app, &base);
    ingest(&app, &base, "kettles", 1).await;
    finds(&app, &base, "kettles").await;
    assert!(marked.exists());
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
