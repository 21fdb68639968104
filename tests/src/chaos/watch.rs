//! What no client is told in time: which jobs the governor holds back.
use super::history::{Event, Recorder};
use diesel::QueryableByName;
use diesel::sql_types::{Integer, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(200);

/// PostgreSQL is killed and stopped now and then.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Eq, Ord, PartialEq, PartialOrd, QueryableByName)]
struct HeldBack {
    #[diesel(sql_type = Text)]
    job: String,
    /// Since it last ended an attempt: after the next it is counted anew.
    #[diesel(sql_type = Text)]
    since: String,
    #[diesel(sql_type = Integer)]
    count: i32,
}

/// Records each wait for a budget or a circuit once, when it is first seen, until dropped.
pub(crate) async fn watch(owner_url: String, recorder: Arc<Recorder>) {
    let (mut connection, mut known) = (None, BTreeSet::new());
    loop {
        tokio::time::sleep(EVERY).await;
        let looked = tokio::time::timeout(PATIENCE, look(&owner_url, &mut connection)).await;
        let Ok(Ok(held_back)) = looked else {
            connection = None;
            continue;
        };
        for wait in held_back {
            let job = wait.job.clone();
            if known.insert(wait) {
                recorder.record(Event::HeldBack { job });
            }
        }
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn look(owner_url: &str, connection: &mut Option<AsyncPgConnection>) -> Result<Vec<HeldBack>, Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(AsyncPgConnection::establish(owner_url).await?),
    };
    let sql = "SELECT id::text AS job, coalesce(snooze ->> 'since', '') AS since, coalesce((snooze ->> 'count')::int, 0) AS count
               FROM jobs WHERE state = 'scheduled' AND snooze IS NOT NULL";
    Ok(diesel::sql_query(sql).load(connection).await?)
}
