use super::Document;
use super::find::SELECT;
use crate::prepared::Prepare;
use crate::{CollectionId, DocumentId, KnowledgeBaseId, SourceId, StoreError, TenantTx};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// How many documents one page looks through for those that fit.
pub const LOOKED_THROUGH: i64 = 10_000;

/// Which documents of a base. What is absent is all the same.
#[derive(Clone, Debug)]
pub struct DocumentFilter {
    pub base: KnowledgeBaseId,
    /// One of [`DocumentState`](super::DocumentState).
    pub state: Option<&'static str>,
    /// The one that goes by it: none that is being deleted.
    pub external_id: Option<String>,
    /// Those that go by one of these: none that is being deleted.
    pub external_ids: Option<Vec<String>>,
    /// Those that go by something which begins so.
    pub external_id_prefix: Option<String>,
    /// Those that come from it.
    pub source: Option<SourceId>,
    /// Those that are in it.
    pub collection: Option<CollectionId>,
    /// With or without parameters, in any case.
    pub mime_type: Option<String>,
    /// Stands in the title or the external id, in any case; nothing in it is a pattern.
    pub words: Option<String>,
    /// Those that are switched on, or off.
    pub enabled: Option<bool>,
    /// Where the previous page ended.
    pub before: Option<DocumentId>,
    pub limit: i64,
}

/// Documents, the newest first.
#[derive(Clone, Debug)]
pub struct Listed {
    pub documents: Vec<Document>,
    /// Where to go on when there are fewer than were wanted, and not all were looked at.
    pub looked_to: Option<DocumentId>,
}

/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx, filter: &DocumentFilter) -> Result<Listed, StoreError> {
    // A state is that of the document's job, which is looked up one by one: so they are bounded too.
    let is_narrow = filter.state.is_some()
        || filter.external_id.is_some()
        || filter.external_ids.is_some()
        || filter.external_id_prefix.is_some()
        || filter.source.is_some()
        || filter.collection.is_some()
        || filter.mime_type.is_some()
        || filter.words.is_some()
        || filter.enabled.is_some();
    if !is_narrow {
        let documents = of_base(tx, filter).await?;
        return Ok(Listed {
            documents,
            looked_to: None,
        });
    }
    let Matched { matched, looked_to } = look_through(tx, filter).await?;
    let documents = of_ids(tx, filter, &matched).await?;
    Ok(Listed { documents, looked_to })
}

async fn of_base(tx: &mut TenantTx, filter: &DocumentFilter) -> Result<Vec<Document>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE d.tenant_id = $1 AND d.knowledge_base_id = $2 AND ($3 IS NULL OR d.id < $3) ORDER BY d.id DESC LIMIT $4"
    );
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(filter.base)
        .bind::<Nullable<Uuid>, _>(filter.before)
        .bind::<BigInt, _>(filter.limit)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}

async fn of_ids(tx: &mut TenantTx, filter: &DocumentFilter, ids: &[DocumentId]) -> Result<Vec<Document>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "{SELECT} WHERE d.tenant_id = $1 AND d.id = ANY($2) AND ($3 IS NULL OR s.state = $3) ORDER BY d.id DESC LIMIT $4"
    );
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(ids)
        .bind::<Nullable<Text>, _>(filter.state)
        .bind::<BigInt, _>(filter.limit)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}

#[derive(QueryableByName)]
struct Matched {
    /// The newest first.
    #[diesel(sql_type = Array<Uuid>)]
    matched: Vec<DocumentId>,
    #[diesel(sql_type = Nullable<Uuid>)]
    looked_to: Option<DocumentId>,
}

/// What narrows most is looked up by its index, and so many of what that gives are looked through, the newest first.
fn candidates(filter: &DocumentFilter) -> &'static str {
    if filter.external_id.is_some() {
        "SELECT id FROM documents
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND external_id = $3 AND deleting_at IS NULL AND ($4 IS NULL OR id < $4) LIMIT $5"
    } else if filter.external_ids.is_some() {
        "SELECT id FROM documents
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND external_id = ANY($12) AND deleting_at IS NULL AND ($4 IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5"
    } else if filter.source.is_some() {
        "SELECT DISTINCT document_id AS id FROM source_items
         WHERE tenant_id = $1 AND source_id = $6 AND document_id IS NOT NULL AND ($4 IS NULL OR document_id < $4) ORDER BY id DESC LIMIT $5"
    } else if filter.collection.is_some() {
        "SELECT id FROM documents
         WHERE tenant_id = $1 AND collection_id = $10 AND ($4 IS NULL OR id < $4) ORDER BY id DESC LIMIT $5"
    } else {
        "SELECT id FROM documents
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND ($4 IS NULL OR id < $4) ORDER BY id DESC LIMIT $5"
    }
}

async fn look_through(tx: &mut TenantTx, filter: &DocumentFilter) -> Result<Matched, StoreError> {
    // A state is known only with the job: those of a state are chosen among all that match.
    let wanted = match filter.state {
        Some(_) => LOOKED_THROUGH,
        None => filter.limit,
    };
    let sql = format!(
        "WITH looked AS MATERIALIZED ({})
         SELECT ARRAY(
             SELECT d.id FROM looked l JOIN documents d ON d.tenant_id = $1 AND d.id = l.id AND d.knowledge_base_id = $2
             WHERE ($3 IS NULL OR d.external_id = $3)
               AND ($6 IS NULL OR EXISTS (SELECT FROM source_items i WHERE i.tenant_id = $1 AND i.document_id = d.id AND i.source_id = $6))
               AND ($7 IS NULL OR lower($7) IN (lower(d.mime_type), lower(split_part(d.mime_type, ';', 1))))
               AND ($8 IS NULL OR strpos(lower(d.title), lower($8)) > 0 OR strpos(lower(d.external_id), lower($8)) > 0)
               AND ($10 IS NULL OR d.collection_id = $10)
               AND ($11 IS NULL OR d.enabled = $11)
               AND ($12 IS NULL OR d.external_id = ANY($12))
               AND ($13 IS NULL OR starts_with(d.external_id, $13))
             ORDER BY d.id DESC LIMIT $9) AS matched,
             (SELECT id FROM looked ORDER BY id DESC OFFSET $5 - 1 LIMIT 1) AS looked_to",
        candidates(filter)
    );
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(filter.base)
        .bind::<Nullable<Text>, _>(filter.external_id.as_deref())
        .bind::<Nullable<Uuid>, _>(filter.before)
        .bind::<BigInt, _>(LOOKED_THROUGH)
        .bind::<Nullable<Uuid>, _>(filter.source)
        .bind::<Nullable<Text>, _>(filter.mime_type.as_deref())
        .bind::<Nullable<Text>, _>(filter.words.as_deref())
        .bind::<BigInt, _>(wanted)
        .bind::<Nullable<Uuid>, _>(filter.collection)
        .bind::<Nullable<Bool>, _>(filter.enabled)
        .bind::<Nullable<Array<Text>>, _>(filter.external_ids.as_ref())
        .bind::<Nullable<Text>, _>(filter.external_id_prefix.as_deref())
        .prepared()
        .get_result(&mut tx.conn)
        .await?)
}
