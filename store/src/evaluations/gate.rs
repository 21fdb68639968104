use crate::prepared::Prepare;
use crate::{KnowledgeBaseId, StoreError, TenantTx, TestSetId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Double, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

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
