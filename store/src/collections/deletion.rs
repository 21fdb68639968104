use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{CollectionId, DocumentId, KnowledgeBaseId, StoreError, TenantTx, effects};
use diesel::sql_types::{Array, BigInt, Bool, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Base {
    #[diesel(sql_type = Uuid)]
    knowledge_base_id: KnowledgeBaseId,
}

#[derive(QueryableByName)]
struct Exists {
    #[diesel(sql_type = Bool)]
    exists: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
}

/// Notes that the collection is to go; its name is free at once, and nothing is put into it any more. With `documents`, those in it are being deleted from the
/// same moment on. Returns the base that it is in.
///
/// # Errors
/// [`StoreError::NotFound`], also when its deletion has begun already; [`StoreError::Conflict`] while a source puts its documents there, whose next sync
/// would bring them back.
pub async fn begin_deletion(
    tx: &mut TenantTx,
    id: CollectionId,
    documents: bool,
) -> Result<KnowledgeBaseId, StoreError> {
    // Waits for whoever holds it: what they put there is found below.
    let marked: Option<Base> = sql_query(
        "UPDATE collections SET deleting_at = now() WHERE tenant_id = $1 AND id = $2 AND deleting_at IS NULL RETURNING knowledge_base_id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    let Some(Base { knowledge_base_id }) = marked else {
        return Err(StoreError::NotFound { what: "collection" });
    };
    let Exists { exists } = sql_query(
        "SELECT EXISTS (SELECT FROM sources WHERE tenant_id = $1 AND collection_id = $2 AND deleting_at IS NULL) AS exists",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    if exists {
        return Err(StoreError::Conflict {
            what: "a source puts its documents into the collection: change or delete the source first",
        });
    }
    if documents {
        sql_query(
            "WITH held AS (
                 SELECT id FROM documents WHERE tenant_id = $1 AND collection_id = $2 AND deleting_at IS NULL ORDER BY id FOR UPDATE
             )
             UPDATE documents d SET deleting_at = now() FROM held h WHERE d.tenant_id = $1 AND d.id = h.id",
        )
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    }
    Ok(knowledge_base_id)
}

/// The base of a collection, also of one that is being deleted; `None` when it is gone.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn base_of(tx: &mut TenantTx, id: CollectionId) -> Result<Option<KnowledgeBaseId>, StoreError> {
    let base: Option<Base> = sql_query("SELECT knowledge_base_id FROM collections WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .optional()?;
    Ok(base.map(|base| base.knowledge_base_id))
}

/// Up to `limit` documents of a collection that is being deleted, also such as are being deleted by themselves.
///
/// # Errors
/// [`StoreError::LeaseLost`], [`StoreError::Query`].
pub async fn documents_of(
    tx: &mut TenantTx,
    held: Held,
    id: CollectionId,
    limit: i64,
) -> Result<Vec<DocumentId>, StoreError> {
    effects::hold(tx, held).await?;
    let rows: Vec<Row> =
        sql_query("SELECT id FROM documents WHERE tenant_id = $1 AND collection_id = $2 ORDER BY id LIMIT $3")
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Uuid, _>(id)
            .bind::<BigInt, _>(limit)
            .prepared()
            .load(&mut tx.conn)
            .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Takes these documents out of their collection. Returns those that replicas know of.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn take_out(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<Vec<DocumentId>, StoreError> {
    let rows: Vec<Row> = sql_query(
        "WITH held AS (
             SELECT id FROM documents WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE
         ), moved AS (
             UPDATE documents d SET collection_id = NULL FROM held h WHERE d.tenant_id = $1 AND d.id = h.id
             RETURNING d.id, d.ready_version
         )
         SELECT id FROM moved WHERE ready_version IS NOT NULL ORDER BY id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Deletes a collection that nothing is left in. Sources that are being deleted let go of it.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn delete(tx: &mut TenantTx, id: CollectionId) -> Result<(), StoreError> {
    for statement in [
        "UPDATE sources SET collection_id = NULL WHERE tenant_id = $1 AND collection_id = $2",
        "DELETE FROM collections WHERE tenant_id = $1 AND id = $2",
    ] {
        sql_query(statement)
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Uuid, _>(id)
            .prepared()
            .execute(&mut tx.conn)
            .await?;
    }
    Ok(())
}
