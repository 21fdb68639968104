use super::{OLDER_SECRETS, WebhookSecret};
use crate::secrets::{MasterKeys, SealError};
use crate::{StoreError, TenantTx, WebhookId};
use diesel::sql_types::{Array, Binary, Nullable, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: WebhookId,
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    previous_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Array<Binary>)]
    older_secrets: Vec<Vec<u8>>,
}

/// The tenant's webhooks that cannot be told anything, because these keys do not open a secret that signs, and why not.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn unopenable(tx: &mut TenantTx, keys: &MasterKeys) -> Result<Vec<(WebhookId, SealError)>, StoreError> {
    let rows: Vec<Row> = sql_query(format!(
        "SELECT id, secret, CASE WHEN previous_secret_until > now() THEN previous_secret END AS previous_secret, {OLDER_SECRETS}
         FROM webhook_endpoints WHERE tenant_id = $1 ORDER BY id"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .load(&mut tx.conn)
    .await?;
    let tenant = tx.tenant;
    let failed = |row: Row| {
        let mut sealed = std::iter::once(&row.secret)
            .chain(&row.previous_secret)
            .chain(&row.older_secrets);
        let error = sealed.find_map(|sealed| WebhookSecret::open(keys, tenant, row.id, sealed).err())?;
        Some((row.id, error))
    };
    Ok(rows.into_iter().filter_map(failed).collect())
}
