//! What a process does not start on.
use super::{fails, start, until_it_says, without_workers};

#[tokio::test(flavor = "multi_thread")]
async fn a_process_does_not_start_as_a_role_that_it_must_not_have() {
    let app = without_workers().await;
    let own = app.environment();
    let url = |name: &str| own.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    let (app_url, owner_url) = (url("DATABASE_URL"), url("DATABASE_OWNER_URL"));
    for (arguments, variable, wrong, says) in [
        (
            ["worker", "--pools=general"].as_slice(),
            "DATABASE_SYSTEM_URL",
            &app_url,
            "DATABASE_SYSTEM_URL logs in as visualkit_app, and must as visualkit_system",
        ),
        (
            &["serve"],
            "DATABASE_URL",
            &owner_url,
            "DATABASE_URL logs in as visualkit_owner, and must as visualkit_app",
        ),
        (
            &["up"],
            "DATABASE_SYSTEM_URL",
            &owner_url,
            "DATABASE_SYSTEM_URL logs in as visualkit_owner, and must as visualkit_system",
        ),
    ] {
        let said = fails(start(&app, arguments, &[(variable, wrong)])).await;
        assert!(said.contains(says), "{said}");
        assert!(!said.contains("workers started"), "{said}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_does_not_start_before_its_migrations_have_run_and_does_on_those_of_a_newer_release() {
    let app = without_workers().await;
    app.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')")
        .await;
    let newer = start(&app, &["serve"], &[]);
    until_it_says(&newer, "the database is of a newer release").await;
    until_it_says(&newer, "API listening").await;
    app.execute("DELETE FROM __diesel_schema_migrations WHERE version LIKE '20261130%'")
        .await;
    for arguments in [["serve"].as_slice(), &["worker"]] {
        let said = fails(start(&app, arguments, &[])).await;
        assert!(said.contains("Run `visualkit migrate` of this release first"), "{said}");
        assert!(said.contains("2026-11-30-000031_reserved_slots"), "{said}");
    }
    app.execute("DROP TABLE __diesel_schema_migrations").await;
    let said = fails(start(&app, &["serve"], &[])).await;
    assert!(said.contains("2026-11-23-000001_foundation"), "{said}");
    app.abandon().await;
}
