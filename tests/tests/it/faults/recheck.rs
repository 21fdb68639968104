//! A row that changes while a statement waits for it makes PostgreSQL plan-check it again ("EvalPlanQual"). PostgreSQL 18 then sets the run-time pruning of all
//! parts of the statement up a second time, over what it is working with, and crashes or forgets rows: docs/decisions/036-changed-rows.md.
use super::deployment::Deployment;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::path::Path;
use std::str::Lines;
use std::time::Duration;
use store::jobs::{ClaimedJob, Finish, Outcome, claim, finish};
use store::{JobId, System};
use tests::{eventually, far_ahead};
use uuid::Uuid;

/// Nested loops are what pruning at run time is for; they are chosen where there are many tenants, and here by leaving nothing else.
const NESTED_LOOPS: &str = "options=-c%20enable_hashjoin%3Doff%20-c%20enable_mergejoin%3Doff%20-c%20enable_material%3Doff%20-c%20enable_memoize%3Doff";

/// What a busy installation does to its jobs, one thing after the other, so that each statement is planned.
async fn everything(deployment: &Deployment) {
    let client = &deployment.client;
    let post = async |path: String, body: Value| {
        let answered = client.post(&path, body).await;
        assert!(answered.status.is_success(), "{path}: {}", answered.text);
        answered.body
    };
    let hook = json!({"url": "http://127.0.0.1:1999/", "events": ["*"]});
    let hook = post("/v1/webhooks".to_owned(), hook).await;
    for job in [
        json!({"kind": "diagnostics.noop"}),
        json!({"kind": "diagnostics.noop", "run_at": far_ahead(), "unique_key": "k"}),
        json!({"kind": "diagnostics.noop", "run_at": far_ahead(), "unique_key": "k"}),
        json!({"kind": "diagnostics.sleep", "payload": {"ms": 1200}}),
        json!({"kind": "diagnostics.fail", "payload": {"times": 1}}),
        json!({"kind": "diagnostics.fail", "payload": {"times": 9}, "max_attempts": 1}),
    ] {
        let _ = client.post("/v1/jobs", job).await;
    }
    let noop = || json!({"kind": "diagnostics.noop"});
    let far = || json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    post(
        "/v1/batches".to_owned(),
        json!({"jobs": [noop(), noop()], "on_complete": noop()}),
    )
    .await;
    let stopped = post(
        "/v1/batches".to_owned(),
        json!({"jobs": [far(), far()], "on_complete": noop()}),
    )
    .await;
    post(
        format!("/v1/batches/{}/cancel", stopped["id"].as_str().unwrap()),
        json!({}),
    )
    .await;
    post("/v1/batches".to_owned(), json!({"jobs": [far(), far()]})).await;
    let many = json!({"kind": "diagnostics.noop", "state": "scheduled"});
    let cancelled = post("/v1/jobs/cancel".to_owned(), many).await;
    assert!(
        cancelled["cancelled"].as_array().is_some_and(|jobs| jobs.len() >= 2),
        "{cancelled}"
    );
    let base = client.knowledge_base("base").await;
    let document = json!({"title": "One", "content": "words", "mime_type": "text/plain"});
    client.ingest(&base, document).await;
    let again = post(format!("/v1/knowledge-bases/{base}/reingest"), json!({})).await;
    client.ended(again["id"].as_str().unwrap()).await;
    let later = post("/v1/jobs".to_owned(), far()).await;
    post(format!("/v1/jobs/{}/run", later["id"].as_str().unwrap()), json!({})).await;
    let later = post("/v1/jobs".to_owned(), far()).await;
    let later = later["id"].as_str().unwrap().to_owned();
    post(format!("/v1/jobs/{later}/cancel"), json!({})).await;
    post(format!("/v1/jobs/{later}/retry"), json!({})).await;
    eventually("a job is dead", Duration::from_secs(30), async || {
        client.get("/v1/jobs?state=dead").await.body["data"]
            .as_array()
            .is_some_and(|dead| !dead.is_empty())
    })
    .await;
    let dead = client.get("/v1/jobs?state=dead").await.body["data"][0]["id"].clone();
    post(format!("/v1/jobs/{}/retry", dead.as_str().unwrap()), json!({})).await;
    let replayed = json!({"since": "2020-01-01T00:00:00Z"});
    let _ = client
        .post(
            &format!("/v1/webhooks/{}/replay", hook["id"].as_str().unwrap()),
            replayed,
        )
        .await;
}

