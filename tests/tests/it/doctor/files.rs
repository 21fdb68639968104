use super::{examine, named_and_mended, without_workers};
use std::path::PathBuf;
use tests::TestApp;

/// A replica's folder in a slot that nobody holds, without its clean marker.
fn half_written(app: &TestApp, base: &str) -> PathBuf {
    let slot = app.data.path().join("replicas/0");
    let replica = slot
        .join(app.tenant.to_string())
        .join(base)
        .join(workers::INDEX_VERSION.to_string());
    std::fs::create_dir_all(&replica).unwrap();
    std::fs::write(slot.join("slot.lock"), "").unwrap();
    std::fs::write(replica.join("vectors.f16"), "half").unwrap();
    replica
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_written_index_is_named_and_deleted_and_one_in_use_is_left_alone() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    let replica = half_written(&app, &base);
    let lock = std::fs::File::open(app.data.path().join("replicas/0/slot.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(
        examine(&app, &["--repair"]).health("indexes"),
        "ok",
        "an open replica has no marker, and is right"
    );
    drop(lock);
    named_and_mended(&app, "indexes", "warning", "half-written");
    assert!(!replica.exists());
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_whose_base_is_gone_is_a_problem_and_a_clean_one_is_none() {
    let app = without_workers().await;
    let kept = half_written(&app, &app.client.knowledge_base("base").await);
    std::fs::write(kept.join("clean.json"), "{}").unwrap();
    let gone = half_written(&app, &uuid::Uuid::now_v7().to_string());
    std::fs::write(gone.join("clean.json"), "{}").unwrap();
    named_and_mended(&app, "indexes", "problem", "its base is gone");
    assert!(!gone.exists() && kept.exists());
    app.abandon().await;
}
