use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{DocumentId, EvaluationId, KnowledgeBaseId, StoreError, TenantTx, TestQuestionId, TestSetId, effects};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// Evaluations that are kept of a test set.
const KEPT: i64 = 100;

/// What an evaluation is of.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct ToAsk {
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    /// The base's last change when the first attempt began.
    #[diesel(sql_type = BigInt)]
    pub index_seq: i64,
    /// The base's last change by now.
    #[diesel(sql_type = BigInt)]
    pub head_seq: i64,
    /// The test set's when the first attempt began.
    #[diesel(sql_type = BigInt)]
    pub revision: i64,
    /// Questions that can be scored, by now, and those that have been.
    #[diesel(sql_type = BigInt)]
    pub questions: i64,
    #[diesel(sql_type = BigInt)]
    pub scored: i64,
    /// Questions that cannot: nobody has judged them, or nothing is relevant to them.
    #[diesel(sql_type = BigInt)]
    pub left_out: i64,
}

/// Takes the evaluation up under the lease of its job, and notes how the test set and the base stood when that was first done.
///
/// # Errors
/// [`StoreError::NotFound`] when it, its set or its base is gone; [`StoreError::LeaseLost`].
pub async fn begin(tx: &mut TenantTx, held: Held) -> Result<ToAsk, StoreError> {
    effects::hold(tx, held).await?;
    sql_query(
        "WITH begun AS (
             UPDATE evaluations e SET revision = coalesce(e.revision, s.revision), index_seq = coalesce(e.index_seq, h.seq)
             FROM test_sets s, knowledge_base_heads h, knowledge_bases k
             WHERE e.tenant_id = $1 AND e.id = $2 AND s.tenant_id = $1 AND s.id = e.test_set_id
               AND h.tenant_id = $1 AND h.knowledge_base_id = e.knowledge_base_id
               AND k.tenant_id = $1 AND k.id = e.knowledge_base_id AND k.deleting_at IS NULL
             RETURNING e.id, e.knowledge_base_id, e.test_set_id, e.revision, e.index_seq, h.seq AS head_seq
         )
         SELECT b.knowledge_base_id, b.index_seq, b.head_seq, b.revision, q.questions, q.every - q.questions AS left_out,
                (SELECT count(*) FROM evaluation_questions x WHERE x.tenant_id = $1 AND x.evaluation_id = b.id) AS scored
         FROM begun b CROSS JOIN LATERAL (
             SELECT count(*) AS every, count(*) FILTER (WHERE EXISTS (
                 SELECT FROM judgements j WHERE j.tenant_id = q.tenant_id AND j.question_id = q.id AND j.relevance > 0)) AS questions
             FROM test_questions q WHERE q.tenant_id = $1 AND q.test_set_id = b.test_set_id
         ) q",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "evaluation"))
}

/// A question that has not been asked yet.
#[derive(Clone, Debug, QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = Uuid)]
    pub id: TestQuestionId,
    #[diesel(sql_type = Text)]
    pub query: String,
}

/// The next questions that can be scored and have not been, in the order of the test set.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn waiting(
    tx: &mut TenantTx,
    evaluation: (EvaluationId, TestSetId),
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    Ok(sql_query(
        "SELECT q.id, q.query FROM test_questions q
         WHERE q.tenant_id = $1 AND q.test_set_id = $3
           AND EXISTS (SELECT FROM judgements j WHERE j.tenant_id = $1 AND j.question_id = q.id AND j.relevance > 0)
           AND NOT EXISTS (SELECT FROM evaluation_questions x WHERE x.tenant_id = $1 AND x.evaluation_id = $2 AND x.question_id = q.id)
         ORDER BY q.id LIMIT $4",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(evaluation.0)
    .bind::<Uuid, _>(evaluation.1)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// A judgement, with the document that it names by now.
#[derive(Clone, Debug, QueryableByName)]
pub struct JudgedDocument {
    #[diesel(sql_type = Uuid)]
    pub question_id: TestQuestionId,
    /// `None`: there is no such document.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub document_id: Option<DocumentId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub external_id: Option<String>,
    #[diesel(sql_type = Integer)]
    pub relevance: i32,
}

/// What is said of these questions.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn judged_documents(
    tx: &mut TenantTx,
    questions: &[TestQuestionId],
) -> Result<Vec<JudgedDocument>, StoreError> {
    Ok(sql_query(
        "SELECT j.question_id, coalesce(j.document_id, d.id) AS document_id, j.external_id, j.relevance FROM judgements j
         LEFT JOIN documents d ON d.tenant_id = j.tenant_id AND d.knowledge_base_id = j.knowledge_base_id
             AND d.external_id = j.external_id AND d.deleting_at IS NULL
         WHERE j.tenant_id = $1 AND j.question_id = ANY($2)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(questions)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Keeps what a question scored, under the lease of the evaluation's job. A question that was deleted meanwhile is passed over.
///
/// # Errors
/// [`StoreError::LeaseLost`], [`StoreError::Query`].
pub async fn record(tx: &mut TenantTx, held: Held, question: TestQuestionId, scores: &Value) -> Result<(), StoreError> {
    effects::hold(tx, held).await?;
    sql_query(
        "INSERT INTO evaluation_questions (tenant_id, evaluation_id, question_id, scores)
         SELECT $1, $2, q.id, $4 FROM test_questions q WHERE q.tenant_id = $1 AND q.id = $3",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .bind::<Uuid, _>(question)
    .bind::<Jsonb, _>(scores)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// What one question scored: one a configuration.
#[derive(Clone, Debug, QueryableByName)]
pub struct Scores {
    #[diesel(sql_type = Jsonb)]
    pub scores: Value,
}

/// Of every question of the evaluation, in the order of the test set.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn all_scores(tx: &mut TenantTx, evaluation: EvaluationId) -> Result<Vec<Scores>, StoreError> {
    Ok(sql_query(
        "SELECT scores FROM evaluation_questions WHERE tenant_id = $1 AND evaluation_id = $2 ORDER BY question_id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(evaluation)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Ends the evaluation with its result, in the transaction that ends its job, and forgets all but the latest hundred of its set.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn end(tx: &mut TenantTx, evaluation: (EvaluationId, TestSetId), result: &Value) -> Result<(), StoreError> {
    sql_query("UPDATE evaluations SET ended_at = now(), result = $3 WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(evaluation.0)
        .bind::<Jsonb, _>(result)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    sql_query(
        "DELETE FROM evaluations WHERE tenant_id = $1 AND test_set_id = $2 AND id <= (
             SELECT id FROM evaluations WHERE tenant_id = $1 AND test_set_id = $2 ORDER BY id DESC OFFSET $3 LIMIT 1)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(evaluation.1)
    .bind::<BigInt, _>(KEPT)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
