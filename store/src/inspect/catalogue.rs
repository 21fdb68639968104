use super::{Line, lines};
use crate::migrate::known_migrations;
use crate::{Store, StoreError, System};
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Text};
use diesel_async::RunQueryDsl;

/// The migrations of this binary beside those of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Known here, not applied there.
    pub pending: Vec<String>,
    /// Applied there, not known here: the database is ahead of this binary.
    pub unknown: Vec<String>,
}

/// # Errors
/// [`StoreError`].
pub async fn migration_state(store: &Store) -> Result<MigrationState, StoreError> {
    let any = asked(
        store,
        "SELECT relname::text AS line FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')",
    )
    .await?;
    let applied = match any.is_empty() {
        true => Vec::new(),
        false => {
            let all = "SELECT version::text AS line FROM __diesel_schema_migrations ORDER BY 1";
            asked(store, all).await?
        }
    };
    let known = known_migrations()?;
    let is_known = |version: &String| known.iter().any(|(other, _)| other == version);
    Ok(MigrationState {
        pending: known
            .iter()
            .filter(|(version, _)| !applied.contains(version))
            .map(|(_, name)| name.clone())
            .collect(),
        unknown: applied.iter().filter(|version| !is_known(version)).cloned().collect(),
    })
}

/// The tables that the system role may read: what is not among them, nor below, it must not.
pub const SYSTEM_READS: [&str; 17] = [
    "__diesel_schema_migrations",
    "batches",
    "deletions",
    "idempotency_keys",
    "job_attempts",
    "job_bodies",
    "job_locks",
    "jobs",
    "kind_limits",
    "limits",
    "operator_pauses",
    "pauses",
    "replica_cursors",
    "tenant_limits",
    "tenant_pauses",
    "webhook_deliveries",
    "workers",
];

/// The tables of which it may read some columns.
pub const SYSTEM_READS_COLUMNS_OF: [&str; 4] = ["effects", "provider_usage", "schedules", "webhook_endpoints"];

/// What is wrong with the roles: rights that would undo the isolation of tenants, and rights that the work needs and that are missing.
///
/// # Errors
/// [`StoreError`].
pub async fn role_faults(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut conn = store.before_tenant().await?;
    let found: Vec<Line> = sql_query(
        "WITH named (name) AS (VALUES ('visualkit_owner'), ('visualkit_app'), ('visualkit_system'), ('visualkit_lookup')),
              ours AS (SELECT r.* FROM pg_roles r JOIN named ON named.name = r.rolname),
              serving AS (SELECT oid, rolname FROM ours WHERE rolname IN ('visualkit_app', 'visualkit_system'))
         SELECT 'there is no role ' || name AS line FROM named WHERE NOT EXISTS (SELECT FROM ours WHERE rolname = name)
         UNION ALL SELECT rolname || ' is a superuser' FROM ours WHERE rolsuper
         UNION ALL SELECT rolname || ' bypasses row-level security' FROM ours WHERE rolbypassrls
         UNION ALL SELECT rolname || ' may log in' FROM ours WHERE rolname = 'visualkit_lookup' AND rolcanlogin
         UNION ALL SELECT 'DATABASE_URL logs in as ' || current_user || ', not as visualkit_app' WHERE current_user <> 'visualkit_app'
         UNION ALL SELECT rolname || ' owns ' || relname FROM pg_class JOIN serving ON relowner = serving.oid
         UNION ALL SELECT rolname || ' owns the function ' || proname FROM pg_proc JOIN serving ON proowner = serving.oid
         UNION ALL SELECT rolname || ' owns the schema ' || nspname FROM pg_namespace JOIN serving ON nspowner = serving.oid
         UNION ALL SELECT s.rolname || ' is a member of ' || m.roleid::regrole FROM pg_auth_members m JOIN serving s ON s.oid = m.member
         UNION ALL SELECT s.rolname || ' may make tables in the schema public' FROM serving s WHERE has_schema_privilege(s.oid, 'public', 'CREATE')
         UNION ALL SELECT format('visualkit_system may not %s %s', lower(may), t)
             FROM unnest(ARRAY['jobs', 'job_bodies', 'job_attempts', 'workers']) t, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) may
             WHERE to_regclass(t) IS NOT NULL AND EXISTS (SELECT FROM serving WHERE rolname = 'visualkit_system')
               AND NOT has_table_privilege('visualkit_system', t, may)
         UNION ALL SELECT s.rolname || ' may read ' || c.relname
             FROM pg_class c JOIN serving s ON s.rolname = 'visualkit_system'
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname::text <> ALL ($1)
               AND CASE WHEN c.relname::text = ANY ($2) THEN has_table_privilege(s.oid, c.oid, 'SELECT')
                        ELSE has_any_column_privilege(s.oid, c.oid, 'SELECT') END
         UNION ALL SELECT DISTINCT s.rolname || ' reads the partition ' || c.relname || ' past row-level security'
             FROM pg_class c, aclexplode(c.relacl) g JOIN serving s ON g.grantee IN (s.oid, 0)
             WHERE c.relispartition AND c.relkind IN ('r', 'p')
         ORDER BY 1",
    )
    .bind::<Array<Text>, _>(SYSTEM_READS.to_vec())
    .bind::<Array<Text>, _>(SYSTEM_READS_COLUMNS_OF.to_vec())
    .load(&mut *conn)
    .await?;
    Ok(lines(found))
}

