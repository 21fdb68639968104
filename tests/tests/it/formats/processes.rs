//! What becomes of the process that parses, and of the job that waits for it. The program is another one here: a script does on purpose
//! what no document should bring about.
use super::support::{code, message};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::{TestApp, TestOptions, eventually};

struct Scripted {
    app: TestApp,
    folder: TempDir,
}

/// A system whose parser is this script of the shell.
async fn scripted(script: &str) -> Scripted {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("parser");
    let script = script.replace("FOLDER", &folder.path().display().to_string());
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Scripted {
        app: with_parser(program).await,
        folder,
    }
}

async fn with_parser(program: PathBuf) -> TestApp {
    TestApp::start_with(TestOptions {
        parser: Some(program),
        settings: vec![
            ("parser.timeout_ms", "600000".to_owned()),
            ("parser.output_mb", "1".to_owned()),
        ],
        ..TestOptions::default()
    })
    .await
}

async fn submit(app: &TestApp) -> Value {
    let base = app.client.knowledge_base("base").await;
    let sent = app.client.upload(&base, "a.md", None, b"It burns for 36 hours.").await;
    assert_eq!(sent.status.as_u16(), 202, "{}", sent.text);
    sent.body
}

/// The ids that the script wrote down, once they are all there.
async fn processes(folder: &Path, count: usize) -> Vec<u32> {
    let read = || {
        let text = std::fs::read_to_string(folder.join("pids")).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<u32>>()
    };
    eventually("the parser runs", Duration::from_secs(20), async || {
        read().len() == count
    })
    .await;
    read()
}

/// Whether a process is there and not merely waiting to be collected.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

/// Itself, and a process that it started.
const SLEEPS: &str = "sleep 600 >/dev/null 2>&1 & echo $! > FOLDER/started; echo $$ >> FOLDER/started; mv FOLDER/started FOLDER/pids; wait";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_takes_its_parser_with_it() {
    let Scripted { app, folder } = scripted(SLEEPS).await;
    let job = submit(&app).await;
    let pids = processes(folder.path(), 2).await;
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    let path = format!("/v1/jobs/{}/cancel", job["id"].as_str().unwrap());
    assert_eq!(app.client.post(&path, json!({})).await.status.as_u16(), 202);
    assert_eq!(
        app.client.ended(job["id"].as_str().unwrap()).await["state"],
        "cancelled"
    );
    eventually("its processes are gone", Duration::from_secs(10), async || {
        !pids.iter().any(|pid| is_alive(*pid))
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_takes_its_parsers_with_it_and_hands_the_job_back() {
    let Scripted { mut app, folder } = scripted(SLEEPS).await;
    let job = submit(&app).await;
    let pids = processes(folder.path(), 2).await;
    app.stop_workers().await;
    eventually("its processes are gone", Duration::from_secs(10), async || {
        !pids.iter().any(|pid| is_alive(*pid))
    })
    .await;
    let job = app
        .client
        .get(&format!("/v1/jobs/{}", job["id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(job["state"], "queued", "{job}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parser_that_crashes_ends_the_document_at_once() {
    for (script, expected, says) in [
        ("kill -SEGV $$", "parser_crashed", "signal 11"),
        ("cat >/dev/null; exit 101", "parser_crashed", "code 101"),
        (
            "cat >/dev/null; echo '{\"format\": \"markdown\"'",
            "parser_crashed",
            "cannot be read",
        ),
        ("kill -KILL $$", "parser_out_of_memory", "1024 MiB"),
        ("kill -XCPU $$", "parser_timed_out", "600 s"),
        ("yes", "parser_output_too_large", "1 MiB"),
        // What it says on standard error is read to its end, and is no answer.
        ("yes | head -c 1000000 >&2; exit 101", "parser_crashed", "code 101"),
    ] {
        let Scripted { app, folder: _folder } = scripted(script).await;
        let job = app.client.ended(submit(&app).await["id"].as_str().unwrap()).await;
        assert_eq!(
            (&job["state"], code(&job), &job["attempt"]),
            (&json!("dead"), expected, &json!(1)),
            "{script}: {job}"
        );
        assert!(message(&job).contains(says), "{}", message(&job));
        app.abandon().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parser_that_cannot_be_started_is_tried_again() {
    let app = with_parser(PathBuf::from("/no/such/program")).await;
    let id = submit(&app).await["id"].as_str().unwrap().to_owned();
    let shown = async || app.client.get(&format!("/v1/jobs/{id}")).await.body;
    eventually("an attempt has failed", Duration::from_secs(20), async || {
        shown().await["attempts"][0]["outcome"] != Value::Null
    })
    .await;
    let job = shown().await;
    assert_eq!(job["attempts"][0]["error"]["code"], "parser_unavailable", "{job}");
    assert_eq!(job["attempts"][0]["error"]["retryable"], true, "{job}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parser_is_started_with_nothing_of_the_workers() {
    let script = "env > FOLDER/env; pwd > FOLDER/pwd; ls -l /proc/$$/fd > FOLDER/fds; echo \"$@\" > FOLDER/arguments; kill -SEGV $$";
    let Scripted { app, folder } = scripted(script).await;
    let job = app.client.ended(submit(&app).await["id"].as_str().unwrap()).await;
    assert_eq!(code(&job), "parser_crashed");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    // What the shell sets by itself.
    let foreign: Vec<String> = read("env")
        .lines()
        .filter(|line| {
            !["PWD=", "SHLVL=", "_=", "OLDPWD="]
                .iter()
                .any(|own| line.starts_with(own))
        })
        .map(str::to_owned)
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert_eq!(read("pwd"), "/\n");
    assert_eq!(read("arguments"), format!("parse-document {} 601\n", 1024_u64 << 20));
    // Connections to PostgreSQL and Redis, files of the system: the shell has its script, and whatever this test was started with.
    let files = read("fds");
    let own = app.data.path().display().to_string();
    assert!(
        files.contains(" 0 -> pipe:") && !files.contains("socket:") && !files.contains(&own),
        "{files}"
    );
    app.abandon().await;
}
