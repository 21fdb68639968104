use crate::prepared::Prepare;
use crate::{DocumentId, StoreError, TenantTx};
use diesel::sql_types::{Array, Jsonb, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// What decides who may see a document; see [`ShownChunk`](crate::chunks::ShownChunk).
#[derive(Clone, Debug, QueryableByName)]
pub struct DocumentAcl {
    #[diesel(sql_type = Uuid)]
    pub id: DocumentId,
    #[diesel(sql_type = Jsonb)]
    pub indexed_acl: Value,
    #[diesel(sql_type = Jsonb)]
    pub latest_acl: Value,
}

const ACLS: &str = "SELECT d.id, v.acl AS indexed_acl, d.acl AS latest_acl
    FROM documents d
    JOIN document_versions v ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.ready_version
    JOIN knowledge_bases b ON b.tenant_id = d.tenant_id AND b.id = d.knowledge_base_id AND b.deleting_at IS NULL
    WHERE d.tenant_id = $1 AND d.id = ANY($2) AND d.deleting_at IS NULL AND d.enabled";

/// The access lists of those of the documents that are served: none that is switched off, or being deleted, alone or with its base.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn acls(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<Vec<DocumentAcl>, StoreError> {
    Ok(sql_query(ACLS)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(ids)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}

/// [`acls`], with the documents held until the transaction ends: no deletion looks for what quotes them before that.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn hold_acls(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<Vec<DocumentAcl>, StoreError> {
    Ok(sql_query(format!("{ACLS} ORDER BY d.id FOR SHARE OF d"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(ids)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}
