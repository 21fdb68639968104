use crate::prepared::Prepare;
use crate::{KnowledgeBaseId, StoreError, TenantTx, TestSetId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Test sets that a knowledge base can have.
pub const MAX_PER_BASE: i64 = 100;

/// Questions to a knowledge base with what is relevant to them.
#[derive(Clone, Debug, QueryableByName)]
pub struct TestSet {
    #[diesel(sql_type = Uuid)]
    pub id: TestSetId,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    /// Unique within the base.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Grows with every change of its questions and judgements.
    #[diesel(sql_type = BigInt)]
    pub revision: i64,
    #[diesel(sql_type = BigInt)]
    pub questions: i64,
    /// Those that somebody has judged.
    #[diesel(sql_type = BigInt)]
    pub judged: i64,
    /// Those that have a relevant document, and so can be scored.
    #[diesel(sql_type = BigInt)]
    pub scorable: i64,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

const SELECT: &str =
    "SELECT s.id, s.knowledge_base_id, s.name, s.revision, q.questions, q.judged, q.scorable, s.created_at
    FROM test_sets s JOIN knowledge_bases k ON k.tenant_id = s.tenant_id AND k.id = s.knowledge_base_id AND k.deleting_at IS NULL
    CROSS JOIN LATERAL (
        SELECT count(*) AS questions, count(judged_at) AS judged,
               count(*) FILTER (WHERE EXISTS (SELECT FROM judgements j WHERE j.tenant_id = q.tenant_id AND j.question_id = q.id AND j.relevance > 0)) AS scorable
        FROM test_questions q WHERE q.tenant_id = s.tenant_id AND q.test_set_id = s.id
    ) q";

/// # Errors
/// [`StoreError::Conflict`] when the name is taken, or the base has [`MAX_PER_BASE`].
pub async fn create(tx: &mut TenantTx, base: KnowledgeBaseId, name: &str) -> Result<TestSet, StoreError> {
    // One at a time, or two requests would each find room for one more.
    sql_query("SELECT pg_advisory_xact_lock(hashtextextended('test sets of ' || $1::text, 0))")
        .bind::<Uuid, _>(base)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let id = TestSetId::generate();
    let made = sql_query(
        "INSERT INTO test_sets (tenant_id, id, knowledge_base_id, name)
         SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM test_sets WHERE tenant_id = $1 AND knowledge_base_id = $3) < $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Uuid, _>(base)
    .bind::<Text, _>(name)
    .bind::<BigInt, _>(MAX_PER_BASE)
    .prepared()
    .execute(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_conflict(error, "a test set of this name exists in the knowledge base"))?;
    if made == 0 {
        return Err(StoreError::Conflict {
            what: "the knowledge base has 100 test sets, and no more are allowed",
        });
    }
    find(tx, id).await
}

/// # Errors
/// [`StoreError::NotFound`], also when its base is being deleted.
pub async fn find(tx: &mut TenantTx, id: TestSetId) -> Result<TestSet, StoreError> {
    sql_query(format!("{SELECT} WHERE s.tenant_id = $1 AND s.id = $2"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "test set"))
}

/// The newest first; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    before: Option<TestSetId>,
    limit: i64,
) -> Result<Vec<TestSet>, StoreError> {
    Ok(sql_query(format!(
        "{SELECT} WHERE s.tenant_id = $1 AND s.knowledge_base_id = $2 AND ($3 IS NULL OR s.id < $3) ORDER BY s.id DESC LIMIT $4"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .bind::<Nullable<Uuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Deletes the set with its questions and evaluations.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] while it is its base's gate.
pub async fn delete(tx: &mut TenantTx, id: TestSetId) -> Result<(), StoreError> {
    find(tx, id).await?;
    let deleted = sql_query(
        "DELETE FROM test_sets s WHERE s.tenant_id = $1 AND s.id = $2
         AND NOT EXISTS (SELECT FROM evaluation_gates g WHERE g.tenant_id = s.tenant_id AND g.test_set_id = s.id)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    if deleted == 0 {
        return Err(StoreError::Conflict {
            what: "the test set is the gate of its knowledge base; take the gate away first",
        });
    }
    Ok(())
}

/// Locks the set against other changes, and says that its questions are others from now on.
///
/// # Errors
/// [`StoreError::NotFound`].
pub(super) async fn change(tx: &mut TenantTx, id: TestSetId) -> Result<KnowledgeBaseId, StoreError> {
    #[derive(QueryableByName)]
    struct Of {
        #[diesel(sql_type = Uuid)]
        knowledge_base_id: KnowledgeBaseId,
    }
    let changed: Of = sql_query(
        "UPDATE test_sets s SET revision = revision + 1 FROM knowledge_bases k
         WHERE s.tenant_id = $1 AND s.id = $2 AND k.tenant_id = s.tenant_id AND k.id = s.knowledge_base_id AND k.deleting_at IS NULL
         RETURNING s.knowledge_base_id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "test set"))?;
    Ok(changed.knowledge_base_id)
}
