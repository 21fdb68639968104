//! The change log that search replicas follow.
use crate::prepared::Prepare;
use crate::{DocumentId, KnowledgeBaseId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Oid, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Seq {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// Takes the base's next number for a change of these documents. Locks the base's head until commit, so call it as late in the
/// transaction as can be.
///
/// Earlier changes of the same documents go: a replica applies a document as it stands, so only the last one counts, and the log grows with
/// the documents and not with their edits. Recent ones stay for a replica that has read the base's head and is still reading the log.
///
/// The first change that another server counts than the one before begins an era, see [`era_at`].
///
/// # Errors
/// [`StoreError::NotFound`] when the base is gone.
pub async fn record(tx: &mut TenantTx, base: KnowledgeBaseId, documents: &[DocumentId]) -> Result<i64, StoreError> {
    let Seq { seq } = sql_query(
        "WITH head AS (
             UPDATE knowledge_base_heads AS h SET seq = seq + 1,
                 era = CASE WHEN era_server = pg_postmaster_start_time() AND era_table = h.tableoid AND era_database = here.oid
                     THEN era ELSE gen_random_uuid() END,
                 era_server = pg_postmaster_start_time(), era_table = h.tableoid, era_database = here.oid
             FROM pg_database AS here
             WHERE here.datname = current_database() AND tenant_id = $1 AND knowledge_base_id = $2 RETURNING seq, era
         ), era AS (
             INSERT INTO index_eras (tenant_id, knowledge_base_id, era, first_seq) SELECT $1, $2, head.era, head.seq FROM head
             ON CONFLICT (tenant_id, knowledge_base_id, era) DO NOTHING
         ), change AS (
             INSERT INTO index_changes (tenant_id, knowledge_base_id, seq, document_id)
             SELECT $1, $2, head.seq, d FROM head, unnest($3::uuid[]) AS d
         ), surpassed AS (
             DELETE FROM index_changes WHERE tenant_id = $1 AND knowledge_base_id = $2 AND document_id = ANY($3)
                AND changed_at < now() - interval '1 hour'
         )
         SELECT seq FROM head",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Array<Uuid>, _>(documents)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "knowledge base"))?;
    Ok(seq)
}

/// The number of the base's last change, which is the last until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`] when the base is gone.
pub async fn head(tx: &mut TenantTx, base: KnowledgeBaseId) -> Result<i64, StoreError> {
    let Seq { seq } =
        sql_query("SELECT seq FROM knowledge_base_heads WHERE tenant_id = $1 AND knowledge_base_id = $2 FOR UPDATE")
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Uuid, _>(base)
            .prepared()
            .get_result(&mut tx.conn)
            .await
            .map_err(|error| StoreError::or_not_found(error, "knowledge base"))?;
    Ok(seq)
}

/// The era of the base's change number `seq`: with it, the number names one change for ever. `None` for numbers that were given before there were eras.
///
/// A server that was restored to an earlier point gives the numbers after that point once more, in an era of its own.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn era_at(tx: &mut TenantTx, base: KnowledgeBaseId, seq: i64) -> Result<Option<uuid::Uuid>, StoreError> {
    #[derive(QueryableByName)]
    struct Era {
        #[diesel(sql_type = Uuid)]
        era: uuid::Uuid,
    }
    let found: Option<Era> = sql_query(
        "SELECT era FROM index_eras WHERE tenant_id = $1 AND knowledge_base_id = $2 AND first_seq <= $3 ORDER BY first_seq DESC LIMIT 1",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<BigInt, _>(seq)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    Ok(found.map(|Era { era }| era))
}

/// Which server, and which database of it, a transaction is of: another one may count otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct CountedBy {
    #[diesel(sql_type = Timestamptz)]
    started_at: DateTime<Utc>,
    #[diesel(sql_type = Oid)]
    database: u32,
}

/// # Errors
/// [`StoreError::Query`].
pub async fn counted_by(tx: &mut TenantTx) -> Result<CountedBy, StoreError> {
    Ok(sql_query(
        "SELECT pg_postmaster_start_time() AS started_at, oid AS database FROM pg_database WHERE datname = current_database()",
    )
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}

/// Whether the base counts what it counted when a copy of it came to number `seq` in `era`: if not, the copy holds changes that the base knows nothing of, and
/// lacks others with the same numbers. A copy without an era is from before there were eras, or was written by a release that did not know them, and agrees as
/// long as the base has come to its number. Of a base that is gone, `true`: whoever tidies removes its copies.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn counts_as(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    seq: i64,
    era: Option<uuid::Uuid>,
) -> Result<bool, StoreError> {
    let head: Option<Seq> =
        sql_query("SELECT seq FROM knowledge_base_heads WHERE tenant_id = $1 AND knowledge_base_id = $2")
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Uuid, _>(base)
            .prepared()
            .get_result(&mut tx.conn)
            .await
            .optional()?;
    Ok(match head {
        Some(head) => head.seq >= seq && (era.is_none() || era_at(tx, base, seq).await? == era),
        None => true,
    })
}

/// A document that changed, and the number of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Change {
    #[diesel(sql_type = Uuid)]
    pub document_id: DocumentId,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
}

/// Up to `limit` documents that changed after number `after`, each once, in the order of their last change. `page` is the last of the previous page: one number
/// may span pages. Without an end: the last change of a document takes the place of those before it, so whoever stopped at a number would miss what has changed
/// once more since.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn between(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    after: i64,
    page: Option<Change>,
    limit: i64,
) -> Result<Vec<Change>, StoreError> {
    let (page_seq, page_document) = start_of(page);
    Ok(sql_query(
        "SELECT document_id, max(seq) AS seq FROM index_changes
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND seq > $3
         GROUP BY document_id HAVING (max(seq), document_id) > ($4, $5)
         ORDER BY max(seq), document_id LIMIT $6",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(page_seq)
    .bind::<Uuid, _>(page_document)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// How many documents [`between`] has left behind `page`.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn left(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    after: i64,
    page: Option<Change>,
) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Left {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let (page_seq, page_document) = start_of(page);
    let Left { count } = sql_query(
        "SELECT count(*) AS count FROM (
             SELECT FROM index_changes WHERE tenant_id = $1 AND knowledge_base_id = $2 AND seq > $3
             GROUP BY document_id HAVING (max(seq), document_id) > ($4, $5)
         ) AS changed",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(page_seq)
    .bind::<Uuid, _>(page_document)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(count)
}

fn start_of(page: Option<Change>) -> (i64, DocumentId) {
    page.map_or((-1, DocumentId(uuid::Uuid::nil())), |last| (last.seq, last.document_id))
}
