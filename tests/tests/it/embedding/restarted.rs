//! A base that is being migrated, and whose replicas do not outlive their process.
use super::migrating::{REFRESH, act, finds, shown, start, switch};
use super::{DIMENSIONS, app_with, submit};
use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use std::time::Duration;
use tests::{EmbeddingVendor, TestApp, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_not_switched_after_a_kill_until_its_other_index_is_built_anew() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let mut app = app_with(&vendor, &[REFRESH]).await;
    app.context.replicas.keep_fresh(&app.context.system);
    let base = app.client.knowledge_base("local").await;
    let job = submit(&app, &base, "The lamp is made of copper.").await;
    app.client.ended(&job).await;
    finds(&app, &base, "copper").await;
    let job = start(&app, &base, "mine").await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    let whole =
        "SELECT count(*) FROM replica_cursors r JOIN knowledge_base_heads h USING (tenant_id, knowledge_base_id)
                 WHERE r.seq = h.seq AND r.erased_seq = h.seq";
    eventually("both are known to be whole", Duration::from_secs(20), async || {
        app.count(whole).await == 2
    })
    .await;
    app.stop_workers().await;
    app.context.replicas.close().await;
    unclose(&app, &base);

    // Whoever builds them waits for this.
    let mut held = app.database.owner().await;
    held.batch_execute("BEGIN; LOCK TABLE index_changes IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    app.context.replicas = workers::Replicas::new(
        app.context.store.clone(),
        &app.context.settings,
        app.context.models.clone(),
    );
    app.context.replicas.keep_fresh(&app.context.system);
    eventually("they are known not to be there", Duration::from_secs(10), async || {
        shown(&app, &base).await["replicas_ready"] == 0
    })
    .await;
    eventually("they are about to be built", Duration::from_secs(10), async || {
        app.waiting_backends().await == 1
    })
    .await;
    // Others may be built before them, and take a while.
    app.execute("UPDATE replica_cursors SET seen_at = now() - interval '10 minutes'")
        .await;
    let refused = act(&app, &base, "switch", json!({})).await;
    refused.expect_problem(409, "conflict");
    assert!(refused.text.contains("0 of the 1 places"), "{}", refused.text);
    held.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(switch(&app, &base, "switch").await["state"], "switched");
    app.start_workers(jobs::Pool::ALL.to_vec());
    let found = finds(&app, &base, "copper").await;
    assert_eq!(found["stale"], false, "{found}");
    app.finish().await;
}

/// As a process leaves both replicas that is killed.
fn unclose(app: &TestApp, base: &str) {
    let of_base = app.data.path().join(format!("replicas/0/{}/{base}", app.tenant));
    let replicas: Vec<_> = std::fs::read_dir(of_base).unwrap().map(Result::unwrap).collect();
    assert_eq!(replicas.len(), 2, "{replicas:?}");
    for replica in replicas {
        std::fs::remove_file(replica.path().join("clean.json")).unwrap();
    }
}
