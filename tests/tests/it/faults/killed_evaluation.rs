use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::{Value, json};
use std::time::Duration;

const QUESTIONS: i64 = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_whose_worker_is_killed_goes_on_where_it_was() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let pools = ["worker", "--pools", "general,ingest"];
    let mut killed = system.launch(&pools, &[]).await;
    let client = &system.client;
    let base = client.knowledge_base("base").await;
    let document = json!({"title": "keeper", "content": "The keeper lights the lamp.", "mime_type": "text/plain", "external_id": "keeper"});
    assert_eq!(client.ingest(&base, document).await["state"], "succeeded");
    let path = format!("/v1/knowledge-bases/{base}/test-sets");
    let set = client.post(&path, json!({"name": "set"})).await.body["id"].clone();
    let set = set.as_str().unwrap();
    for half in [0..QUESTIONS / 2, QUESTIONS / 2..QUESTIONS] {
        let questions: Vec<Value> = half
            .map(|number| json!({"query": format!("keeper {number}"), "relevant": [{"external_id": "keeper"}]}))
            .collect();
        let added = client
            .post(
                &format!("/v1/test-sets/{set}/questions"),
                json!({ "questions": questions }),
            )
            .await;
        assert_eq!(added.body["added"], QUESTIONS / 2, "{}", added.text);
    }
    let configurations = json!({"configurations": [{"mode": "keyword"}, {"mode": "keyword", "title_boost": 1}]});
    let job = client
        .post(&format!("/v1/test-sets/{set}/evaluations"), configurations)
        .await;
    rows.until("SELECT count(*) FROM evaluation_questions", 20, Duration::from_secs(60))
        .await;
    killed.signal("KILL");
    killed.wait();
    let before = rows.number("SELECT count(*) FROM evaluation_questions").await;
    assert!(before < QUESTIONS, "it was killed in the middle");

    let _other = system.launch(&pools, &[]).await;
    // A question that was kept and is asked again would fail the attempt: there is one row a question.
    let job = client
        .ended_within(job.body["id"].as_str().unwrap(), Duration::from_secs(60))
        .await;
    assert_eq!(
        (&job["state"], &job["attempt"], &job["result"]["questions"]),
        (&json!("succeeded"), &json!(2), &json!(QUESTIONS)),
        "{job}"
    );
    assert_eq!(
        rows.number("SELECT count(*) FROM evaluation_questions").await,
        QUESTIONS
    );
}
