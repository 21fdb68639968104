//! What each role of the database is, owns and may do.
use super::texts::{refusal, texts};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use store::inspect::{SYSTEM_READS, SYSTEM_READS_COLUMNS_OF};
use tests::{Environment, TestDatabase};

/// Every grant on a table or column, but the owner's own.
const GRANTS: &str = "SELECT c.relname || ' ' || string_agg(g.privilege_type, ' ' ORDER BY g.privilege_type) AS text
    FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND ROLE
    GROUP BY c.relname ORDER BY 1";

async fn grants_to(role: &str) -> Vec<String> {
    let database = TestDatabase::create(&Environment::read()).await;
    let condition = format!("g.grantee = '{role}'::regrole");
    let found = texts(&mut database.owner().await, &GRANTS.replace("ROLE", &condition)).await;
    database.drop_now().await;
    found
}

#[tokio::test]
async fn the_system_role_reaches_jobs_and_nothing_else() {
    let all = "DELETE INSERT SELECT UPDATE";
    let grants = grants_to("visualkit_system").await;
    assert_eq!(
        grants,
        [
            "__diesel_schema_migrations SELECT".to_owned(),
            "batches DELETE SELECT UPDATE".to_owned(),
            "deletions SELECT".to_owned(),
            "idempotency_keys DELETE SELECT".to_owned(),
            format!("job_attempts {all}"),
            format!("job_bodies {all}"),
            "job_locks DELETE SELECT".to_owned(),
            format!("jobs {all}"),
            "kind_limits SELECT".to_owned(),
            "limits SELECT".to_owned(),
            "operator_pauses SELECT".to_owned(),
            "pauses SELECT".to_owned(),
            "replica_cursors SELECT".to_owned(),
            "tenant_limits SELECT".to_owned(),
            "tenant_pauses SELECT".to_owned(),
            "webhook_deliveries DELETE INSERT SELECT".to_owned(),
            format!("workers {all}"),
        ]
    );
    let tables: Vec<&str> = grants.iter().map(|grant| grant.split_once(' ').unwrap().0).collect();
    assert_eq!(tables, SYSTEM_READS, "what the doctor takes for right");
}

#[tokio::test]
async fn the_app_role_has_no_grant_beyond_rows() {
    // TRUNCATE does not ask row-level security; REFERENCES and TRIGGER are for owners.
    let grants = grants_to("visualkit_app").await;
    for grant in &grants {
        let (table, privileges) = grant.split_once(' ').unwrap();
        let expected = match table {
            "tenants"
            | "tenant_limits"
            | "tenant_pauses"
            | "kind_limits"
            | "operator_pauses"
            | "workers"
            | "__diesel_schema_migrations" => "SELECT",
            "embedding_models" => "INSERT SELECT",
            _ => "DELETE INSERT SELECT UPDATE",
        };
        assert_eq!(privileges, expected, "{table}");
    }
    assert!(
        !grants.iter().any(|grant| grant.starts_with("users ")),
        "people are across tenants"
    );
}

#[tokio::test]
async fn everybody_is_granted_nothing_and_lookup_and_system_only_columns_of_these() {
    let database = TestDatabase::create(&Environment::read()).await;
    let mut conn = database.owner().await;
    let others = "g.grantee NOT IN (c.relowner, 'visualkit_app'::regrole, 'visualkit_system'::regrole)";
    assert!(texts(&mut conn, &GRANTS.replace("ROLE", others)).await.is_empty());
    let columns = texts(
        &mut conn,
        "SELECT c.relname || ' ' || pg_get_userbyid(g.grantee) || ' ' || g.privilege_type || ': ' ||
            string_agg(a.attname, ' ' ORDER BY a.attname) AS text
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) g
         WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.relname, g.grantee, g.privilege_type ORDER BY 1",
    )
    .await;
    database.drop_now().await;
    assert_eq!(
        columns,
        [
            "api_keys visualkit_lookup SELECT: allow_no_origin allowed_origins expires_at id kind last_used_at rate_tier revoked_at scopes secret_hash tenant_id",
            "effects visualkit_system SELECT: job_id state tenant_id",
            "provider_usage visualkit_system SELECT: cost_micros credential day tokens",
            "schedules visualkit_system SELECT: due_at id tenant_id",
            "webhook_endpoints visualkit_system SELECT: enabled events id kinds tenant_id",
        ]
    );
    let of_system: Vec<&str> = columns
        .iter()
        .filter_map(|grant| grant.split_once(" visualkit_system "))
        .map(|(table, _)| table)
        .collect();
    assert_eq!(of_system, SYSTEM_READS_COLUMNS_OF, "what the doctor takes for right");
}