/// The beginnings of those that run in one snapshot, where no row is looked at again.
const IN_ONE_SNAPSHOT: [&str; 6] = [
    "WITH held AS ( SELECT j.id FROM jobs j WHERE j.id = ANY($1)",
    "WITH held AS ( SELECT id FROM jobs WHERE id = ANY($1) AND id BETWEEN $4 AND $5",
    "WITH ready AS ( SELECT id FROM jobs j WHERE id = ANY($1)",
    "WITH claimed AS ( UPDATE jobs j SET lease_until",
    "WITH lost AS (",
    "WITH ready AS ( SELECT tenant_id, id FROM batches",
];

/// An end with what its job wrote, which begins as others do and is in its tenant's transaction.
const WITH_WRITES: &str = "b.job_id = $8";

/// The plans that PostgreSQL wrote into its log: those that prune partitions, and statements that lock rows and do so while they run.
fn plans(log: &Path) -> (usize, BTreeSet<String>) {
    let log = std::fs::read_to_string(log).unwrap();
    let (mut pruning, mut found) = (0, BTreeSet::new());
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.contains("{PLANNEDSTMT") {
            continue;
        }
        let plan = whole(line, &mut lines);
        pruning += usize::from(plan.contains("{PARTITIONPRUNEINFO"));
        let locks = plan.contains("{LOCKROWS") || plan.contains("{MODIFYTABLE");
        if locks && plan.contains(":exec_pruning_steps ({") {
            let statement = lines.next().unwrap_or_default();
            let statement = statement.split_once("STATEMENT:").map_or(statement, |(_, text)| text);
            let statement = whole(statement, &mut lines);
            let in_one = IN_ONE_SNAPSHOT.iter().any(|beginning| statement.starts_with(beginning));
            if !in_one || statement.contains(WITH_WRITES) {
                found.insert(statement);
            }
        }
    }
    (pruning, found)
}

