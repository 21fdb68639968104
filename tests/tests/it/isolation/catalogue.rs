//! What the catalogue says of every table: a new one that forgets something fails here.
use super::texts::texts;
use diesel_async::AsyncPgConnection;
use tests::{Environment, TestDatabase};

/// Ordinary and partitioned tables with a `tenant_id`, without partitions.
const TENANT_TABLES: &str = "SELECT c.oid, c.relname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition";

const IS_TENANT: &str = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";

async fn catalogue() -> (TestDatabase, AsyncPgConnection) {
    let database = TestDatabase::create(&Environment::read()).await;
    let conn = database.owner().await;
    (database, conn)
}

/// Runs a query for faults, which must find none.
async fn finds_none(sql: &str) {
    let (database, mut conn) = catalogue().await;
    let found = texts(&mut conn, sql).await;
    database.drop_now().await;
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn the_catalogue_tests_see_the_tenant_tables_and_the_partitions() {
    let (database, mut conn) = catalogue().await;
    let tables = texts(
        &mut conn,
        &format!("SELECT relname::text AS text FROM ({TENANT_TABLES}) t ORDER BY 1"),
    )
    .await;
    for known in [
        "api_keys",
        "chunks",
        "documents",
        "embeddings",
        "jobs",
        "job_bodies",
        "knowledge_bases",
    ] {
        assert!(
            tables.iter().any(|table| table == known),
            "{known} is not among {tables:?}"
        );
    }
    let partitions = texts(
        &mut conn,
        "SELECT relname::text AS text FROM pg_class WHERE relispartition AND relkind = 'r'",
    )
    .await;
    assert!(
        partitions.len() >= 12,
        "three parents, each with a default and weeks ahead: {partitions:?}"
    );
    database.drop_now().await;
}

#[tokio::test]
async fn every_table_is_under_forced_row_level_security() {
    // Not only those with a tenant_id: `tenants` and `users` too. diesel's own table of migrations holds nobody's rows.
    finds_none(
        "SELECT relname::text AS text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
           AND relname <> '__diesel_schema_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    .await;
}

#[tokio::test]
async fn every_tenant_table_has_the_tenant_policy_for_reading_and_writing() {
    let condition = IS_TENANT.replace('\'', "''");
    finds_none(&format!(
        "SELECT t.relname::text AS text FROM ({TENANT_TABLES}) t WHERE NOT EXISTS (
             SELECT FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = t.relname AND p.policyname = 'tenant'
                AND p.roles = '{{visualkit_app}}' AND p.cmd = 'ALL' AND p.permissive = 'PERMISSIVE'
                AND p.qual = '{condition}' AND p.with_check = '{condition}')",
    ))
    .await;
}

#[tokio::test]
async fn no_other_policy_lets_anyone_at_tenant_rows() {
    // Permissive policies add up: one more for the app role, or for everybody, would undo the tenant's.
    finds_none(
        "SELECT tablename || ' ' || policyname || ' ' || roles::text AS text FROM pg_policies WHERE NOT (
             (policyname = 'tenant' AND roles = '{visualkit_app}')
             OR (policyname = 'owner' AND roles = '{visualkit_owner}')
             OR (policyname = 'system' AND roles = '{visualkit_system}'
                 AND tablename IN ('jobs', 'job_bodies', 'job_attempts', 'job_locks', 'idempotency_keys', 'batches'))
             OR (policyname = 'system' AND roles = '{visualkit_system}' AND tablename IN ('deletions', 'effects', 'replica_cursors', 'pauses', 'tenant_pauses', 'limits', 'provider_usage', 'tenant_limits', 'schedules', 'webhook_endpoints') AND cmd = 'SELECT')
             OR (policyname = 'system' AND roles = '{visualkit_system}' AND tablename = 'webhook_deliveries')
             OR (policyname = 'system' AND roles = '{visualkit_system}' AND tablename = 'workers')
             OR (policyname = 'everybody' AND tablename IN ('operator_pauses', 'kind_limits', 'workers') AND cmd = 'SELECT')
             OR (policyname = 'models' AND roles = '{visualkit_app}' AND tablename = 'embedding_models')
             OR (policyname = 'lookup' AND roles = '{visualkit_lookup}' AND tablename = 'api_keys' AND cmd = 'SELECT'))",
    )
    .await;
}

