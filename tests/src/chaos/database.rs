//! What PostgreSQL and Redis hold, read past every proxy.
use super::history::{Event, Micros};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use redis::AsyncCommands;
use serde_json::Value;

/// PostgreSQL, as the owner of the tables.
pub(crate) struct Database {
    connection: AsyncPgConnection,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// A job that is dead because nobody knows what came of its call.
#[derive(QueryableByName)]
pub(crate) struct UnknownEffect {
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = Text)]
    pub(crate) job: String,
    /// What the observer knows the call by.
    #[diesel(sql_type = Text)]
    pub(crate) marker: String,
}

#[derive(QueryableByName)]
struct JobRow {
    #[diesel(sql_type = Text)]
    job: String,
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    run: i32,
    #[diesel(sql_type = Integer)]
    attempt: i32,
    #[diesel(sql_type = Integer)]
    max_attempts: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    finished_at: Option<Micros>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    result: Option<Value>,
    #[diesel(sql_type = Nullable<Text>)]
    error_code: Option<String>,
}

#[derive(QueryableByName)]
struct AttemptRow {
    #[diesel(sql_type = Text)]
    job: String,
    #[diesel(sql_type = Integer)]
    run: i32,
    #[diesel(sql_type = Integer)]
    attempt: i32,
    #[diesel(sql_type = Text)]
    worker: String,
    #[diesel(sql_type = BigInt)]
    started_at: Micros,
    #[diesel(sql_type = BigInt)]
    ended_at: Micros,
    #[diesel(sql_type = Text)]
    outcome: String,
}

#[derive(QueryableByName)]
struct EffectRow {
    #[diesel(sql_type = Text)]
    job: String,
    #[diesel(sql_type = Text)]
    step: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    calls: i32,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    resource: String,
}

impl Database {
    pub(crate) async fn connect(owner_url: &str) -> Self {
        Self {
            connection: AsyncPgConnection::establish(owner_url).await.unwrap(),
        }
    }

    /// Jobs that still have to run.
    pub(crate) async fn unended(&mut self) -> i64 {
        let sql = "SELECT count(*) AS count FROM jobs WHERE state NOT IN ('succeeded', 'dead', 'cancelled')";
        let counted: Count = diesel::sql_query(sql).get_result(&mut self.connection).await.unwrap();
        counted.count
    }

    pub(crate) async fn unknown_effects(&mut self) -> Vec<UnknownEffect> {
        self.load(
            "SELECT t.name AS tenant, j.id::text AS job, b.payload ->> 'key' AS marker FROM jobs j
             JOIN tenants t ON t.id = j.tenant_id JOIN job_bodies b ON b.tenant_id = j.tenant_id AND b.job_id = j.id
             WHERE j.state = 'dead' AND b.error ->> 'code' = 'effect_unknown' ORDER BY j.id",
        )
        .await
    }

    /// Everything that the checker asks for, at the end.
    pub(crate) async fn contents(&mut self) -> Vec<Event> {
        let mut contents = self.jobs().await;
        contents.extend(self.attempts().await);
        let effects: Vec<EffectRow> = self
            .load("SELECT job_id::text AS job, step, state, calls FROM effects")
            .await;
        contents.extend(effects.into_iter().map(
            |EffectRow {
                 job,
                 step,
                 state,
                 calls,
             }| Event::Effect {
                job,
                step,
                state,
                calls,
            },
        ));
        let sql = "SELECT t.name AS tenant, k.key, k.resource_id::text AS resource FROM idempotency_keys k JOIN tenants t ON t.id = k.tenant_id";
        let keys: Vec<KeyRow> = self.load(sql).await;
        contents.extend(
            keys.into_iter()
                .map(|KeyRow { tenant, key, resource }| Event::IdempotencyKey { tenant, key, resource }),
        );
        contents
    }

    async fn jobs(&mut self) -> Vec<Event> {
        let sql = "SELECT j.id::text AS job, t.name AS tenant, j.kind, j.state, j.run, j.attempt::int AS attempt, j.max_attempts::int AS max_attempts,
                          (extract(epoch FROM j.finished_at) * 1000000)::bigint AS finished_at, b.result,
                          b.error ->> 'code' AS error_code
                   FROM jobs j JOIN tenants t ON t.id = j.tenant_id LEFT JOIN job_bodies b ON b.tenant_id = j.tenant_id AND b.job_id = j.id";
        let rows: Vec<JobRow> = self.load(sql).await;
        rows.into_iter()
            .map(|row| Event::Job {
                job: row.job,
                tenant: row.tenant,
                kind: row.kind,
                state: row.state,
                run: row.run,
                attempt: row.attempt,
                max_attempts: row.max_attempts,
                finished_at: row.finished_at,
                result: row.result,
                error_code: row.error_code,
            })
            .collect()
    }

    async fn attempts(&mut self) -> Vec<Event> {
        let sql = "SELECT job_id::text AS job, run, attempt::int AS attempt, worker, outcome,
                          (extract(epoch FROM started_at) * 1000000)::bigint AS started_at,
                          (extract(epoch FROM ended_at) * 1000000)::bigint AS ended_at
                   FROM job_attempts ORDER BY job_id, run, started_at";
        let rows: Vec<AttemptRow> = self.load(sql).await;
        rows.into_iter()
            .map(|row| Event::Attempt {
                job: row.job,
                run: row.run,
                attempt: row.attempt,
                worker: row.worker,
                started_at: row.started_at,
                ended_at: row.ended_at,
                outcome: row.outcome,
            })
            .collect()
    }

    async fn load<Row>(&mut self, sql: &str) -> Vec<Row>
    where
        Row: diesel::deserialize::FromSqlRow<diesel::sql_types::Untyped, diesel::pg::Pg> + Send + 'static,
    {
        diesel::sql_query(sql).load(&mut self.connection).await.unwrap()
    }
}

/// A place under a limit is a job's id and the number of its pop.
fn job_of_place(mut place: String) -> String {
    place.truncate(place.find('/').unwrap_or(place.len()));
    place
}

/// The ids that Redis holds: those that wait, those that were popped and not settled, and those that count against a limit.
pub(crate) async fn indexed(redis_url: &str) -> Vec<Event> {
    let client = redis::Client::open(redis_url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut found = Vec::new();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    for key in keys {
        let (place, ids): (&str, Vec<String>) = if key.ends_with(":queued") {
            ("queued", connection.smembers(&key).await.unwrap())
        } else if key.ends_with(":popped") {
            ("popped", connection.zrange(&key, 0, -1).await.unwrap())
        } else if key.contains(":held:") {
            let places: Vec<String> = connection.zrange(&key, 0, -1).await.unwrap();
            ("held", places.into_iter().map(job_of_place).collect())
        } else if key.contains(":q:") {
            ("queued", connection.lrange(&key, 0, -1).await.unwrap())
        } else {
            continue;
        };
        let event = |job| Event::Indexed {
            job,
            place: place.to_owned(),
        };
        found.extend(ids.into_iter().map(event));
    }
    found
}
