//! Does what the plan says.
use super::history::Event;
use super::plan::{API, Fault, Plan, Planned, WORKERS};
use super::system::System;
use crate::Servers;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// Carries the plan out, until its end or `deadline`, and leaves everything running.
pub(crate) async fn carry_out(system: &System, plan: &Plan, deadline: Instant) {
    let mut number = 0;
    for step in &plan.steps {
        tokio::time::sleep(step.calm).await;
        if Instant::now() >= deadline {
            break;
        }
        let numbered = step
            .faults
            .iter()
            .enumerate()
            .map(|(at, planned)| (number + at, planned));
        futures::future::join_all(numbered.map(|(number, planned)| disturb(system, number, planned))).await;
        number += step.faults.len();
        for part in WORKERS.into_iter().chain([API]) {
            if system.note_crash(part) {
                system.start(part, 0).await;
            }
        }
    }
    // Where nothing is planned, the load goes on all the same.
    tokio::time::sleep_until(deadline).await;
}

async fn disturb(system: &System, number: usize, planned: &Planned) {
    let parts = planned.fault.parts().into_iter().map(str::to_owned).collect();
    system.recorder.record(Event::Disturbed {
        number,
        fault: planned.to_string(),
        parts,
    });
    inflict(system, &planned.fault, planned.hold).await;
    system.recorder.record(Event::Restored { number });
}

async fn inflict(system: &System, fault: &Fault, hold: Duration) {
    match fault {
        Fault::Kill(part) => {
            system.kill(part);
            tokio::time::sleep(hold).await;
            system.start(part, 0).await;
        }
        Fault::Terminate(part) => {
            system.terminate(part).await;
            tokio::time::sleep(hold).await;
            system.start(part, 0).await;
        }
        Fault::Freeze(part) => system.freeze(part, hold).await,
        Fault::Skew(part, offset_ms) => {
            system.kill(part);
            system.start(part, *offset_ms).await;
        }
        Fault::Network(part, server, outage) => system.disturb_network(part, *server, *outage, hold).await,
        Fault::WipeRedis => system.wipe_redis().await,
        Fault::KillRedis { keeps } => {
            system.with_servers(|servers| servers.kill("redis")).await;
            tokio::time::sleep(hold).await;
            let keeps = *keeps;
            system
                .with_servers(move |servers| {
                    if !keeps {
                        forget_redis(servers);
                    }
                    servers.start_again("redis");
                })
                .await;
        }
        Fault::KillPostgres => {
            system.with_servers(|servers| servers.kill("postgres")).await;
            tokio::time::sleep(hold).await;
            system.with_servers(|servers| servers.start_again("postgres")).await;
        }
        Fault::RestartPostgres => {
            system.with_servers(|servers| servers.stop("postgres")).await;
            tokio::time::sleep(hold).await;
            system.with_servers(|servers| servers.start_again("postgres")).await;
        }
        Fault::KillWorkers => {
            WORKERS.into_iter().for_each(|part| system.kill(part));
            tokio::time::sleep(hold).await;
            futures::future::join_all(WORKERS.map(|part| system.start(part, 0))).await;
        }
        Fault::KillEverything => {
            system.kill_all();
            let both = |servers: &Servers| ["redis", "postgres"].iter().for_each(|server| servers.kill(server));
            system.with_servers(both).await;
            tokio::time::sleep(hold).await;
            let both = |servers: &Servers| {
                ["postgres", "redis"]
                    .iter()
                    .for_each(|server| servers.start_again(server))
            };
            system.with_servers(both).await;
            system.start_all().await;
        }
    }
}

/// Deletes what Redis has on disk.
fn forget_redis(servers: &Servers) {
    let data: PathBuf = servers.directory().join("data/redis");
    std::fs::remove_dir_all(data).unwrap();
}
