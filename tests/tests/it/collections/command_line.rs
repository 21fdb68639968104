use std::io::Write as _;
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_filled_searched_and_deleted_by_command() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("quay.md");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"# Quay\n\nEvery lantern of the quay is lit at dusk.\n")
        .unwrap();
    let path = path.to_string_lossy().into_owned();
    let visualkit = async |arguments: &[&str]| app.client.visualkit(arguments).await;
    visualkit(&["ingest", &path, "--kb", "docs", "--collection", "Harbour"]).await;
    let listed = visualkit(&["collections", "list", "--kb", "docs"]).await;
    assert!(listed.ends_with("  Harbour  1 document\n"), "{listed}");
    visualkit(&[
        "collections",
        "create",
        "Town",
        "--kb",
        "docs",
        "--description",
        "Streets",
    ])
    .await;
    let searched = visualkit(&["search", "lantern", "--kb", "docs", "--collection", "Harbour"]).await;
    assert!(searched.contains("Quay"), "{searched}");
    let searched = visualkit(&["search", "lantern", "--kb", "docs", "--collection", "Town"]).await;
    assert!(!searched.contains("Quay"), "{searched}");
    let documents = visualkit(&["documents", "list", "docs", "--collection", "Harbour"]).await;
    assert!(documents.contains("Quay"), "{documents}");
    let renamed = visualkit(&["collections", "update", "Harbour", "--kb", "docs", "--rename", "Port"]).await;
    assert!(renamed.contains("  Port  1 document"), "{renamed}");
    let deleted = visualkit(&["collections", "delete", "Port", "--kb", "docs"]).await;
    assert!(deleted.starts_with("it is found no more"), "{deleted}");
    let documents = visualkit(&["documents", "list", "docs", "--state", "ready"]).await;
    assert_eq!(documents, "there are none\n");
    app.abandon().await;
}
