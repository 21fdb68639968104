use crate::prepared::Prepare;
use crate::{DocumentId, StoreError, TenantTx};
use diesel::sql_types::{Array, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// The address of document `d`: what a source found there goes by its canonical address. Anybody else's id may look like one and be none. No `EXISTS`,
/// for which the planner may read the table from end to end.
pub(crate) const URL: &str =
    "(SELECT d.external_id FROM source_items i WHERE i.tenant_id = d.tenant_id AND i.document_id = d.id LIMIT 1)";

/// Where a document that is served comes from.
#[derive(Clone, Debug, QueryableByName)]
pub struct Origin {
    #[diesel(sql_type = Uuid)]
    pub id: DocumentId,
    #[diesel(sql_type = Nullable<Text>)]
    pub external_id: Option<String>,
    /// Where it comes from a web source.
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    #[diesel(sql_type = Text)]
    pub mime_type: String,
}

/// Of those of the documents that are served.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn origins(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<Vec<Origin>, StoreError> {
    Ok(sql_query(format!(
        "SELECT d.id, d.external_id, {URL} AS url, v.mime_type
         FROM documents d
         JOIN document_versions v ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.ready_version
         WHERE d.tenant_id = $1 AND d.id = ANY($2) AND d.deleting_at IS NULL"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
