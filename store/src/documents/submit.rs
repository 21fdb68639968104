use crate::schema::{document_versions, documents};
use crate::{CollectionId, DocumentId, JobId, KnowledgeBaseId, StoreError, TenantTx, blobs, collections};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

/// A document as submitted.
#[derive(Clone, Debug)]
pub struct NewDocument<'a> {
    pub knowledge_base_id: KnowledgeBaseId,
    /// The caller's own id; submitting it again replaces the document.
    pub external_id: Option<&'a str>,
    /// One of the base that is held, or its source's. `None`: a document that is replaced stays where it is, and a new one is in none.
    pub collection_id: Option<CollectionId>,
    /// `None`: the document's own title, or else its file name.
    pub title: Option<&'a str>,
    pub mime_type: &'a str,
    pub file_name: Option<&'a str>,
    /// `None`: a document that is replaced keeps what it had, and a new one has none. So with the list.
    pub metadata: Option<&'a Value>,
    /// Nobody but the tenant sees a document of the list `{}`.
    pub acl: Option<&'a Value>,
    pub bytes: &'a [u8],
    /// The job that will ingest it.
    pub job_id: JobId,
}

/// Which version of which document a submission became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    pub document_id: DocumentId,
    pub version: i32,
}

/// The document's row as a submission left it.
struct Written {
    submitted: Submitted,
    metadata: Value,
    acl: Value,
}

/// Stores the bytes and makes, or replaces, the document's row. What was ready stays searchable until the new version is, and so does when it was changed:
/// replicas have that too, and are told when the version is ready.
///
/// # Errors
/// [`StoreError::NotFound`] when the base is not there.
pub async fn submit(tx: &mut TenantTx, new: &NewDocument<'_>) -> Result<Submitted, StoreError> {
    let title = new.title.or(new.file_name).or(new.external_id).unwrap_or("Untitled");
    let existing = match new.external_id {
        Some(external_id) => lock_by_external_id(tx, new.knowledge_base_id, external_id).await?,
        None => None,
    };
    let written = match existing {
        Some(found) => replace(tx, found, title, new).await?,
        None => match insert(tx, title, new).await? {
            Some(written) => written,
            // Another transaction made it between our look and our insert, and has committed by now.
            None => {
                let external_id = new.external_id.unwrap_or_default();
                let found = lock_by_external_id(tx, new.knowledge_base_id, external_id).await?;
                replace(
                    tx,
                    found.ok_or(StoreError::Conflict {
                        what: "the document is being deleted",
                    })?,
                    title,
                    new,
                )
                .await?
            }
        },
    };
    let submitted = written.submitted;
    if let Some(collection) = new.collection_id {
        // At once, also where nothing else of it turns out to be different.
        collections::put(tx, new.knowledge_base_id, submitted.document_id, Some(collection)).await?;
    }
    let blob_id = blobs::create(tx, new.bytes).await?;
    diesel::insert_into(document_versions::table)
        .values((
            document_versions::tenant_id.eq(tx.tenant),
            document_versions::document_id.eq(submitted.document_id),
            document_versions::version.eq(submitted.version),
            document_versions::blob_id.eq(blob_id),
            document_versions::title.eq(new.title),
            document_versions::mime_type.eq(new.mime_type),
            document_versions::said_title.eq(new.title),
            document_versions::said_mime_type.eq(new.mime_type),
            document_versions::file_name.eq(new.file_name),
            document_versions::metadata.eq(&written.metadata),
            document_versions::acl.eq(&written.acl),
        ))
        .execute(&mut tx.conn)
        .await?;
    Ok(submitted)
}

async fn lock_by_external_id(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    external_id: &str,
) -> Result<Option<DocumentId>, StoreError> {
    Ok(documents::table
        .filter(documents::tenant_id.eq(tx.tenant))
        .filter(documents::knowledge_base_id.eq(base))
        .filter(documents::external_id.eq(external_id))
        .filter(documents::deleting_at.is_null())
        .select(documents::id)
        .for_update()
        .get_result(&mut tx.conn)
        .await
        .optional()?)
}

async fn insert(tx: &mut TenantTx, title: &str, new: &NewDocument<'_>) -> Result<Option<Written>, StoreError> {
    let named = |value: Option<&Value>| value.cloned().unwrap_or_else(|| json!({}));
    let (metadata, acl) = (named(new.metadata), named(new.acl));
    let id: Option<DocumentId> = diesel::insert_into(documents::table)
        .values((
            documents::tenant_id.eq(tx.tenant),
            documents::id.eq(DocumentId::generate()),
            documents::knowledge_base_id.eq(new.knowledge_base_id),
            documents::external_id.eq(new.external_id),
            documents::title.eq(title),
            documents::mime_type.eq(new.mime_type),
            documents::metadata.eq(&metadata),
            documents::acl.eq(&acl),
            documents::job_id.eq(new.job_id),
            documents::size_bytes.eq(size(new.bytes)),
        ))
        .on_conflict_do_nothing()
        .returning(documents::id)
        .get_result(&mut tx.conn)
        .await
        .optional()
        .map_err(no_base)?;
    Ok(id.map(|document_id| Written {
        submitted: Submitted {
            document_id,
            version: 1,
        },
        metadata,
        acl,
    }))
}

async fn replace(tx: &mut TenantTx, id: DocumentId, title: &str, new: &NewDocument<'_>) -> Result<Written, StoreError> {
    let (version, metadata, acl): (i32, Value, Value) = diesel::update(
        documents::table
            .filter(documents::tenant_id.eq(tx.tenant))
            .filter(documents::id.eq(id)),
    )
    .set((
        documents::version.eq(documents::version + 1),
        documents::title.eq(title),
        documents::mime_type.eq(new.mime_type),
        // What is not named is not set: it is what the version before has.
        new.metadata.map(|metadata| documents::metadata.eq(metadata)),
        new.acl.map(|acl| documents::acl.eq(acl)),
        documents::job_id.eq(new.job_id),
        documents::size_bytes.eq(size(new.bytes)),
    ))
    .returning((documents::version, documents::metadata, documents::acl))
    .get_result(&mut tx.conn)
    .await?;
    Ok(Written {
        submitted: Submitted {
            document_id: id,
            version,
        },
        metadata,
        acl,
    })
}

fn size(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

fn no_base(error: diesel::result::Error) -> StoreError {
    use diesel::result::{DatabaseErrorKind, Error};
    match error {
        Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
            StoreError::NotFound { what: "knowledge base" }
        }
        error => StoreError::Query(error),
    }
}
