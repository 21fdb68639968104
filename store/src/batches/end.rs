use super::BatchState;
use crate::jobs::Dispatchable;
use crate::prepared::Prepare;
use crate::{BatchId, KnowledgeBaseId, StoreError, System, TenantId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// A batch that has ended just now.
#[derive(Clone, Debug)]
pub struct EndedBatch {
    pub id: BatchId,
    pub state: BatchState,
    /// The job that follows and is due now; to be pushed.
    pub step: Option<Dispatchable>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: BatchId,
    #[diesel(sql_type = Uuid)]
    tenant_id: TenantId,
    #[diesel(sql_type = Nullable<Text>)]
    stopped_by: Option<String>,
    #[diesel(sql_type = Integer)]
    dead: i32,
    #[diesel(sql_type = Integer)]
    cancelled: i32,
    #[diesel(sql_type = Nullable<Text>)]
    pool: Option<String>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    priority: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Array<Uuid>>)]
    knowledge_base_ids: Option<Vec<KnowledgeBaseId>>,
}

/// Ends up to `limit` closed batches in which nothing pends, and makes the jobs that follow them due, in one statement: each batch ends once,
/// whoever looks, and no crash can come between its end and what follows.
///
/// # Errors
/// [`StoreError`].
pub async fn end_all(system: &System, limit: i64) -> Result<Vec<EndedBatch>, StoreError> {
    let mut retries = system.retries();
    let ended = loop {
        match end(system, limit).await {
            Err(StoreError::Query(error)) if retries.after_change(&error) => {}
            ended => break ended?,
        }
    };
    Ok(ended.into_iter().map(EndedBatch::from).collect())
}

async fn end(system: &System, limit: i64) -> Result<Vec<Row>, StoreError> {
    let mut tx = system.begin_in_one_snapshot(crate::Durability::Durable).await?;
    let ended: Vec<Row> = sql_query(
        "WITH ready AS (
             SELECT tenant_id, id FROM batches
             WHERE ready ORDER BY id LIMIT $1 FOR NO KEY UPDATE
         ), over AS (
             UPDATE batches b SET ended_at = now() FROM ready r WHERE b.tenant_id = r.tenant_id AND b.id = r.id
             RETURNING b.*
         ), step AS (
             UPDATE jobs j SET awaits_batch = false, revision = revision + 1,
                    state = CASE WHEN j.state = 'scheduled' THEN 'queued' ELSE j.state END,
                    run_at = CASE WHEN j.state = 'scheduled' THEN now() ELSE j.run_at END
             FROM over o WHERE o.has_step AND j.tenant_id = o.tenant_id AND j.id = o.id AND j.awaits_batch
             RETURNING j.id, j.state, j.pool, j.priority, j.kind, j.knowledge_base_ids
         )
         SELECT o.id, o.tenant_id, o.stopped_by, o.dead, o.cancelled, s.pool, s.priority, s.kind, s.knowledge_base_ids
         FROM over o LEFT JOIN step s ON s.id = o.id AND s.state = 'queued'",
    )
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(ended)
}

impl From<Row> for EndedBatch {
    fn from(row: Row) -> Self {
        let state = BatchState::of_ended(row.stopped_by.as_deref(), row.dead, row.cancelled);
        let step = row.pool.zip(row.priority).zip(row.kind);
        let step = step.map(|((pool, priority), kind)| Dispatchable {
            id: row.id.as_job(),
            tenant_id: row.tenant_id,
            pool,
            priority,
            kind,
            knowledge_base_ids: row.knowledge_base_ids.unwrap_or_default(),
        });
        Self {
            id: row.id,
            state,
            step,
        }
    }
}
