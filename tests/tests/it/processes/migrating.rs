//! `visualkit migrate` beside a system that runs.
use super::{fails, start, until_it_says, without_workers};
use diesel_async::SimpleAsyncConnection;

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_another_migrate_says_so_and_has_all_the_patience_of_the_clock() {
    let app = without_workers().await;
    let mut another = app.database.owner().await;
    another.batch_execute("SELECT pg_advisory_lock(7305001)").await.unwrap();
    let patience = format!("--lock-patience-secs={}", u64::MAX);
    let mut migrate = start(&app, &["migrate", &patience], &[]);
    until_it_says(&migrate, "another `visualkit migrate` is at this database").await;
    another
        .batch_execute("SELECT pg_advisory_unlock(7305001)")
        .await
        .unwrap();
    assert!(migrate.wait(), "{}", super::log(&migrate));
    until_it_says(&migrate, "nothing to apply").await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_does_not_get_its_locks_lets_others_pass_and_is_tried_again() {
    let app = without_workers().await;
    let mut owner = app.database.owner().await;
    owner
        .batch_execute(
            "ALTER TABLE source_items DROP COLUMN put_off, DROP COLUMN away_since;
             DELETE FROM __diesel_schema_migrations WHERE version = '20261130000039'",
        )
        .await
        .unwrap();
    // As a backup does.
    let mut backup = app.database.owner().await;
    backup
        .batch_execute("BEGIN; LOCK TABLE source_items IN ACCESS SHARE MODE")
        .await
        .unwrap();
    let given_up = fails(start(&app, &["migrate", "--lock-patience-secs=0"], &[])).await;
    assert!(
        given_up.contains("2026-11-30-000039_limited_pages does not get the locks that it needs"),
        "{given_up}"
    );
    let mut migrate = start(&app, &["migrate"], &[]);
    until_it_says(
        &migrate,
        "2026-11-30-000039_limited_pages waits for a lock that others hold",
    )
    .await;
    // Nobody waits behind it now.
    owner
        .batch_execute("SET statement_timeout = '10s'; SELECT count(*) FROM source_items")
        .await
        .unwrap();
    backup.batch_execute("COMMIT").await.unwrap();
    assert!(migrate.wait(), "{}", super::log(&migrate));
    until_it_says(&migrate, "applied  20261130000039").await;
    app.abandon().await;
}
