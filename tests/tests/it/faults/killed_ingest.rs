use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_worker_is_killed_while_it_is_embedded_is_embedded_from_there_on() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let mut killed = system.launch(&["worker", "--pools", "ingest"], &[]).await;
    let base = system.client.knowledge_base("base").await;
    let submitted = system
        .client
        .post(&format!("/v1/knowledge-bases/{base}/documents"), document())
        .await;
    let id = submitted.body["id"].as_str().unwrap();
    let steps = format!("/v1/jobs/{id}/steps");
    let embedding = "SELECT count(*) FROM embeddings_ahead, job_bodies WHERE steps -> 3 ->> 'state' = 'running'";
    rows.until(embedding, 1, Duration::from_secs(60)).await;
    killed.signal("KILL");
    killed.wait();
    let kept = rows.number("SELECT count(*) FROM embeddings").await;
    assert_eq!(rows.jobs("running").await, 1, "it was killed in the middle");
    assert_eq!(rows.number("SELECT count(*) FROM chunks").await, 0);

    // One that takes other jobs notices, and the job says where it was lost.
    let _other = system.worker(&[]).await;
    rows.until(
        "SELECT count(*) FROM jobs WHERE state = 'queued'",
        1,
        Duration::from_secs(20),
    )
    .await;
    let lost = system.client.get(&steps).await.body["data"][3].clone();
    assert_eq!(
        (&lost["state"], &lost["error"]["code"]),
        (&json!("failed"), &json!("worker_lost")),
        "{lost}"
    );
    let _ingest = system.launch(&["worker", "--pools", "ingest"], &[]).await;
    let job = system.client.ended_within(id, Duration::from_secs(120)).await;
    assert_eq!(
        (&job["state"], &job["attempt"]),
        (&json!("succeeded"), &json!(2)),
        "{job}"
    );
    let (chunks, embedded) = (number(&job["result"]["chunks"]), number(&job["result"]["embedded"]));
    assert!(
        kept > 0 && embedded == chunks - kept,
        "{kept} of {chunks} were kept: {job}"
    );
    assert_eq!(rows.number("SELECT count(*) FROM chunks").await, chunks);
    assert_eq!(rows.number("SELECT count(*) FROM embeddings").await, chunks);
    assert_eq!(rows.number("SELECT count(*) FROM embeddings_ahead").await, 0);
    let taken = system.client.get(&steps).await.body;
    let done = |step: &Value| step["state"] == "done" && step["attempt"] == 2;
    assert!(taken["data"].as_array().unwrap().iter().all(done), "{taken}");
    eprintln!("{kept} of {chunks} vectors were kept");
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

/// Enough for many batches, each chunk with words of its own.
fn document() -> Value {
    let mut content = String::from("# Lantern\n");
    for section in 0..400 {
        write!(content, "\n## Part {section}\n\n").unwrap();
        for sentence in 0..14 {
            write!(
                content,
                "Sentence {sentence} of part {section} says how the lantern is kept and lit. "
            )
            .unwrap();
        }
        content.push('\n');
    }
    json!({"title": "Lantern", "content": content, "mime_type": "text/markdown"})
}
