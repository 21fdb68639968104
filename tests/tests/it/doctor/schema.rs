use super::{examine, named_and_mended, run, submit, without_workers};

/// Drops the partitions of the week that is `ahead` weeks from now.
fn drop_week(ahead: u32) -> String {
    let drop = format!(
        "SELECT 'DROP TABLE ' || string_agg(c.relname, ', ') FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'
           AND c.relname ~ ('_' || to_char(now() AT TIME ZONE 'UTC' + {ahead} * interval '7 days', 'IYYY\"w\"IW') || '$')"
    );
    format!("DO $$ BEGIN EXECUTE ({drop}); END $$")
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_partitions_are_named_and_made() {
    let app = without_workers().await;
    run(&app, &drop_week(2)).await;
    named_and_mended(&app, "partitions", "problem", "jobs_2");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_in_a_default_partition_are_counted_and_moved_to_their_week() {
    let app = without_workers().await;
    run(&app, &drop_week(0)).await;
    submit(&app).await;
    let found = examine(&app, &[]);
    assert_eq!(found.health("default_partitions"), "problem");
    assert!(
        found.check("default_partitions")["found"]
            .as_str()
            .unwrap()
            .starts_with("2 job rows")
    );
    // Making the missing partitions moves the rows as well: whichever check comes first mends both.
    let mended = examine(&app, &["--repair"]);
    assert_eq!(mended.health("partitions"), "repaired");
    let clean = examine(&app, &[]);
    assert_eq!(
        (clean.health("partitions"), clean.health("default_partitions")),
        ("ok", "ok")
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_undo_the_isolation_of_tenants_is_named() {
    let app = without_workers().await;
    run(
        &app,
        "ALTER TABLE documents NO FORCE ROW LEVEL SECURITY; DROP POLICY tenant ON chunks; GRANT SELECT ON api_keys TO visualkit_system;
         GRANT SELECT (relevance) ON judgements TO visualkit_system; GRANT SELECT ON schedules TO visualkit_system;
         REVOKE UPDATE ON jobs FROM visualkit_system; GRANT SELECT ON jobs_default TO visualkit_app",
    )
    .await;
    let found = examine(&app, &["--repair"]);
    assert_eq!(found.code, Some(1));
    for (check, named) in [
        ("row_level_security", "documents is not under forced row-level security"),
        ("row_level_security", "chunks has no policy for the tenant"),
        ("roles", "visualkit_system may read api_keys"),
        ("roles", "visualkit_system may read judgements"),
        ("roles", "visualkit_system may read schedules"),
        ("roles", "visualkit_system may not update jobs"),
        ("roles", "visualkit_app reads the partition jobs_default"),
    ] {
        let verdict = found.check(check);
        assert_eq!(verdict["health"], "problem", "{verdict:#}");
        assert!(
            verdict["examples"].to_string().contains(named),
            "{named} is not named: {verdict:#}"
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_that_have_not_run_are_named() {
    let app = without_workers().await;
    run(
        &app,
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
    )
    .await;
    let found = examine(&app, &[]);
    let verdict = found.check("migrations");
    assert_eq!(
        (&verdict["health"], &verdict["count"]),
        (&"problem".into(), &1.into()),
        "{verdict:#}"
    );
    app.abandon().await;
}
