use super::merge_patch::merge_patch;
use crate::prepared::Prepare;
use crate::{CollectionId, DocumentId, KnowledgeBaseId, StoreError, TenantTx, collections, index_changes};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::collections::BTreeMap;

/// The most that the metadata of a document may have, as JSON.
pub const METADATA_BYTES_MAX: usize = 16 << 10;

/// Versions that are looked at at once: a document that failed again and again has many.
const VERSIONS: i64 = 500;

/// What is to be different in many documents. What is absent stays as each has it.
#[derive(Clone, Copy, Debug)]
pub struct Changes<'a> {
    /// A JSON merge patch (RFC 7396) of each one's own.
    pub metadata: Option<&'a Value>,
    /// In the place of each one's own.
    pub acl: Option<&'a Value>,
    /// The collection of the base that they are put into; `Some(None)`: none.
    pub collection: Option<Option<CollectionId>>,
    /// Documents that were submitted then or later are left alone.
    pub asked_at: DateTime<Utc>,
    /// Nothing is written.
    pub dry_run: bool,
}

/// What became of documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revised {
    pub changed: usize,
    /// They were so already.
    pub unchanged: usize,
    /// Left alone: their sources say what they have.
    pub of_sources: usize,
    /// Left alone: their metadata would be larger than it may be.
    pub too_large: usize,
    /// Left alone: submitted since.
    pub skipped: usize,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
    #[diesel(sql_type = Nullable<Uuid>)]
    collection_id: Option<CollectionId>,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = Jsonb)]
    acl: Value,
    #[diesel(sql_type = Bool)]
    is_ready: bool,
    #[diesel(sql_type = Bool)]
    is_of_source: bool,
    #[diesel(sql_type = Bool)]
    is_newer: bool,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Uuid)]
    document_id: DocumentId,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = Jsonb)]
    acl: Value,
}

/// What there is to do with a document.
struct Task {
    metadata: Value,
    is_ready: bool,
    is_moved: bool,
    /// The metadata or the list are different, of the document or of one of its versions.
    is_revised: bool,
    is_too_large: bool,
}

impl Changes<'_> {
    fn metadata_of(&self, own: &Value) -> Value {
        match self.metadata {
            Some(patch) => merge_patch(own.clone(), patch),
            None => own.clone(),
        }
    }

    fn is_other_list(&self, own: &Value) -> bool {
        self.acl.is_some_and(|acl| acl != own)
    }
}

impl Task {
    fn of(document: &Standing, changes: &Changes<'_>) -> Self {
        let mut task = Self {
            metadata: changes.metadata_of(&document.metadata),
            is_ready: document.is_ready,
            is_moved: changes
                .collection
                .is_some_and(|collection| collection != document.collection_id),
            is_revised: false,
            is_too_large: false,
        };
        task.look(&document.metadata, &document.acl, changes);
        task
    }

    /// Notes what would be different in the document, or in a version of it.
    fn look(&mut self, metadata: &Value, acl: &Value, changes: &Changes<'_>) {
        let merged = changes.metadata_of(metadata);
        let is_other = merged != *metadata;
        self.is_too_large |= is_other && merged.to_string().len() > METADATA_BYTES_MAX;
        self.is_revised |= is_other || changes.is_other_list(acl);
    }

    fn is_different(&self) -> bool {
        !self.is_too_large && (self.is_revised || self.is_moved)
    }
}

/// Changes those of the documents that are there, as [`revise`](fn@super::revise) and [`collections::put`] do with one: what is served and what is still to be ingested, each version by what it
/// has itself. Tells the replicas once. Documents that a source brings are left alone, as are those whose metadata would be too large, as a whole.
///
/// # Errors
/// [`StoreError::NotFound`] when the collection or the base is gone.
pub async fn revise_many(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    ids: &[DocumentId],
    changes: &Changes<'_>,
) -> Result<Revised, StoreError> {
    if let Some(Some(collection)) = changes.collection.filter(|_| !changes.dry_run) {
        // Before the documents are locked, as in a deletion of the collection.
        collections::hold(tx, base, collection).await?;
    }
    let there = hold(tx, base, ids, changes.dry_run).await?;
    let mut revised = Revised::default();
    let mut tasks = BTreeMap::new();
    for document in standing(tx, &there, changes.asked_at).await? {
        if document.is_of_source {
            revised.of_sources += 1;
        } else if document.is_newer {
            revised.skipped += 1;
        } else {
            tasks.insert(document.id, Task::of(&document, changes));
        }
    }
    look_at_versions(tx, &mut tasks, changes).await?;
    revised.too_large = tasks.values().filter(|task| task.is_too_large).count();
    let looked_at = tasks.len() - revised.too_large;
    tasks.retain(|_, task| task.is_different());
    revised.changed = tasks.len();
    revised.unchanged = looked_at - revised.changed;
    if !changes.dry_run && !tasks.is_empty() {
        write_versions(tx, &tasks, changes).await?;
        write(tx, &tasks, changes).await?;
        let ready = tasks.iter().filter(|(_, task)| task.is_ready);
        let told: Vec<DocumentId> = ready.map(|(id, _)| *id).collect();
        if !told.is_empty() {
            index_changes::record(tx, base, &told).await?;
        }
    }
    Ok(revised)
}

