use super::judgements::{Judgement, replace};
use super::set::{change, find};
use crate::prepared::Prepare;
use crate::{StoreError, TenantTx, TestQuestionId, TestSetId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::collections::HashMap;

/// Questions that a test set can have.
pub const MAX_QUESTIONS: i64 = 10_000;

/// A question of a test set.
#[derive(Clone, Debug, QueryableByName)]
pub struct Question {
    #[diesel(sql_type = Uuid)]
    pub id: TestQuestionId,
    #[diesel(sql_type = Uuid)]
    pub test_set_id: TestSetId,
    #[diesel(sql_type = Text)]
    pub query: String,
    /// `given`, or `sampled` from what clients asked.
    #[diesel(sql_type = Text)]
    pub origin: String,
    /// `None`: nobody has judged it.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub judged_at: Option<DateTime<Utc>>,
    /// A list of `{document_id, external_id, relevance}`, where one of the two is null.
    #[diesel(sql_type = Jsonb)]
    pub relevant: Value,
}

/// The columns of [`Question`], of `test_questions q`.
pub(super) const COLUMNS: &str = "q.id, q.test_set_id, q.query, q.origin, q.judged_at,
    coalesce((SELECT jsonb_agg(jsonb_build_object('document_id', j.document_id, 'external_id', j.external_id, 'relevance', j.relevance) ORDER BY j.ordinal)
              FROM judgements j WHERE j.tenant_id = q.tenant_id AND j.question_id = q.id), '[]') AS relevant";

/// A question to be added.
#[derive(Clone, Debug)]
pub struct NewQuestion {
    pub query: String,
    /// `None`: nobody has judged it yet.
    pub judgements: Option<Vec<Judgement>>,
}

/// What adding did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    pub added: usize,
    /// The set had them already; they have the new judgements now, where there are any.
    pub known: usize,
}

#[derive(QueryableByName)]
struct Upserted {
    #[diesel(sql_type = Uuid)]
    id: TestQuestionId,
    #[diesel(sql_type = Text)]
    query: String,
    #[diesel(sql_type = Bool)]
    is_new: bool,
}

/// Adds the questions, no query twice. A query that the set has keeps its id, and gets the judgements that come with it.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the set would have more than [`MAX_QUESTIONS`].
pub async fn add_questions(tx: &mut TenantTx, set: TestSetId, questions: &[NewQuestion]) -> Result<Added, StoreError> {
    let base = change(tx, set).await?;
    let ids: Vec<TestQuestionId> = questions.iter().map(|_| TestQuestionId::generate()).collect();
    let upserted: Vec<Upserted> = sql_query(
        "INSERT INTO test_questions AS q (tenant_id, id, knowledge_base_id, test_set_id, query, origin, judged_at)
         SELECT $1, n.id, $2, $3, n.query, 'given', CASE WHEN n.judged THEN now() END
         FROM unnest($4, $5, $6) AS n (id, query, judged)
         ON CONFLICT (tenant_id, test_set_id, md5(query)) DO UPDATE SET judged_at = coalesce(excluded.judged_at, q.judged_at)
         RETURNING id, query, xmax = 0 AS is_new",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(set)
    .bind::<Array<Uuid>, _>(&ids)
    .bind::<Array<Text>, _>(questions.iter().map(|question| &question.query).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(
        questions
            .iter()
            .map(|question| question.judgements.is_some())
            .collect::<Vec<_>>(),
    )
    .prepared()
    .load(&mut tx.conn)
    .await?;
    if find(tx, set).await?.questions > MAX_QUESTIONS {
        return Err(StoreError::Conflict {
            what: "a test set has at most 10000 questions",
        });
    }
    let id_of: HashMap<&str, TestQuestionId> = upserted.iter().map(|row| (row.query.as_str(), row.id)).collect();
    let judged = questions.iter().filter_map(|question| {
        let id = id_of.get(question.query.as_str())?;
        Some((*id, question.judgements.as_deref()?))
    });
    let (judged, judgements): (Vec<TestQuestionId>, Vec<&[Judgement]>) = judged.unzip();
    replace(tx, base, &judged, &judgements).await?;
    let added = upserted.iter().filter(|row| row.is_new).count();
    Ok(Added {
        added,
        known: upserted.len() - added,
    })
}

/// Which questions, and which page of them.
#[derive(Clone, Copy, Debug)]
pub struct QuestionFilter {
    pub set: TestSetId,
    /// Only those that were judged, or only the others.
    pub judged: Option<bool>,
    /// Where the previous page ended.
    pub after: Option<TestQuestionId>,
    pub limit: i64,
}

/// As they were added.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_questions(tx: &mut TenantTx, filter: &QuestionFilter) -> Result<Vec<Question>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM test_questions q
         WHERE q.tenant_id = $1 AND q.test_set_id = $2 AND ($3 IS NULL OR (q.judged_at IS NOT NULL) = $3) AND ($4 IS NULL OR q.id > $4)
         ORDER BY q.id LIMIT $5"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(filter.set)
    .bind::<Nullable<Bool>, _>(filter.judged)
    .bind::<Nullable<Uuid>, _>(filter.after)
    .bind::<BigInt, _>(filter.limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Deletes the question, its judgements, and what evaluations say of it alone; their figures stay.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete_question(tx: &mut TenantTx, id: TestQuestionId) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct OfSet {
        #[diesel(sql_type = Uuid)]
        test_set_id: TestSetId,
    }
    let of: OfSet = sql_query("DELETE FROM test_questions WHERE tenant_id = $1 AND id = $2 RETURNING test_set_id")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "question"))?;
    change(tx, of.test_set_id).await?;
    Ok(())
}
