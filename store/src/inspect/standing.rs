use crate::{JobId, KnowledgeBaseId, StoreError, System, TenantId};
use diesel::sql_types::{Array, Bool, SmallInt, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// What the database says of an id that the dispatch index holds.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = SmallInt)]
    pub priority: i16,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Array<Uuid>)]
    pub knowledge_base_ids: Vec<KnowledgeBaseId>,
    /// It waits to be claimed.
    #[diesel(sql_type = Bool)]
    pub queued: bool,
    /// It ended more than a minute ago. An id may be offered again just when its job is claimed; it is dropped when it is popped, and no fault until then.
    #[diesel(sql_type = Bool)]
    pub ended: bool,
}

/// Of those of `ids` that there are; the others are unknown.
///
/// # Errors
/// [`StoreError`].
pub async fn standings(system: &System, ids: &[JobId]) -> Result<Vec<Standing>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found = sql_query(
        "SELECT id, tenant_id, pool, priority, kind, knowledge_base_ids, state = 'queued' AS queued,
                coalesce(finished_at < now() - interval '1 minute', false) AS ended
         FROM jobs WHERE id = ANY($1)",
    )
    .bind::<Array<Uuid>, _>(ids)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(found)
}
