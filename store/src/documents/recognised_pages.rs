//! Pages of a submission that are pictures, as text recognition read them: kept so that an ingest which is taken up again need not read them once more.
use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{BlobId, DocumentId, StoreError, TenantTx, effects};
use diesel::sql_types::{Integer, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(Clone, Debug, QueryableByName)]
pub struct RecognisedPage {
    /// From 1.
    #[diesel(sql_type = Integer)]
    pub page: i32,
    #[diesel(sql_type = Text)]
    pub hocr: String,
}

/// Those of the bytes that were read in these languages, in their order.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn recognised_pages(
    tx: &mut TenantTx,
    blob: BlobId,
    languages: &str,
) -> Result<Vec<RecognisedPage>, StoreError> {
    let pages = sql_query(
        "SELECT page, hocr FROM recognised_pages WHERE tenant_id = $1 AND blob_id = $2 AND languages = $3 ORDER BY page",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(blob)
    .bind::<Text, _>(languages)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(pages)
}

/// Keeps a page of a version that is being ingested under the lease `held`, in the place of what was read in other languages.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job; [`StoreError::NotFound`] when the version is gone or its document being deleted.
pub async fn keep_recognised_page(
    tx: &mut TenantTx,
    held: Held,
    (document, version): (DocumentId, i32),
    languages: &str,
    page: &RecognisedPage,
) -> Result<(), StoreError> {
    effects::hold(tx, held).await?;
    // The lock keeps a deletion from beginning meanwhile.
    let kept = sql_query(
        "INSERT INTO recognised_pages (tenant_id, blob_id, page, languages, hocr)
         SELECT v.tenant_id, v.blob_id, $4, $5, $6
         FROM documents d JOIN document_versions v ON v.tenant_id = d.tenant_id AND v.document_id = d.id
         WHERE d.tenant_id = $1 AND d.id = $2 AND d.deleting_at IS NULL AND v.version = $3 FOR SHARE OF d
         ON CONFLICT (tenant_id, blob_id, page) DO UPDATE SET languages = excluded.languages, hocr = excluded.hocr, created_at = now()",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(document)
    .bind::<Integer, _>(version)
    .bind::<Integer, _>(page.page)
    .bind::<Text, _>(languages)
    .bind::<Text, _>(&page.hocr)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if kept == 0 {
        return Err(StoreError::NotFound {
            what: "document version",
        });
    }
    Ok(())
}

/// What was read of the bytes is in the document's chunks now.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn forget_recognised_pages(tx: &mut TenantTx, blob: BlobId) -> Result<(), StoreError> {
    sql_query("DELETE FROM recognised_pages WHERE tenant_id = $1 AND blob_id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(blob)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}