#[tokio::test]
async fn partitions_grant_nothing_to_anyone() {
    // They inherit neither row-level security nor policies: whoever could read one would read every tenant.
    finds_none(
        "SELECT c.relname || ' ' || pg_get_userbyid(g.grantee) AS text
         FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
         WHERE c.relispartition AND c.relkind IN ('r', 'p') AND g.grantee <> c.relowner
         UNION ALL
         SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relispartition AND c.relkind IN ('r', 'p') AND a.attacl IS NOT NULL",
    )
    .await;
}

#[tokio::test]
async fn every_foreign_key_between_tenant_tables_carries_the_tenant() {
    // Foreign keys are checked without row-level security: a plain one would let a row point into another tenant.
    finds_none(&format!(
        "SELECT k.conname || ' ' || pg_get_constraintdef(k.oid) AS text FROM pg_constraint k
         JOIN ({TENANT_TABLES}) here ON here.oid = k.conrelid
         JOIN ({TENANT_TABLES}) there ON there.oid = k.confrelid
         WHERE k.contype = 'f' AND NOT EXISTS (
             SELECT FROM unnest(k.conkey, k.confkey) AS pair (a, b)
             JOIN pg_attribute x ON x.attrelid = k.conrelid AND x.attnum = pair.a AND x.attname = 'tenant_id'
             JOIN pg_attribute y ON y.attrelid = k.confrelid AND y.attnum = pair.b AND y.attname = 'tenant_id')",
    ))
    .await;
}

#[tokio::test]
async fn no_foreign_key_points_at_a_job_table() {
    // A partition is dropped whole.
    finds_none(
        "SELECT conname::text AS text FROM pg_constraint
         WHERE contype = 'f' AND confrelid IN ('jobs'::regclass, 'job_bodies'::regclass, 'job_attempts'::regclass)",
    )
    .await;
}

#[tokio::test]
async fn every_unique_index_of_a_tenant_table_begins_with_the_tenant() {
    // Otherwise a conflict tells one tenant what another has. The primary key of jobs is exempt: its ids are made by us.
    finds_none(&format!(
        "SELECT i.indexrelid::regclass::text AS text FROM pg_index i
         JOIN ({TENANT_TABLES}) t ON t.oid = i.indrelid
         LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indisunique AND a.attname IS DISTINCT FROM 'tenant_id' AND i.indexrelid <> 'jobs_pkey'::regclass
         UNION ALL
         SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relispartition AND i.indisunique AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid)",
    ))
    .await;
}

#[tokio::test]
async fn there_is_no_view_that_would_read_with_its_owners_rights() {
    finds_none(
        "SELECT relname::text AS text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm') AND NOT 'security_invoker=true' = ANY(coalesce(reloptions, '{}'))",
    )
    .await;
}

#[tokio::test]
async fn functions_with_their_owners_rights_fix_their_search_path_and_are_not_for_everybody() {
    let (database, mut conn) = catalogue().await;
    let functions = texts(
        &mut conn,
        "SELECT p.proname || ' of ' || pg_get_userbyid(p.proowner) || ' for ' ||
            (SELECT string_agg(CASE g.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(g.grantee) END, ', ' ORDER BY g.grantee <> p.proowner)
             FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g) || ': ' || array_to_string(p.proconfig, ' ') AS text
         FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace ORDER BY 1",
    )
    .await;
    database.drop_now().await;
    assert_eq!(
        functions,
        [
            "count_default_job_rows of visualkit_owner for visualkit_owner, visualkit_system: search_path=pg_catalog, public, pg_temp",
            "create_job_partitions of visualkit_owner for visualkit_owner, visualkit_system: search_path=pg_catalog, public, pg_temp lock_timeout=50ms",
            "drop_job_partitions of visualkit_owner for visualkit_owner, visualkit_system: search_path=pg_catalog, public, pg_temp lock_timeout=50ms",
            "find_api_key of visualkit_lookup for visualkit_lookup, visualkit_app: search_path=pg_catalog, public, pg_temp",
            "forget_embeddings_ahead of visualkit_owner for visualkit_owner, visualkit_system: search_path=pg_catalog, public, pg_temp",
            "look_up_api_key of visualkit_lookup for visualkit_lookup, visualkit_app: search_path=pg_catalog, public, pg_temp",
            "settle_deletions of visualkit_owner for visualkit_owner, visualkit_system: search_path=pg_catalog, public, pg_temp",
        ]
    );
}