#[tokio::test]
async fn the_serving_roles_own_nothing_and_cannot_step_around_row_level_security() {
    let database = TestDatabase::create(&Environment::read()).await;
    let mut conn = database.owner().await;
    let strong = texts(
        &mut conn,
        "SELECT rolname::text AS text FROM pg_roles
         WHERE rolname LIKE 'visualkit\\_%' AND (rolsuper OR rolbypassrls OR rolreplication OR rolcreaterole)",
    )
    .await;
    assert!(strong.is_empty(), "{strong:?}");
    let lookup = texts(
        &mut conn,
        "SELECT rolcanlogin::text AS text FROM pg_roles WHERE rolname = 'visualkit_lookup'",
    )
    .await;
    assert_eq!(lookup, ["false"], "nobody logs in as lookup");
    let member = texts(
        &mut conn,
        "SELECT member::regrole || ' in ' || roleid::regrole AS text FROM pg_auth_members
         WHERE member IN ('visualkit_app'::regrole, 'visualkit_system'::regrole, 'visualkit_lookup'::regrole)",
    )
    .await;
    assert!(member.is_empty(), "{member:?}");
    let owned = texts(
        &mut conn,
        "SELECT relname::text AS text FROM pg_class WHERE relowner IN ('visualkit_app'::regrole, 'visualkit_system'::regrole)
         UNION ALL SELECT proname FROM pg_proc WHERE proowner IN ('visualkit_app'::regrole, 'visualkit_system'::regrole)
         UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner IN ('visualkit_app'::regrole, 'visualkit_system'::regrole)",
    )
    .await;
    database.drop_now().await;
    assert!(owned.is_empty(), "{owned:?}");
}

#[tokio::test]
async fn the_serving_roles_make_nothing_read_no_partition_and_become_nobody_else() {
    let database = TestDatabase::create(&Environment::read()).await;
    for url in [&database.app_url, &database.system_url] {
        let mut conn = AsyncPgConnection::establish(url).await.unwrap();
        for forbidden in [
            "CREATE TABLE mine (id int)",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "SELECT * FROM jobs_default",
            "SELECT * FROM job_bodies_default",
            "SELECT * FROM users",
            "ALTER TABLE jobs DISABLE ROW LEVEL SECURITY",
            "DROP POLICY tenant ON documents",
            "SET ROLE visualkit_owner",
            "SET ROLE visualkit_lookup",
            "TRUNCATE jobs",
        ] {
            let why = refusal(&mut conn, forbidden).await;
            assert!(
                why.contains("permission denied") || why.contains("must be owner"),
                "{forbidden}: {why}"
            );
        }
    }
    let mut system = AsyncPgConnection::establish(&database.system_url).await.unwrap();
    for table in [
        "api_keys",
        "knowledge_bases",
        "documents",
        "chunks",
        "embeddings",
        "blobs",
        "embedding_models",
        "schedules",
        "schedule_firings",
        "webhook_endpoints",
        "webhook_attempts",
    ] {
        let why = refusal(&mut system, &format!("SELECT * FROM {table}")).await;
        assert!(why.contains("permission denied"), "{table}: {why}");
    }
    drop(system);
    database.drop_now().await;
}
