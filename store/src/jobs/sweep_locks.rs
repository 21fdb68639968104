use super::prefer_indexes;
use crate::store::Durability;
use crate::{StoreError, System, TenantId};
use diesel::sql_types::{BigInt, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// The unique key that was looked at last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockPlace {
    pub tenant: TenantId,
    pub unique_key: String,
}

/// What one look at unique keys found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocksSwept {
    /// Keys of jobs that had ended.
    pub deleted: usize,
    /// Keys that are held.
    pub live: usize,
    /// Where to go on; `None`: there are no more.
    pub last: Option<LockPlace>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    looked_at: i64,
    #[diesel(sql_type = BigInt)]
    deleted: i64,
    #[diesel(sql_type = Nullable<Uuid>)]
    tenant_id: Option<TenantId>,
    #[diesel(sql_type = Nullable<Text>)]
    unique_key: Option<String>,
}

/// Looks at up to `limit` unique keys behind `after`, in their order, and deletes those whose job has ended: the next job with such a key would take it over, they
/// only lie about. Each costs a look into every week, so that there is no statement that looks at all of them: how many there are is up to tenants.
///
/// A key that is taken meanwhile, by another job or by the same once more, is another row, and stays.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep_locks(system: &System, after: Option<&LockPlace>, limit: i64) -> Result<LocksSwept, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let row: Row = sql_query(
        "WITH looked AS MATERIALIZED (
             SELECT tenant_id, unique_key, job_id, ctid AS row FROM job_locks WHERE (tenant_id, unique_key) > ($1, $2) ORDER BY tenant_id, unique_key LIMIT $3
         ), unheld AS MATERIALIZED (
             SELECT * FROM looked l
             WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = ANY(array_append('{}', l.job_id)) AND j.state NOT IN ('succeeded', 'dead', 'cancelled'))
         ), gone AS (
             DELETE FROM job_locks l USING unheld u
             WHERE l.tenant_id = u.tenant_id AND l.unique_key = u.unique_key AND l.job_id = u.job_id AND l.ctid = u.row RETURNING l.job_id
         )
         SELECT (SELECT count(*) FROM looked) AS looked_at, (SELECT count(*) FROM gone) AS deleted, l.tenant_id, l.unique_key
         FROM (VALUES (1)) AS one LEFT JOIN (SELECT * FROM looked ORDER BY tenant_id DESC, unique_key DESC LIMIT 1) l ON true",
    )
    .bind::<Uuid, _>(after.map_or(TenantId(uuid::Uuid::nil()), |after| after.tenant))
    .bind::<Text, _>(after.map_or("", |after| after.unique_key.as_str()))
    .bind::<BigInt, _>(limit)
    .get_result(&mut tx.conn)
    .await?;
    tx.commit().await?;
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    let last = row.tenant_id.zip(row.unique_key);
    Ok(LocksSwept {
        deleted: count(row.deleted),
        live: count(row.looked_at - row.deleted),
        last: last
            .filter(|_| row.looked_at >= limit)
            .map(|(tenant, unique_key)| LockPlace { tenant, unique_key }),
    })
}
