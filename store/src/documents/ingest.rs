use crate::prepared::Prepare;
use crate::schema::{blobs, document_versions, documents};
use crate::{BlobId, DocumentId, JobId, KnowledgeBaseId, StoreError, TenantTx};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{self, Text};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// A submission that waits to be ingested.
#[derive(Clone, Debug, HasQuery)]
#[diesel(table_name = document_versions)]
pub struct Version {
    pub document_id: DocumentId,
    pub version: i32,
    pub blob_id: BlobId,
    pub title: Option<String>,
    pub mime_type: String,
    pub file_name: Option<String>,
    pub metadata: Value,
    pub acl: Value,
}

/// # Errors
/// [`StoreError::NotFound`] when a newer version is ready already, or the document is gone.
pub async fn version(tx: &mut TenantTx, id: DocumentId, version: i32) -> Result<Version, StoreError> {
    Version::query()
        .filter(document_versions::tenant_id.eq(tx.tenant))
        .filter(document_versions::document_id.eq(id))
        .filter(document_versions::version.eq(version))
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "document version"))
}

/// What the ingest of a version has to respect, with the document's row locked.
#[derive(Clone, Debug, HasQuery)]
#[diesel(table_name = documents)]
pub struct Ready {
    pub knowledge_base_id: KnowledgeBaseId,
    pub title: String,
    pub version: i32,
    pub ready_version: Option<i32>,
    pub fingerprint: Option<Vec<u8>>,
    pub chunk_count: i32,
}

/// Locks the document against other ingests of it.
///
/// # Errors
/// [`StoreError::NotFound`] when it is gone or being deleted.
pub async fn lock_for_ingest(tx: &mut TenantTx, id: DocumentId) -> Result<Ready, StoreError> {
    Ready::query()
        .filter(documents::tenant_id.eq(tx.tenant))
        .filter(documents::id.eq(id))
        .filter(documents::deleting_at.is_null())
        .for_update()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "document"))
}

/// What an ingested document is called and is, whatever was said when it was submitted.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    pub title: &'a str,
    pub mime_type: &'a str,
}

/// What was made of a version.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    pub by: JobId,
    /// What the document says of itself.
    pub said: &'a Value,
    pub fingerprint: &'a [u8],
    pub chunk_count: i32,
}

/// Makes `version` the one that is served, under its final title and media type and with what it said of itself, and forgets older submissions and their bytes. The document was updated
/// then, unless it is what was served already.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn mark_ready(
    tx: &mut TenantTx,
    id: DocumentId,
    version: i32,
    named: Named<'_>,
    made: Made<'_>,
) -> Result<(), StoreError> {
    let is_the_same = says_the_same(tx, id, version).await?;
    diesel::update(this_version(tx, id, version))
        .set((
            document_versions::title.eq(named.title),
            document_versions::mime_type.eq(named.mime_type),
            document_versions::said.eq(made.said),
            document_versions::made_by.eq(made.by),
        ))
        .execute(&mut tx.conn)
        .await?;
    diesel::update(
        documents::table
            .filter(documents::tenant_id.eq(tx.tenant))
            .filter(documents::id.eq(id)),
    )
    .set((
        documents::ready_version.eq(version),
        documents::fingerprint.eq(made.fingerprint),
        documents::chunk_count.eq(made.chunk_count),
        documents::updated_at.eq(
            case_when(is_the_same.into_sql::<sql_types::Bool>(), documents::updated_at).otherwise(diesel::dsl::now),
        ),
        // Those of a newer submission, if there is one, stay.
        documents::title
            .eq(case_when(documents::version.eq(version), named.title.into_sql::<Text>()).otherwise(documents::title)),
        documents::mime_type.eq(
            case_when(documents::version.eq(version), named.mime_type.into_sql::<Text>())
                .otherwise(documents::mime_type),
        ),
    ))
    .execute(&mut tx.conn)
    .await?;
    forget_older(tx, id, version).await
}

#[derive(QueryableByName)]
struct Compared {
    #[diesel(sql_type = sql_types::Bool)]
    is_the_same: bool,
}

