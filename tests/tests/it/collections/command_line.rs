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

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_file_is_gone_is_deleted_from_its_collection_and_found_no_more() {
    let app = TestApp::start().await;
    let (harbour, town) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["quay.md", "mole.md", "crane.md"] {
        let text = format!("# {name}\n\nEvery lantern of {name} is lit at dusk.\n");
        std::fs::write(harbour.path().join(name), text).unwrap();
    }
    std::fs::write(
        town.path().join("square.md"),
        "# Square\n\nEvery lantern of the square is lit at noon.\n",
    )
    .unwrap();
    let (harbour_path, town_path) = (
        harbour.path().to_string_lossy().into_owned(),
        town.path().to_string_lossy().into_owned(),
    );
    let visualkit = async |arguments: &[&str]| app.client.visualkit(arguments).await;
    visualkit(&["ingest", &town_path, "--kb", "docs", "--collection", "Town"]).await;
    let ingest: [&str; 6] = ["ingest", &harbour_path, "--kb", "docs", "--collection", "Harbour"];
    visualkit(&ingest).await;
    std::fs::remove_file(harbour.path().join("mole.md")).unwrap();
    let run = async |flags: &[&str]| {
        let mut arguments = ingest.to_vec();
        arguments.extend_from_slice(flags);
        app.client.visualkit(&arguments).await
    };
    let looked = run(&["--delete-missing", "--dry-run"]).await;
    assert_eq!(
        looked,
        "would go mole.md: its file is gone\n1 of 3 documents would be deleted\n"
    );
    let ready = visualkit(&["documents", "list", "docs", "--state", "ready"]).await;
    assert_eq!(ready.lines().count(), 4, "{ready}");
    let deleted = run(&["--delete-missing"]).await;
    assert!(
        deleted.ends_with("deleted  mole.md: its file is gone\n1 of 3 documents deleted\n"),
        "{deleted}"
    );
    let ready = visualkit(&["documents", "list", "docs", "--state", "ready"]).await;
    assert!(
        ready.lines().count() == 3 && !ready.contains("mole.md") && ready.contains("square.md"),
        "{ready}"
    );
    let searched = visualkit(&["search", "lantern", "--kb", "docs"]).await;
    assert!(
        !searched.contains("mole.md") && searched.contains("quay.md"),
        "{searched}"
    );
    app.abandon().await;
}
