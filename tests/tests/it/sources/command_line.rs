use super::{page, start};
use tests::FakeSite;

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_read_from_the_command_line() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &["/a", "/b"])), ("/a", page("aardvarks", &[]))]).await;
    app.client.knowledge_base("docs").await;
    let run = async |arguments: &[&str]| app.client.visualkit(&[&["sources"], arguments].concat()).await;
    let start_url = format!("{}/", site.url);
    let made = run(&[
        "add",
        "site",
        &start_url,
        "--kb",
        "docs",
        "--mode",
        "links",
        "--min-delay-ms",
        "20",
        "--public",
    ])
    .await;
    let id = made.split(' ').next().unwrap();
    assert!(made.contains("never synced") && made.contains(&start_url), "{made}");
    let dry = run(&["sync", id, "--dry-run"]).await;
    assert!(dry.contains("dry run: 3 found, 2 new or changed"), "{dry}");
    let synced = run(&["sync", id]).await;
    assert!(
        synced.contains("3 found, 2 new or changed, 0 unchanged, 1 skipped"),
        "{synced}"
    );
    assert!(synced.contains("gone: not_found"), "{synced}");
    let items = run(&["items", id, "--status", "ingested"]).await;
    assert_eq!(items.lines().count(), 2, "{items}");
    assert!(run(&["list", "--kb", "docs"]).await.contains("site"));
    let shown = run(&["show", id]).await;
    assert_eq!(shown.lines().count(), 3);
    assert_eq!(run(&["show", "site", "--kb", "docs"]).await, shown);
    let documents = ["documents", "list", "--kb", "docs", "--source", "site"];
    assert_eq!(app.client.visualkit(&documents).await.lines().count(), 2);
    assert!(run(&["delete", id]).await.contains("succeeded"));
    super::settled(&app).await;
    app.finish().await;
}
