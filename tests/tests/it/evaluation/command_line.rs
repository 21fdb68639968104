use super::support::{add, animals, questions, test_set};
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
    let (line, added) = imported.split_once('\n').unwrap();
    assert_eq!(added, "2 questions added, 0 known before\n");
    assert_eq!(
        run(&[&["import", folder], &set[..]].concat()).await,
        format!("{line}\n0 questions added, 2 known before\n"),
        "twice is once"
    );
    assert_eq!(run(&["sets", "--kb", "animals"]).await, format!("{line}\n"));
    let by_id = ["--kb", "animals", "--name", line.split(' ').next().unwrap()];
    assert_eq!(
        run(&[&["import", folder], &by_id[..]].concat()).await,
        format!("{line}\n0 questions added, 2 known before\n")
    );
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

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_is_set_shown_and_removed_from_the_command_line() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    add(&app.client, &set, questions()).await;
    let run = async |arguments: &[&str]| app.client.visualkit(&[&["gates"], arguments].concat()).await;
    let gate = [
        "set",
        "--kb",
        "animals",
        "--name",
        "set",
        "--metric",
        "mrr@10",
        "--max-loss",
        "0.05",
    ];
    let said = run(&gate).await;
    assert!(
        said.starts_with(&format!("mrr@10 of test set set ({set}) may lose 0.05  since 2")),
        "{said}"
    );
    assert_eq!(run(&["show", "--kb", "animals"]).await, said);
    let path = format!("/v1/knowledge-bases/{base}");
    let past = [
        "knowledge-bases",
        "update",
        "animals",
        "--alpha",
        "0.25",
        "--override-gate",
        "it is a test",
    ];
    assert!(app.client.visualkit(&past).await.contains("0.25"));
    let said = run(&["show", "--kb", "animals"]).await;
    assert!(
        said.contains("    changed past it 2") && said.ends_with(": it is a test\n"),
        "{said}"
    );
    assert_eq!(
        run(&["remove", "--kb", "animals"]).await,
        "the knowledge base has no gate now\n"
    );
    app.client
        .get(&format!("{path}/gate"))
        .await
        .expect_problem(404, "not_found");
    app.finish().await;
}