/// Those of the documents that are not being deleted. Unless it is only a look, ingests of them and others that want to change them wait for the transaction's end; what they are now is
/// read by a statement of its own, for this one may have waited for one of those.
async fn hold(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    ids: &[DocumentId],
    is_look: bool,
) -> Result<Vec<DocumentId>, StoreError> {
    let held = if is_look { "" } else { "FOR UPDATE OF d" };
    let sql = format!(
        "SELECT d.id FROM documents d
         WHERE d.tenant_id = $1 AND d.knowledge_base_id = $2 AND d.id = ANY($3) AND d.deleting_at IS NULL
           AND EXISTS (SELECT FROM knowledge_bases k WHERE k.tenant_id = d.tenant_id AND k.id = d.knowledge_base_id AND k.deleting_at IS NULL)
         ORDER BY d.id {held}"
    );
    let rows: Vec<Row> = sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(base)
        .bind::<Array<Uuid>, _>(ids)
        .prepared()
        .load(&mut tx.conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn standing(tx: &mut TenantTx, ids: &[DocumentId], asked_at: DateTime<Utc>) -> Result<Vec<Standing>, StoreError> {
    Ok(sql_query(
        "SELECT d.id, d.collection_id, d.metadata, d.acl, d.ready_version IS NOT NULL AS is_ready,
                EXISTS (SELECT FROM source_items i WHERE i.tenant_id = $1 AND i.document_id = d.id) AS is_of_source,
                EXISTS (SELECT FROM document_versions v
                        WHERE v.tenant_id = $1 AND v.document_id = d.id AND v.version = d.version AND v.created_at >= $3) AS is_newer
         FROM documents d WHERE d.tenant_id = $1 AND d.id = ANY($2)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Timestamptz, _>(asked_at)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

async fn look_at_versions(
    tx: &mut TenantTx,
    tasks: &mut BTreeMap<DocumentId, Task>,
    changes: &Changes<'_>,
) -> Result<(), StoreError> {
    let ids: Vec<DocumentId> = tasks.keys().copied().collect();
    let mut after = None;
    loop {
        let page = versions(tx, &ids, after).await?;
        for version in &page {
            if let Some(task) = tasks.get_mut(&version.document_id) {
                task.look(&version.metadata, &version.acl, changes);
            }
        }
        after = end_of(&page);
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn write_versions(
    tx: &mut TenantTx,
    tasks: &BTreeMap<DocumentId, Task>,
    changes: &Changes<'_>,
) -> Result<(), StoreError> {
    let revised = tasks.iter().filter(|(_, task)| task.is_revised);
    let ids: Vec<DocumentId> = revised.map(|(id, _)| *id).collect();
    let mut after = None;
    loop {
        let page = versions(tx, &ids, after).await?;
        write_page(tx, &page, changes).await?;
        after = end_of(&page);
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The versions of these documents behind `after`, in the order of both.
async fn versions(
    tx: &mut TenantTx,
    ids: &[DocumentId],
    after: Option<(DocumentId, i32)>,
) -> Result<Vec<Version>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sql_query(
        "SELECT document_id, version, metadata, acl FROM document_versions
         WHERE tenant_id = $1 AND document_id = ANY($2) AND ($3 IS NULL OR (document_id, version) > ($3, $4))
         ORDER BY document_id, version LIMIT $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Nullable<Uuid>, _>(after.map(|(document, _)| document))
    .bind::<Nullable<Integer>, _>(after.map(|(_, version)| version))
    .bind::<BigInt, _>(VERSIONS)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Where the next page begins, if this one is full.
fn end_of(page: &[Version]) -> Option<(DocumentId, i32)> {
    let is_full = i64::try_from(page.len()).unwrap_or(i64::MAX) >= VERSIONS;
    page.last()
        .filter(|_| is_full)
        .map(|version| (version.document_id, version.version))
}

async fn write_page(tx: &mut TenantTx, page: &[Version], changes: &Changes<'_>) -> Result<(), StoreError> {
    let (mut ids, mut versions, mut metadata) = (Vec::new(), Vec::new(), Vec::new());
    for version in page {
        let merged = changes.metadata_of(&version.metadata);
        if merged != version.metadata || changes.is_other_list(&version.acl) {
            ids.push(version.document_id);
            versions.push(version.version);
            metadata.push(merged);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    sql_query(
        "UPDATE document_versions AS v SET metadata = n.metadata, acl = coalesce($5, v.acl)
         FROM unnest($2::uuid[], $3::int4[], $4::jsonb[]) AS n (document_id, version, metadata)
         WHERE v.tenant_id = $1 AND v.document_id = n.document_id AND v.version = n.version",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Array<Integer>, _>(versions)
    .bind::<Array<Jsonb>, _>(metadata)
    .bind::<Nullable<Jsonb>, _>(changes.acl)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// The fingerprint of what is revised goes: submitted again as it was, it is another than what is served. What is only put elsewhere has the content that it had.
async fn write(tx: &mut TenantTx, tasks: &BTreeMap<DocumentId, Task>, changes: &Changes<'_>) -> Result<(), StoreError> {
    let metadata: Vec<&Value> = tasks.values().map(|task| &task.metadata).collect();
    sql_query(
        "UPDATE documents AS d SET metadata = n.metadata, acl = coalesce($5, d.acl),
             fingerprint = CASE WHEN n.is_revised THEN NULL ELSE d.fingerprint END,
             updated_at = CASE WHEN n.is_revised THEN now() ELSE d.updated_at END,
             collection_id = CASE WHEN $6 THEN $7 ELSE d.collection_id END
         FROM unnest($2::uuid[], $3::jsonb[], $4::bool[]) AS n (id, metadata, is_revised)
         WHERE d.tenant_id = $1 AND d.id = n.id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(tasks.keys().copied().collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(metadata)
    .bind::<Array<Bool>, _>(tasks.values().map(|task| task.is_revised).collect::<Vec<_>>())
    .bind::<Nullable<Jsonb>, _>(changes.acl)
    .bind::<Bool, _>(changes.collection.is_some())
    .bind::<Nullable<Uuid>, _>(changes.collection.flatten())
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