/// Whether `DATABASE_SYSTEM_URL` logs in as the system role.
///
/// # Errors
/// [`StoreError`].
pub async fn system_login_faults(system: &System) -> Result<Vec<String>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found: Vec<Line> = sql_query(
        "SELECT 'DATABASE_SYSTEM_URL logs in as ' || current_user || ', not as visualkit_system' AS line WHERE current_user <> 'visualkit_system'",
    )
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(lines(found))
}

/// Tables that are not under forced row-level security, and tenant tables without the tenant's policy.
///
/// # Errors
/// [`StoreError`].
pub async fn policy_faults(store: &Store) -> Result<Vec<String>, StoreError> {
    asked(
        store,
        "WITH tables AS (SELECT oid, relname, relrowsecurity AND relforcerowsecurity AS forced FROM pg_class
                         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                           AND relname <> '__diesel_schema_migrations')
         SELECT relname || ' is not under forced row-level security' AS line FROM tables WHERE NOT forced
         UNION ALL
         SELECT relname || ' has no policy for the tenant' FROM tables t
         WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
           AND NOT EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = t.relname AND p.policyname = 'tenant'
                             AND p.roles = '{visualkit_app}' AND p.cmd = 'ALL' AND p.qual LIKE '%app.tenant_id%' AND p.with_check LIKE '%app.tenant_id%')
         ORDER BY 1",
    )
    .await
}

/// Partitions of this week and the `weeks` after it that there are not, of every table that has weekly partitions.
///
/// # Errors
/// [`StoreError`].
pub async fn missing_partitions(system: &System, weeks: i32) -> Result<Vec<String>, StoreError> {
    let mut tx = system.begin_survey().await?;
    let found: Vec<Line> = sql_query(
        "SELECT c.relname || '_' || to_char(date_trunc('week', now() AT TIME ZONE 'UTC') + n * interval '7 days', 'IYYY\"w\"IW') AS line
         FROM pg_class c, generate_series(0, $1) n
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'p' AND to_regclass(format('public.%I',
             c.relname || '_' || to_char(date_trunc('week', now() AT TIME ZONE 'UTC') + n * interval '7 days', 'IYYY\"w\"IW'))) IS NULL
         ORDER BY 1",
    )
    .bind::<Integer, _>(weeks)
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(lines(found))
}

async fn asked(store: &Store, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut conn = store.before_tenant().await?;
    Ok(lines(sql_query(sql).load(&mut *conn).await?))
}