/// What a line begins goes on in lines that are set in.
fn whole<'a>(line: &'a str, lines: &mut Peekable<Lines<'a>>) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
        words.extend(more.split_whitespace());
    }
    words.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_that_locks_rows_prunes_partitions_while_it_runs() {
    let deployment = Deployment::start(&[]).await;
    let options = format!("{NESTED_LOOPS}%20-c%20debug_print_plan%3Don%20-c%20debug_pretty_print%3Doff");
    let told = |name: &str| format!("{}?{options}", deployment.servers.get(name));
    let (app, system) = (told("DATABASE_URL"), told("DATABASE_SYSTEM_URL"));
    let told = [("DATABASE_URL", app.as_str()), ("DATABASE_SYSTEM_URL", system.as_str())];
    let mut others = AsyncPgConnection::establish(deployment.servers.get("DATABASE_OWNER_URL"))
        .await
        .unwrap();
    // Joins by the tenant first are worth their while where there are many.
    others
        .batch_execute(
            "INSERT INTO tenants (id, name) SELECT gen_random_uuid(), 'tenant-' || n FROM generate_series(1, 50) n",
        )
        .await
        .unwrap();
    // Those of the weeks ahead: with one partition there is nothing to prune.
    store::jobs::create_partitions(&deployment.system().await)
        .await
        .unwrap();
    let mut system = deployment.launch(&["up"], &told).await;
    everything(&deployment).await;
    system.kill();
    let mut killed = deployment.launch(&["up"], &told).await;
    deployment.submit("diagnostics.sleep", json!({"ms": 30_000}), 3).await;
    eventually("they run", Duration::from_secs(30), async || {
        deployment.client.get("/v1/jobs?state=running").await.body["data"]
            .as_array()
            .is_some_and(|jobs| jobs.len() == 3)
    })
    .await;
    killed.kill();
    let mut worker = deployment.launch(&["worker", "--pools", "general"], &told).await;
    // A round of everything that looks now and then, and of what the killed one left.
    eventually("its leases are found", Duration::from_secs(30), async || {
        std::fs::read_to_string(&worker.log)
            .unwrap_or_default()
            .contains("leases expired")
    })
    .await;
    worker.signal("TERM");
    worker.wait();
    let (pruning, found) = plans(&deployment.servers.directory().join("log/postgres.log"));
    assert!(
        pruning > 20,
        "only {pruning} plans prune partitions: is there more than one?"
    );
    assert!(found.is_empty(), "{} statements: {found:#?}", found.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_written_whole_although_their_jobs_change_meanwhile() {
    const JOBS: i64 = 40;
    let deployment = Deployment::start(&[]).await;
    let url = format!("{}?{NESTED_LOOPS}", deployment.servers.get("DATABASE_SYSTEM_URL"));
    let settings = config::Settings::with_overrides(&[("database.system_url", &url)]).unwrap();
    let system = System::connect(&settings.database).await.unwrap();
    store::jobs::create_partitions(&system).await.unwrap();
    let mut superuser = AsyncPgConnection::establish(&deployment.superuser_url()).await.unwrap();
    let tenants = format!(
        "INSERT INTO tenants (id, name) SELECT gen_random_uuid(), 'tenant-' || n FROM generate_series(1, {JOBS}) n;
         INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts)
         SELECT uuid_v7(), id, 'general', 'diagnostics.noop', 1, false, 'queued', 1, now(), 5 FROM tenants WHERE name LIKE 'tenant-%';
         INSERT INTO job_bodies (tenant_id, job_id, payload) SELECT tenant_id, id, '{{}}' FROM jobs;
         -- What has been, so that looking each body up by its tenant is what is planned.
         INSERT INTO job_bodies (tenant_id, job_id, payload)
         SELECT id, uuid_v7(), '{{}}' FROM tenants, generate_series(1, 500) WHERE name LIKE 'tenant-%';
         ANALYZE job_bodies"
    );
    superuser.batch_execute(&tenants).await.unwrap();
    let mut rows = Numbers(AsyncPgConnection::establish(&deployment.superuser_url()).await.unwrap());
    for round in 0..3 {
        let ids: Vec<JobId> = rows.ids().await;
        let claimed = claim(&system, &ids, "by-hand", Uuid::new_v4(), 60_000).await.unwrap();
        assert_eq!(claimed.len(), ids.len());
        let ends: Vec<Finish> = claimed.iter().map(end).collect();
        // As a renewal, a progress report and a request to stop do; each row is looked at again once this commits.
        superuser
            .batch_execute("BEGIN; UPDATE jobs SET revision = revision + 1 WHERE state = 'running'")
            .await
            .unwrap();
        let change = async {
            let waiting = "SELECT count(*) AS number FROM pg_locks WHERE NOT granted";
            while rows.number(waiting).await == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            superuser.batch_execute("COMMIT").await.unwrap();
        };
        let (written, ()) = tokio::join!(finish(&system, &ends), change);
        assert_eq!(written.unwrap().len(), ends.len(), "round {round}");
        let results = rows
            .number("SELECT count(*) AS number FROM job_bodies WHERE result IS NOT NULL")
            .await;
        assert_eq!(results, JOBS, "round {round}");
        superuser
            .batch_execute("UPDATE job_bodies SET result = NULL; UPDATE jobs SET state = 'queued', finished_at = NULL, attempt = 0")
            .await
            .unwrap();
    }
}

fn end(job: &ClaimedJob) -> Finish {
    Finish {
        id: job.id,
        lease_token: job.lease_token,
        interactive: false,
        batch: None,
        outcome: Outcome::Succeeded {
            result: json!({"well": true}),
        },
        steps: None,
    }
}

struct Numbers(AsyncPgConnection);

impl Numbers {
    async fn number(&mut self, select: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            number: i64,
        }
        let row: Number = diesel::sql_query(select).get_result(&mut self.0).await.unwrap();
        row.number
    }

    async fn ids(&mut self) -> Vec<JobId> {
        #[derive(diesel::QueryableByName)]
        struct Id {
            #[diesel(sql_type = diesel::sql_types::Uuid)]
            id: JobId,
        }
        let rows: Vec<Id> = diesel::sql_query("SELECT id FROM jobs ORDER BY id")
            .load(&mut self.0)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }
}
