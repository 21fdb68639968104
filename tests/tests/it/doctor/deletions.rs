use super::{examine, without_workers};
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
