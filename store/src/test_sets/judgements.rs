use super::set::change;
use crate::prepared::Prepare;
use crate::{DocumentId, KnowledgeBaseId, StoreError, TenantTx, TestQuestionId, TestSetId};
use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use std::collections::HashSet;

/// How a judgement names its document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    Id(DocumentId),
    /// As the client calls it: there need be no such document yet.
    External(String),
}

/// How relevant a document is to a question.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub document: Named,
    /// 0: not relevant.
    pub relevance: i32,
}

#[derive(QueryableByName)]
struct OfSet {
    #[diesel(sql_type = Uuid)]
    test_set_id: TestSetId,
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Uuid)]
    id: DocumentId,
}

/// Those of `ids` that are no documents of the base.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn unknown_documents(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    ids: &[DocumentId],
) -> Result<Vec<DocumentId>, StoreError> {
    let known: Vec<Known> = sql_query(
        "SELECT id FROM documents WHERE tenant_id = $1 AND knowledge_base_id = $2 AND id = ANY($3) AND deleting_at IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    // One request may name very many.
    let known: HashSet<DocumentId> = known.into_iter().map(|known| known.id).collect();
    Ok(ids.iter().copied().filter(|id| !known.contains(id)).collect())
}

/// The base whose questions it is among.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn base_of_question(tx: &mut TenantTx, question: TestQuestionId) -> Result<KnowledgeBaseId, StoreError> {
    let set = set_of(tx, question).await?;
    Ok(super::find(tx, set).await?.knowledge_base_id)
}

async fn set_of(tx: &mut TenantTx, question: TestQuestionId) -> Result<TestSetId, StoreError> {
    let of: OfSet = sql_query("SELECT test_set_id FROM test_questions WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(question)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "question"))?;
    Ok(of.test_set_id)
}

/// Replaces what is said of the question; nothing means that it was looked at, and no document is relevant.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn judge(tx: &mut TenantTx, question: TestQuestionId, judgements: &[Judgement]) -> Result<(), StoreError> {
    let set = set_of(tx, question).await?;
    let base = change(tx, set).await?;
    sql_query("UPDATE test_questions SET judged_at = now() WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(question)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    replace(tx, base, &[question], &[judgements]).await
}

/// Replaces what is said of each question by the list at its place.
///
/// # Errors
/// [`StoreError::Query`].
pub(super) async fn replace(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    questions: &[TestQuestionId],
    judgements: &[&[Judgement]],
) -> Result<(), StoreError> {
    sql_query("DELETE FROM judgements WHERE tenant_id = $1 AND question_id = ANY($2)")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(questions)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let rows = questions.iter().zip(judgements).flat_map(|(question, judgements)| {
        let numbered = judgements.iter().zip(0_i32..);
        numbered.map(move |(judgement, ordinal)| (*question, ordinal, judgement))
    });
    let rows: Vec<(TestQuestionId, i32, &Judgement)> = rows.collect();
    let ids = rows.iter().map(|(_, _, judgement)| match &judgement.document {
        Named::Id(id) => Some(*id),
        Named::External(_) => None,
    });
    let external = rows.iter().map(|(_, _, judgement)| match &judgement.document {
        Named::Id(_) => None,
        Named::External(name) => Some(name.as_str()),
    });
    sql_query(
        "INSERT INTO judgements (tenant_id, knowledge_base_id, question_id, ordinal, document_id, external_id, relevance)
         SELECT $1, $2, j.* FROM unnest($3, $4, $5, $6, $7) AS j",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Array<Uuid>, _>(rows.iter().map(|(question, _, _)| *question).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(rows.iter().map(|(_, ordinal, _)| *ordinal).collect::<Vec<_>>())
    .bind::<Array<Nullable<Uuid>>, _>(ids.collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(external.collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(
        rows.iter()
            .map(|(_, _, judgement)| judgement.relevance)
            .collect::<Vec<_>>(),
    )
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
