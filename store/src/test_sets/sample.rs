use super::MAX_QUESTIONS;
use super::questions::{COLUMNS, Question};
use super::set::{change, find};
use crate::prepared::Prepare;
use crate::{StoreError, TenantTx, TestQuestionId, TestSetId};
use diesel::sql_types::{Array, BigInt, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Asked {
    #[diesel(sql_type = Text)]
    query: String,
}

/// Draws up to `limit` questions at random from the latest 10,000 searches and answers of the set's base whose jobs are still kept, each once
/// and none that the set has, and adds them, not judged. Case and surrounding blanks make no difference.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the set would have more than [`MAX_QUESTIONS`].
pub async fn sample(tx: &mut TenantTx, set: TestSetId, limit: i64) -> Result<Vec<Question>, StoreError> {
    let base = change(tx, set).await?;
    let asked: Vec<Asked> = sql_query(
        "SELECT query FROM (
             SELECT DISTINCT ON (lower(query)) query FROM (
                 SELECT trim(coalesce(b.payload->>'query', b.payload->>'question')) AS query
                 FROM jobs j JOIN job_bodies b ON b.tenant_id = j.tenant_id AND b.job_id = j.id
                 WHERE j.tenant_id = $1 AND j.interactive AND j.kind IN ('search_knowledge', 'answer_question')
                   AND b.payload->'knowledge_bases' @> jsonb_build_array(jsonb_build_object('id', $2))
                 ORDER BY j.id DESC LIMIT 10000
             ) every WHERE query <> '' ORDER BY lower(query), query
         ) once
         WHERE NOT EXISTS (SELECT FROM test_questions q WHERE q.tenant_id = $1 AND q.test_set_id = $3 AND lower(q.query) = lower(once.query))
         ORDER BY random() LIMIT $4",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(set)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let ids: Vec<TestQuestionId> = asked.iter().map(|_| TestQuestionId::generate()).collect();
    sql_query(
        "INSERT INTO test_questions (tenant_id, id, knowledge_base_id, test_set_id, query, origin)
         SELECT $1, n.id, $2, $3, n.query, 'sampled' FROM unnest($4, $5) AS n (id, query)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Uuid, _>(set)
    .bind::<Array<Uuid>, _>(&ids)
    .bind::<Array<Text>, _>(asked.iter().map(|asked| &asked.query).collect::<Vec<_>>())
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if find(tx, set).await?.questions > MAX_QUESTIONS {
        return Err(StoreError::Conflict {
            what: "a test set has at most 10000 questions",
        });
    }
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM test_questions q WHERE q.tenant_id = $1 AND q.id = ANY($2) ORDER BY q.id"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(&ids)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
