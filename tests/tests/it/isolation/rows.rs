//! What the app role can do to another tenant's rows inside a tenant's transaction, table by table: nothing.
use super::seed::{seed, seed_people, start};
use super::texts::{refusal, texts};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use store::TenantId;
use tests::TestApp;

const TENANT_TABLES: &str = "SELECT c.relname::text AS text FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1";

/// Both tenants have rows in every table.
async fn two_tenants() -> (TestApp, Vec<String>) {
    let app = start().await;
    seed(&app.client, "amber").await;
    seed(&app.client_b, "basalt").await;
    seed_people(&app).await;
    let tables = texts(&mut app.database.owner().await, TENANT_TABLES).await;
    for table in &tables {
        for tenant in [app.tenant, app.tenant_b] {
            let rows = app
                .count(&format!("SELECT count(*) FROM {table} WHERE tenant_id = '{tenant}'"))
                .await;
            assert!(
                rows > 0,
                "{table} has no row of {tenant}: this test would prove nothing of it"
            );
        }
    }
    (app, tables)
}

/// A transaction of the app role, as `Store::tenant` opens it.
async fn inside(app: &TestApp, tenant: TenantId) -> AsyncPgConnection {
    let mut conn = AsyncPgConnection::establish(&app.database.app_url).await.unwrap();
    conn.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'"))
        .await
        .unwrap();
    conn
}

async fn number(conn: &mut AsyncPgConnection, sql: &str) -> i64 {
    texts(conn, &format!("SELECT ({sql})::text AS text")).await[0]
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_sees_all_of_its_own_rows_and_none_of_anothers() {
    let (app, tables) = two_tenants().await;
    let mut conn = inside(&app, app.tenant).await;
    for table in &tables {
        let own = app
            .count(&format!(
                "SELECT count(*) FROM {table} WHERE tenant_id = '{}'",
                app.tenant
            ))
            .await;
        assert_eq!(
            number(&mut conn, &format!("SELECT count(*) FROM {table}")).await,
            own,
            "{table}"
        );
        let foreign = format!("SELECT count(*) FROM {table} WHERE tenant_id = '{}'", app.tenant_b);
        assert_eq!(number(&mut conn, &foreign).await, 0, "{table}");
    }
    assert_eq!(
        number(&mut conn, "SELECT count(*) FROM tenants").await,
        1,
        "not even that there are others"
    );
    drop(conn);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_tenant_there_are_no_rows() {
    let (app, tables) = two_tenants().await;
    let mut conn = AsyncPgConnection::establish(&app.database.app_url).await.unwrap();
    for table in tables.iter().map(String::as_str).chain(["tenants"]) {
        assert_eq!(
            number(&mut conn, &format!("SELECT count(*) FROM {table}")).await,
            0,
            "{table}"
        );
    }
    // After a transaction the setting reads back as an empty string, not as absent.
    conn.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{}'; COMMIT", app.tenant))
        .await
        .unwrap();
    for table in &tables {
        assert_eq!(
            number(&mut conn, &format!("SELECT count(*) FROM {table}")).await,
            0,
            "{table} after a transaction"
        );
    }
    drop(conn);
    app.finish().await;
}

/// Tables that operators write: a tenant may read its rows and change none, its own included.
const READ_ONLY: [&str; 2] = ["tenant_limits", "tenant_pauses"];

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_another_tenant_can_be_neither_made_nor_changed_nor_deleted_nor_given_away() {
    let (app, tables) = two_tenants().await;
    let (a, b) = (app.tenant, app.tenant_b);
    let mut owner = app.database.owner().await;
    for table in &tables {
        // The server itself writes the row down: whatever columns the table has.
        let row = format!("SELECT to_jsonb(t)::text AS text FROM {table} t WHERE tenant_id = '{b}' LIMIT 1");
        let row = texts(&mut owner, &row).await.remove(0).replace('\'', "''");
        // All but those that the server works out itself.
        let columns = format!(
            "SELECT string_agg(quote_ident(attname), ', ') AS text FROM pg_attribute
             WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        );
        let columns = texts(&mut owner, &columns).await.remove(0);
        let copy = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, '{row}'::jsonb)"
        );
        let give = format!("UPDATE {table} SET tenant_id = '{b}' WHERE tenant_id = '{a}'");
        if READ_ONLY.contains(&table.as_str()) {
            let delete = format!("DELETE FROM {table}");
            for forbidden in [copy, give, delete] {
                let why = refusal(&mut inside(&app, a).await, &forbidden).await;
                assert!(why.contains("permission denied"), "{table}: {why}");
            }
            continue;
        }
        for forbidden in [copy, give] {
            let mut conn = inside(&app, a).await;
            let why = refusal(&mut conn, &forbidden).await;
            assert!(why.contains("violates row-level security policy"), "{table}: {why}");
        }
        let mut conn = inside(&app, a).await;
        for statement in [
            format!(
                "WITH done AS (UPDATE {table} SET tenant_id = '{a}' WHERE tenant_id = '{b}' RETURNING 1) SELECT count(*)::text AS text FROM done"
            ),
            format!(
                "WITH done AS (DELETE FROM {table} WHERE tenant_id = '{b}' RETURNING 1) SELECT count(*)::text AS text FROM done"
            ),
        ] {
            assert_eq!(texts(&mut conn, &statement).await, ["0"], "{statement}");
        }
    }
    drop(owner);
    app.finish().await;
}
