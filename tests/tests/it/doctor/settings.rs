use super::{examine_with, without_workers};
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_setting_is_named_and_nothing_else_is_said_to_be_in_order() {
    let app = without_workers().await;
    let wrong = [
        ("VISUALKIT__WORKERS__INGEST", "0"),
        ("VISUALKIT__RETRIEVAL__ALPHA", "7"),
    ];
    let found = examine_with(&app, &[], &wrong);
    assert_eq!(found.code, Some(1));
    let verdict = found.check("configuration");
    let named = verdict["examples"].to_string();
    assert!(
        named.contains("workers.ingest") && named.contains("retrieval.alpha"),
        "{verdict:#}"
    );
    for check in found.report["checks"].as_array().unwrap() {
        assert!(
            check["name"] == "configuration" || check["health"] == "skipped",
            "{check:#}"
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_cannot_be_made_says_so_and_does_not_pass() {
    let app = without_workers().await;
    let found = examine_with(&app, &[], &[("DATABASE_SYSTEM_URL", "")]);
    for name in [
        "expired_leases",
        "undispatched",
        "dispatch_index",
        "partitions",
        "job_locks",
        "roles",
    ] {
        assert_eq!(found.health(name), "skipped", "{:#}", found.check(name));
    }
    assert_eq!(found.health("configuration"), "warning");
    assert_eq!(found.health("row_level_security"), "ok");
    let away = examine_with(&app, &[], &[("REDIS_URL", "redis://127.0.0.1:1/0")]);
    assert_eq!((away.code, away.health("redis")), (Some(1), "problem"));
    for asks_redis in ["dispatch_index", "redis_settings", "clocks", "undispatched"] {
        let check = away.check(asks_redis);
        assert_eq!(away.health(asks_redis), "skipped", "{check:#}");
        assert_eq!(check["found"], "needs Redis, which does not answer", "asked once more");
    }
    assert_eq!(away.health("expired_leases"), "ok");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_beyond_the_budget_and_missing_files_are_named() {
    let app = without_workers().await;
    let wrong = [
        ("VISUALKIT__DATABASE__APP_CONNECTIONS", "48"),
        ("VISUALKIT__MODELS__DIR", "/nonexistent"),
    ];
    let found = examine_with(&app, &[], &wrong);
    assert_eq!(
        found.health("connections"),
        "warning",
        "{:#}",
        found.check("connections")
    );
    assert_eq!(found.health("models"), "problem", "{:#}", found.check("models"));
    let wrong = [("VISUALKIT__DATABASE__APP_CONNECTIONS", "100000")];
    assert_eq!(examine_with(&app, &[], &wrong).health("connections"), "problem");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reads_pages_that_are_pictures_is_named() {
    let app = without_workers().await;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("tesseract");
    let path = program.display().to_string();
    let script = |script: &str| {
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let found = |more: &[(&str, &str)]| {
        let program = [("VISUALKIT__RECOGNITION__PROGRAM", path.as_str())];
        let found = examine_with(&app, &[], &[&program, more].concat());
        let check = found.check("recognition").clone();
        format!(
            "{}: {}",
            check["health"].as_str().unwrap(),
            check["found"].as_str().unwrap()
        )
    };
    let absent = found(&[]);
    assert!(
        absent.starts_with("ok") && absent.contains("is not installed"),
        "{absent}"
    );
    script("echo 'List of available languages (3):'; echo deu; echo eng; echo osd");
    let there = found(&[]);
    assert!(there.starts_with("ok") && there.ends_with("in deu, eng"), "{there}");
    let off = found(&[("VISUALKIT__RECOGNITION__MODE", "off")]);
    assert!(off.starts_with("ok: switched off"), "{off}");
    script("echo 'Error opening data file' >&2; exit 1");
    let broken = found(&[]);
    assert!(
        broken.starts_with("problem") && broken.contains("Error opening data file"),
        "{broken}"
    );
    app.abandon().await;
}
