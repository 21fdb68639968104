//! A whole run: servers, load, faults, rest, and the history of it.
use super::history::{Event, History, Recorder};
use super::load::Load;
use super::nemesis;
use super::observer::Observer;
use super::plan::{Plan, WORKERS};
use super::settle::settle;
use super::system::System;
use super::watch::watch;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    /// Of load and faults; the end takes a while more.
    pub minutes: f64,
    pub lease_secs: u64,
    pub tenants: usize,
    pub clients: usize,
    /// Submissions a second of all clients together, while everything answers at once.
    pub rate: f64,
    /// Where the history and the logs go.
    pub directory: PathBuf,
}

/// How long nothing of what is left may end once the faults are over: jobs that wait for a circuit look again after a minute at most, and few calls are let through
/// while it is not closed.
const SETTLE_LIMIT: Duration = Duration::from_mins(10);

/// # Panics
/// When a server or a process of ours does not come back.
pub async fn run(options: &Options, plan: &Plan) -> History {
    let logs = options.directory.join("logs");
    renew(&logs);
    let recorder = Arc::new(Recorder::create(&options.directory.join("history.jsonl")));
    recorder.record(Event::Began {
        seed: options.seed,
        minutes: options.minutes,
        lease_ms: i64::try_from(options.lease_secs * 1000).unwrap(),
        workers: WORKERS.map(str::to_owned).to_vec(),
    });
    let (system, tenants) = System::prepare(recorder.clone(), logs, options.lease_secs, options.tenants).await;
    system.start_all().await;
    let observer = Observer::start(
        recorder.clone(),
        Duration::from_secs(options.lease_secs) + Duration::from_millis(700),
    )
    .await;
    let mut watching = JoinSet::new();
    watching.spawn(watch(
        system.servers.get("DATABASE_OWNER_URL").to_owned(),
        recorder.clone(),
    ));
    let tenants = Arc::new(tenants);
    let load = Load {
        recorder: recorder.clone(),
        tenants: tenants.clone(),
        vendor: observer.url.clone(),
        seed: options.seed,
        pause: Duration::from_secs_f64(2.0 * options.clients as f64 / options.rate),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    };
    let mut clients = JoinSet::new();
    for client in 0..options.clients {
        clients.spawn(load.clone().run(client));
    }
    let deadline = Instant::now() + Duration::from_secs_f64(options.minutes * 60.0);
    nemesis::carry_out(&system, plan, deadline).await;
    load.stop.cancel();
    recorder.record(Event::Calm);
    let all = async { while clients.join_next().await.is_some() {} };
    if tokio::time::timeout(SETTLE_LIMIT, all).await.is_err() {
        load.give_up.cancel();
        while clients.join_next().await.is_some() {}
    }
    settle(&system, &observer, &tenants, SETTLE_LIMIT).await;
    drop(watching);
    let history = recorder.finish();
    system.kill_all();
    history
}

fn renew(directory: &Path) {
    let _ = std::fs::remove_dir_all(directory);
    std::fs::create_dir_all(directory).unwrap();
}
