use crate::prepared::Prepare;
use crate::{ApiKeyId, KnowledgeBaseId, StoreError, TenantTx, TestSetId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Double, Jsonb, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// The test set on which a change of a base's search settings must not lose.
#[derive(Clone, Debug, QueryableByName)]
pub struct Gate {
    #[diesel(sql_type = Uuid)]
    pub test_set_id: TestSetId,
    /// `ndcg@10`, `recall@10`, `recall@50` or `mrr@10`.
    #[diesel(sql_type = Text)]
    pub metric: String,
    /// How much of it a change may lose on average, 0 to 1.
    #[diesel(sql_type = Double)]
    pub max_loss: f64,
    #[diesel(sql_type = Timestamptz)]
    pub set_at: DateTime<Utc>,
}

/// Makes it the base's only gate.
///
/// # Errors
/// [`StoreError::Query`], also when the test set is none of the base's.
pub async fn set_gate(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    set: TestSetId,
    metric: &str,
    max_loss: f64,
) -> Result<Gate, StoreError> {
    Ok(sql_query(
        "INSERT INTO evaluation_gates (tenant_id, knowledge_base_id, test_set_id, metric, max_loss) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, knowledge_base_id)
         DO UPDATE SET test_set_id = excluded.test_set_id, metric = excluded.metric, max_loss = excluded.max_loss, set_at = now()
         RETURNING test_set_id, metric, max_loss, set_at",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(set)
    .bind::<Text, _>(metric)
    .bind::<Double, _>(max_loss)
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}

/// The base's gate, if it has one.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn find_gate(tx: &mut TenantTx, base: KnowledgeBaseId) -> Result<Option<Gate>, StoreError> {
    Ok(sql_query(
        "SELECT test_set_id, metric, max_loss, set_at FROM evaluation_gates WHERE tenant_id = $1 AND knowledge_base_id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?)
}

/// # Errors
/// [`StoreError::NotFound`] when the base has no gate.
pub async fn remove_gate(tx: &mut TenantTx, base: KnowledgeBaseId) -> Result<(), StoreError> {
    let removed = sql_query("DELETE FROM evaluation_gates WHERE tenant_id = $1 AND knowledge_base_id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(base)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if removed == 0 {
        return Err(StoreError::NotFound { what: "gate" });
    }
    Ok(())
}

/// A change that is made past the gate.
#[derive(Clone, Debug)]
pub struct NewOverride<'a> {
    pub knowledge_base_id: KnowledgeBaseId,
    pub reason: &'a str,
    pub api_key_id: ApiKeyId,
    /// How the base is searched by default, as an evaluation has it, and how it will be.
    pub before: &'a Value,
    pub after: &'a Value,
}

/// A change that was made past the gate.
#[derive(Clone, Debug, QueryableByName)]
pub struct GateOverride {
    #[diesel(sql_type = Text)]
    pub reason: String,
    #[diesel(sql_type = Uuid)]
    pub api_key_id: ApiKeyId,
    #[diesel(sql_type = Jsonb)]
    pub before: Value,
    #[diesel(sql_type = Jsonb)]
    pub after: Value,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// # Errors
/// [`StoreError::Query`].
pub async fn record_override(tx: &mut TenantTx, made: &NewOverride<'_>) -> Result<(), StoreError> {
    sql_query(
        "INSERT INTO gate_overrides (tenant_id, id, knowledge_base_id, reason, api_key_id, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(uuid::Uuid::now_v7())
    .bind::<Uuid, _>(made.knowledge_base_id)
    .bind::<Text, _>(made.reason)
    .bind::<Uuid, _>(made.api_key_id)
    .bind::<Jsonb, _>(made.before)
    .bind::<Jsonb, _>(made.after)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// The latest 20 of the base, the newest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_overrides(tx: &mut TenantTx, base: KnowledgeBaseId) -> Result<Vec<GateOverride>, StoreError> {
    Ok(sql_query(
        "SELECT reason, api_key_id, before, after, created_at FROM gate_overrides
         WHERE tenant_id = $1 AND knowledge_base_id = $2 ORDER BY id DESC LIMIT 20",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
