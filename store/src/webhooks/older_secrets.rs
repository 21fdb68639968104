use crate::prepared::Prepare;
use crate::{StoreError, TenantTx, WebhookId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Binary, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// How many secrets of a webhook may sign beside the present one: each makes every delivery's header longer.
pub(super) const MAX_EARLIER: usize = 5;

/// Of a row of `webhook_endpoints`, the secrets before the previous one that sign still, the latest first.
pub(crate) const OLDER_SECRETS: &str =
    "ARRAY(SELECT o.secret FROM unnest(older_secrets, older_secrets_until) AS o (secret, until)
           WHERE o.until > now() ORDER BY o.until DESC, o.secret) AS older_secrets";

/// Of the same secrets, in the same order, until when.
pub(crate) const OLDER_SECRETS_UNTIL: &str =
    "ARRAY(SELECT o.until FROM unnest(older_secrets, older_secrets_until) AS o (secret, until)
           WHERE o.until > now() ORDER BY o.until DESC, o.secret) AS older_secrets_until";

/// A secret that was replaced, as it is sealed, and until when it signs too.
#[derive(Debug, QueryableByName)]
pub(super) struct EarlierSecret {
    #[diesel(sql_type = Binary)]
    pub(super) secret: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    pub(super) until: DateTime<Utc>,
}

/// Those that sign still, the previous one among them, the latest first.
pub(super) async fn earlier_secrets(tx: &mut TenantTx, id: WebhookId) -> Result<Vec<EarlierSecret>, StoreError> {
    Ok(sql_query(
        "SELECT e.secret, e.until FROM webhook_endpoints,
             unnest(array_prepend(previous_secret, older_secrets), array_prepend(previous_secret_until, older_secrets_until)) AS e (secret, until)
         WHERE tenant_id = $1 AND id = $2 AND e.until > now() ORDER BY e.until DESC, e.secret",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
