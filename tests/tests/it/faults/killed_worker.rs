use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::time::Duration;

const JOBS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_killed_worker_are_finished_by_another_within_a_second_of_the_lease() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let mut killed = system.worker(&[]).await;
    system.submit("diagnostics.sleep", json!({"ms": 5000}), JOBS).await;
    let of_killed = format!(
        "SELECT count(*) FROM jobs WHERE state = 'running' AND worker LIKE 'general-{}-%'",
        killed.id()
    );
    rows.until(&of_killed, 60, Duration::from_secs(10)).await;
    let _other = system.worker(&[]).await;
    killed.signal("KILL");
    assert!(!killed.wait(), "a killed process does not end cleanly");
    // Nobody renews them any more: these are the ends of the leases.
    let leases = rows
        .texts("SELECT id || ' ' || extract(epoch FROM lease_until) FROM jobs WHERE state = 'running'")
        .await;
    rows.until_succeeded(60, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(60).await;

    let mut latest: f64 = 0.0;
    for (job, lease_until) in leases.iter().filter_map(|lease| lease.split_once(' ')) {
        let again = rows
            .texts(&format!("SELECT extract(epoch FROM started_at) FROM job_attempts WHERE job_id = '{job}' AND outcome = 'succeeded'"))
            .await;
        latest = latest.max(again[0].parse::<f64>().unwrap() - lease_until.parse::<f64>().unwrap());
    }
    assert!(
        leases.len() >= JOBS / 2,
        "the worker was killed in the middle of its jobs, not after {} of them",
        JOBS - leases.len()
    );
    eprintln!(
        "{} jobs ran again, the last {latest:.3} s after the end of its lease",
        leases.len()
    );
    // A second is promised; another is for a machine that does more than this.
    assert!(
        latest < 2.0,
        "the last job started again {latest:.3} s after the end of its lease"
    );
}
