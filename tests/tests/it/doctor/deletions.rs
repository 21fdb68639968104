use super::{examine, without_workers};
use serde_json::json;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn replicas_left_behind_and_deletions_that_do_not_go_on_are_named() {
    let app = without_workers().await;
    let (tenant, base, slot) = (app.tenant, Uuid::now_v7(), Uuid::new_v4());
    let (waits, stuck) = (Uuid::now_v7(), Uuid::now_v7());
    app.execute(&format!(
        "INSERT INTO replica_cursors (tenant_id, knowledge_base_id, slot_id, host, seq, erased_seq, seen_at)
         VALUES ('{tenant}', '{base}', '{slot}', 'away', 1, 1, now() - interval '40 minutes')"
    ))
    .await;
    assert_eq!(examine(&app, &[]).health("deletions"), "ok");
    app.execute(&format!(
        "INSERT INTO deletions (tenant_id, id, kind, target_id, knowledge_base_id, accepted_at, erased_at, index_seq)
         VALUES ('{tenant}', '{waits}', 'document', '{base}', '{base}', now() - interval '30 minutes', now() - interval '29 minutes', 2)"
    ))
    .await;
    let found = examine(&app, &[]);
    let check = found.check("deletions");
    assert_eq!(check["health"], "warning", "{check:#}");
    let example = check["examples"][0].as_str().unwrap();
    assert!(
        example.contains(&slot.to_string()) && example.contains("on away: 1 deletions"),
        "{example}"
    );
    app.execute(&format!(
        "INSERT INTO deletions (tenant_id, id, kind, target_id, knowledge_base_id, accepted_at)
         VALUES ('{tenant}', '{stuck}', 'document', '{base}', '{base}', now() - interval '30 minutes')"
    ))
    .await;
    let found = examine(&app, &[]);
    let check = found.check("deletions");
    assert_eq!(check["health"], "problem", "{check:#}");
    assert!(
        check["examples"][0].as_str().unwrap().starts_with(&stuck.to_string()),
        "{check:#}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_whose_job_died_is_queued_again() {
    let mut app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    let document = json!({"title": "Amber", "content": "Amber burns.", "mime_type": "text/plain"});
    let submitted = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/documents"), document)
        .await;
    let document = format!("/v1/documents/{}", submitted.body["document_id"].as_str().unwrap());
    let deletion = app.client.delete(&document).await;
    let job = deletion.body["id"].as_str().unwrap();
    app.execute(&format!(
        "UPDATE jobs SET state = 'dead', attempt = 5, finished_at = now() WHERE id = '{job}'"
    ))
    .await;
    app.execute("UPDATE deletions SET accepted_at = now() - interval '1 hour'")
        .await;
    assert_eq!(examine(&app, &[]).health("deletions"), "problem");
    examine(&app, &["--repair"]);
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(app.client.ended(job).await["state"], "succeeded");
    assert_eq!(app.count("SELECT count(*) AS count FROM documents").await, 0);
    app.finish().await;
}
