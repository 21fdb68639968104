use super::Document;
use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Integer, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Submits the bytes of the latest submission once more, as they were submitted and with what its metadata and access list are now, for job `job` to ingest; returns the version that
/// this makes. The document is [`lock`](super::lock)ed. What is served stays until the new version is. Its fingerprint goes: although nothing is different, there is something to do.
///
/// # Errors
/// [`StoreError::NotFound`] when the submission is gone.
pub async fn reingest(tx: &mut TenantTx, document: &Document, job: JobId) -> Result<i32, StoreError> {
    let version = document.version + 1;
    let made = sql_query(
        "WITH latest AS (
             SELECT *, said_mime_type IS NOT NULL AS is_known FROM document_versions WHERE tenant_id = $1 AND document_id = $2 AND version = $3
         ), said AS (
             SELECT *, CASE WHEN is_known THEN said_title ELSE title END AS given, coalesce(said_mime_type, mime_type) AS media_type FROM latest
         )
         INSERT INTO document_versions (tenant_id, document_id, version, blob_id, title, mime_type, file_name, metadata, acl, said_title, said_mime_type)
         SELECT tenant_id, document_id, $4, blob_id, given, media_type, file_name, metadata, acl, given, media_type FROM said",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(document.id)
    .bind::<Integer, _>(document.version)
    .bind::<Integer, _>(version)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if made == 0 {
        return Err(StoreError::NotFound {
            what: "document version",
        });
    }
    sql_query("UPDATE documents SET version = $3, job_id = $4, fingerprint = NULL WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(document.id)
        .bind::<Integer, _>(version)
        .bind::<Uuid, _>(job)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(version)
}

#[derive(QueryableByName)]
struct Since {
    #[diesel(sql_type = Bool)]
    since: bool,
}

/// Whether the document's latest submission is of this time or later.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn submitted_since(tx: &mut TenantTx, document: &Document, time: DateTime<Utc>) -> Result<bool, StoreError> {
    let found: Since = sql_query(
        "SELECT EXISTS (SELECT FROM document_versions WHERE tenant_id = $1 AND document_id = $2 AND version = $3 AND created_at >= $4) AS since",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(document.id)
    .bind::<Integer, _>(document.version)
    .bind::<Timestamptz, _>(time)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(found.since)
}
