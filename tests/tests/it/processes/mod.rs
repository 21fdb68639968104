//! `visualkit` as whoever operates it meets it: what it refuses to start on, how it starts and stops, what it says meanwhile; and `./dev`'s servers.
mod keys;
mod logging;
mod migrating;
mod read_only;
mod refusing;
mod scripts;
mod starting;
mod stopping;
mod unread;

use std::time::Duration;
use tests::{Process, TestApp, TestOptions, eventually};

/// A system without workers, and without processes.
async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

/// A process of the system's, with `more` in its environment.
fn start(app: &TestApp, arguments: &[&str], more: &[(&str, &str)]) -> Process {
    let own = app.environment();
    let mut environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.extend([
        ("VISUALKIT__SERVER__LISTEN", "127.0.0.1:0"),
        ("VISUALKIT__SERVER__ADMIN_LISTEN", "127.0.0.1:0"),
        ("VISUALKIT__DIAGNOSTICS__ENABLED", "true"),
        ("VISUALKIT__DATABASE__APP_CONNECTIONS", "4"),
        ("VISUALKIT__DATABASE__SYSTEM_CONNECTIONS", "4"),
    ]);
    environment.extend(more);
    let log = app.data.path().join(format!("{}.log", uuid::Uuid::new_v4()));
    Process::start(arguments, &environment, &log)
}

fn log(process: &Process) -> String {
    std::fs::read_to_string(&process.log).unwrap()
}

async fn until_it_says(process: &Process, words: &str) {
    eventually(words, Duration::from_secs(30), async || log(process).contains(words)).await;
}

/// It ends by itself.
async fn ends(process: &mut Process) {
    let start = std::time::Instant::now();
    while !process.has_ended() {
        assert!(start.elapsed() < Duration::from_secs(30), "it runs: {}", log(process));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// It ends by itself, and with an error; what it said.
async fn fails(mut process: Process) -> String {
    ends(&mut process).await;
    assert!(!process.wait(), "it ended well: {}", log(&process));
    log(&process)
}
