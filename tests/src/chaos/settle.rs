//! After the faults: waits until all work is done, decides about calls of unknown outcome as a person would, and writes down what is left.
use super::database::{Database, indexed};
use super::history::{Event, Recorder};
use super::load::decide;
use super::observer::Observer;
use super::system::System;
use crate::Client;
use std::time::Duration;
use tokio::time::Instant;

/// Longer than a call may take: what was sent has arrived by then, and no process of before is left to send more.
const CALLS_ARE_OVER: Duration = Duration::from_secs(6);

/// `limit`: how long nothing may end before what is left counts as lost.
pub(crate) async fn settle(system: &System, observer: &Observer, tenants: &[(String, Client)], limit: Duration) {
    let mut database = Database::connect(system.servers.get("DATABASE_OWNER_URL")).await;
    let mut deadline = Instant::now() + limit;
    let mut fewest = None;
    tokio::time::sleep(CALLS_ARE_OVER).await;
    // Calls wait for circuits, some for minutes: what is known by then is decided meanwhile, as a person would.
    let unended = loop {
        let (unended, unknown) = (database.unended().await, database.unknown_effects().await);
        if fewest.is_none_or(|fewest| unended < fewest) {
            fewest = Some(unended);
            deadline = Instant::now() + limit;
        }
        if (unended == 0 && unknown.is_empty()) || Instant::now() >= deadline {
            break unended;
        }
        for effect in unknown {
            let acted = observer.has_acted(&effect.marker);
            let tenant = tenants.iter().find(|(name, _)| *name == effect.tenant);
            if let Some((_, api)) = tenant
                && decide(api, &effect.job, acted).await.is_ok()
            {
                system.recorder.record(Event::Decided { job: effect.job, acted });
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    system.recorder.record(Event::Drained { unended });
    empty_index(system, deadline).await;
    write_down(system, &system.recorder, &mut database).await;
}

/// Ids of jobs that have ended meanwhile are dropped when a worker comes upon them.
async fn empty_index(system: &System, deadline: Instant) {
    let waits = |event: &Event| matches!(event, Event::Indexed { place, .. } if place == "queued");
    while indexed(system.servers.get("REDIS_URL")).await.iter().any(waits) && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn write_down(system: &System, recorder: &Recorder, database: &mut Database) {
    let contents = database.contents().await;
    let indexed = indexed(system.servers.get("REDIS_URL")).await;
    contents
        .into_iter()
        .chain(indexed)
        .for_each(|event| recorder.record(event));
}
