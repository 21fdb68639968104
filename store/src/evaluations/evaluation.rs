use crate::prepared::Prepare;
use crate::{EvaluationId, KnowledgeBaseId, StoreError, TenantTx, TestQuestionId, TestSetId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// One run of a test set under one or two configurations.
#[derive(Clone, Debug, QueryableByName)]
pub struct Evaluation {
    /// Its job's.
    #[diesel(sql_type = Uuid)]
    pub id: EvaluationId,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    #[diesel(sql_type = Uuid)]
    pub test_set_id: TestSetId,
    /// A list of one or two, as its job has them.
    #[diesel(sql_type = Jsonb)]
    pub configurations: Value,
    /// The test set's when it began.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub revision: Option<i64>,
    /// The base's last change that it sees at least.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub index_seq: Option<i64>,
    /// The base's last change by now.
    #[diesel(sql_type = BigInt)]
    pub head_seq: i64,
    /// `succeeded` once it has ended; before, its job's state; `cancelled` when the job is gone without it.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Its job's result, once it has ended.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub result: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
}

const SELECT: &str = "SELECT e.id, e.knowledge_base_id, e.test_set_id, e.configurations, e.revision, e.index_seq, h.seq AS head_seq, e.result, e.created_at, e.ended_at,
        CASE WHEN e.ended_at IS NOT NULL THEN 'succeeded' ELSE coalesce(j.state, 'cancelled') END AS state
    FROM evaluations e
    JOIN knowledge_bases k ON k.tenant_id = e.tenant_id AND k.id = e.knowledge_base_id AND k.deleting_at IS NULL
    JOIN knowledge_base_heads h ON h.tenant_id = e.tenant_id AND h.knowledge_base_id = e.knowledge_base_id
    LEFT JOIN jobs j ON j.tenant_id = e.tenant_id AND j.id = e.id";

/// Writes down that the job of this id is to evaluate, in the transaction that submits it.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn create(
    tx: &mut TenantTx,
    id: EvaluationId,
    set: (KnowledgeBaseId, TestSetId),
    configurations: &Value,
) -> Result<(), StoreError> {
    sql_query(
        "INSERT INTO evaluations (tenant_id, id, knowledge_base_id, test_set_id, configurations) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Uuid, _>(set.0)
    .bind::<Uuid, _>(set.1)
    .bind::<Jsonb, _>(configurations)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// # Errors
/// [`StoreError::NotFound`], also when its base is being deleted.
pub async fn find(tx: &mut TenantTx, id: EvaluationId) -> Result<Evaluation, StoreError> {
    sql_query(format!("{SELECT} WHERE e.tenant_id = $1 AND e.id = $2"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "evaluation"))
}

/// Of a test set, the newest first; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(
    tx: &mut TenantTx,
    set: TestSetId,
    before: Option<EvaluationId>,
    limit: i64,
) -> Result<Vec<Evaluation>, StoreError> {
    Ok(sql_query(format!(
        "{SELECT} WHERE e.tenant_id = $1 AND e.test_set_id = $2 AND ($3 IS NULL OR e.id < $3) ORDER BY e.id DESC LIMIT $4"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(set)
    .bind::<Nullable<Uuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Those of the test set that have ended and asked this revision of it, the newest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_ended(tx: &mut TenantTx, set: TestSetId, revision: i64) -> Result<Vec<Evaluation>, StoreError> {
    Ok(sql_query(format!(
        "{SELECT} WHERE e.tenant_id = $1 AND e.test_set_id = $2 AND e.revision = $3 AND e.ended_at IS NOT NULL ORDER BY e.id DESC"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(set)
    .bind::<BigInt, _>(revision)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// What an evaluation found of one question.
#[derive(Clone, Debug, QueryableByName)]
pub struct Scored {
    #[diesel(sql_type = Uuid)]
    pub question_id: TestQuestionId,
    #[diesel(sql_type = Text)]
    pub query: String,
    /// One a configuration.
    #[diesel(sql_type = Jsonb)]
    pub scores: Value,
}

/// Which page of which evaluation's questions.
#[derive(Clone, Copy, Debug)]
pub struct ScoredFilter {
    pub evaluation: EvaluationId,
    /// Where the previous page ended.
    pub after: Option<TestQuestionId>,
    pub limit: i64,
}

/// By question, in the order of the test set.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_scored(tx: &mut TenantTx, filter: &ScoredFilter) -> Result<Vec<Scored>, StoreError> {
    Ok(sql_query(
        "SELECT s.question_id, q.query, s.scores FROM evaluation_questions s
         JOIN test_questions q ON q.tenant_id = s.tenant_id AND q.id = s.question_id
         WHERE s.tenant_id = $1 AND s.evaluation_id = $2 AND ($3 IS NULL OR s.question_id > $3) ORDER BY s.question_id LIMIT $4",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(filter.evaluation)
    .bind::<Nullable<Uuid>, _>(filter.after)
    .bind::<BigInt, _>(filter.limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
