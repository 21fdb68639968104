use super::support::animals;
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_test_set_is_imported_run_and_compared_from_the_command_line() {
    let app = TestApp::start().await;
    animals(&app.client).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("qrels")).unwrap();
    let queries = "{\"_id\": \"1\", \"text\": \"badger sleeps\"}\n{\"_id\": \"2\", \"text\": \"gazelle\"}\n";
    std::fs::write(folder.path().join("queries.jsonl"), queries).unwrap();
    let judged = "query-id\tcorpus-id\tscore\n1\tbadger\t1\n2\tgazelle\t2\n";
    std::fs::write(folder.path().join("qrels/test.tsv"), judged).unwrap();
    let folder = folder.path().to_str().unwrap();
    let run = async |arguments: &[&str]| app.client.visualkit(&[&["eval"], arguments].concat()).await;
    let set = ["--kb", "animals", "--name", "beir"];
    let imported = run(&[&["import", folder], &set[..]].concat()).await;
    assert!(
        imported.contains("beir  2 questions, 2 judged, 2 with a relevant document"),
        "{imported}"
    );
    assert_eq!(
        run(&[&["import", folder], &set[..]].concat()).await,
        imported,
        "twice is once"
    );
    assert_eq!(run(&["sets", "--kb", "animals"]).await, imported);
    let configurations = [
        "--config",
        "{\"mode\": \"keyword\"}",
        "--config",
        "{\"mode\": \"keyword\", \"alpha\": 0.5}",
    ];
    let shown = run(&[&["run"], &set[..], &configurations[..]].concat()).await;
    assert!(shown.contains("A ndcg@10    1.0000   1.0000 to 1.0000"), "{shown}");
    assert!(shown.contains("B less A"), "{shown}");
    let id = shown.split(' ').nth(1).unwrap();
    assert_eq!(run(&["show", id]).await, shown);
    let compared = run(&["compare", id]).await;
    assert!(compared.contains("+0.0000  badger sleeps"), "{compared}");
    assert_eq!(
        run(&[&["sample"], &set[..]].concat()).await,
        "",
        "nobody has asked anything"
    );
    app.finish().await;
}