/// Whether the version was submitted with all that the ready one was: a later release makes something else of it, or it is ingested once more.
async fn says_the_same(tx: &mut TenantTx, id: DocumentId, version: i32) -> Result<bool, StoreError> {
    let compared: Compared = sql_query(
        "SELECT EXISTS (
             SELECT FROM documents d
             JOIN document_versions served ON served.tenant_id = $1 AND served.document_id = $2 AND served.version = d.ready_version
             JOIN document_versions v ON v.tenant_id = $1 AND v.document_id = $2 AND v.version = $3
             JOIN blobs b ON b.tenant_id = $1 AND b.id = served.blob_id
             JOIN blobs n ON n.tenant_id = $1 AND n.id = v.blob_id
             WHERE d.tenant_id = $1 AND d.id = $2 AND b.sha256 = n.sha256 AND served.metadata = v.metadata AND served.acl = v.acl
               AND (served.said_mime_type IS NULL OR served.said_mime_type = v.said_mime_type AND served.said_title IS NOT DISTINCT FROM v.said_title)
         ) AS is_the_same",
    )
    .bind::<sql_types::Uuid, _>(tx.tenant)
    .bind::<sql_types::Uuid, _>(id)
    .bind::<sql_types::Integer, _>(version)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(compared.is_the_same)
}

/// The version says what the ready one says: it takes that one's place, and nothing is indexed.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn mark_unchanged(
    tx: &mut TenantTx,
    id: DocumentId,
    version: i32,
    named: Named<'_>,
) -> Result<(), StoreError> {
    // What the document says of itself is said by the same bytes; and what is served is what was made before.
    sql_query(
        "WITH ready AS (
             SELECT served.said, served.made_by FROM documents d JOIN document_versions served
                 ON served.tenant_id = d.tenant_id AND served.document_id = d.id AND served.version = d.ready_version
             WHERE d.tenant_id = $1 AND d.id = $2)
         UPDATE document_versions v
         SET title = $4, mime_type = $5, said = coalesce((SELECT said FROM ready), v.said), made_by = (SELECT made_by FROM ready)
         WHERE v.tenant_id = $1 AND v.document_id = $2 AND v.version = $3",
    )
    .bind::<sql_types::Uuid, _>(tx.tenant)
    .bind::<sql_types::Uuid, _>(id)
    .bind::<sql_types::Integer, _>(version)
    .bind::<Text, _>(named.title)
    .bind::<Text, _>(named.mime_type)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    diesel::update(
        documents::table
            .filter(documents::tenant_id.eq(tx.tenant))
            .filter(documents::id.eq(id)),
    )
    .set((
        documents::ready_version.eq(version),
        // Those of a newer submission, if there is one, stay.
        documents::title
            .eq(case_when(documents::version.eq(version), named.title.into_sql::<Text>()).otherwise(documents::title)),
        documents::mime_type.eq(
            case_when(documents::version.eq(version), named.mime_type.into_sql::<Text>())
                .otherwise(documents::mime_type),
        ),
    ))
    .execute(&mut tx.conn)
    .await?;
    forget_older(tx, id, version).await
}

#[diesel::dsl::auto_type(no_type_alias)]
fn this_version(tx: &TenantTx, id: DocumentId, version: i32) -> _ {
    let tenant: crate::TenantId = tx.tenant;
    document_versions::table
        .filter(document_versions::tenant_id.eq(tenant))
        .filter(document_versions::document_id.eq(id))
        .filter(document_versions::version.eq(version))
}

async fn forget_older(tx: &mut TenantTx, id: DocumentId, version: i32) -> Result<(), StoreError> {
    let older = document_versions::table
        .filter(document_versions::tenant_id.eq(tx.tenant))
        .filter(document_versions::document_id.eq(id))
        .filter(document_versions::version.lt(version));
    let bytes: Vec<BlobId> = diesel::delete(older)
        .returning(document_versions::blob_id)
        .get_results(&mut tx.conn)
        .await?;
    // What is ingested again has its bytes from an older version.
    let kept = document_versions::table
        .filter(document_versions::tenant_id.eq(tx.tenant))
        .filter(document_versions::document_id.eq(id))
        .select(document_versions::blob_id);
    diesel::delete(
        blobs::table
            .filter(blobs::tenant_id.eq(tx.tenant))
            .filter(blobs::id.eq_any(bytes))
            .filter(diesel::dsl::not(blobs::id.eq_any(kept))),
    )
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
