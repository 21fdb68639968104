use super::{documents, items, make, page, start, sync, titles};
use serde_json::json;
use std::collections::BTreeMap;
use tests::{FakeSite, SitePage};

fn expected(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items
        .iter()
        .map(|(path, status)| ((*path).to_owned(), (*status).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_read_by_its_links_as_it_wants_to_be_read() {
    let (app, site) = (start().await, FakeSite::start(&[]).await);
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: visualkit\nDisallow: /private\nAllow: /private/open\n";
    site.put("/robots.txt", SitePage::of(200, "text/plain", robots.as_bytes()));
    let links = [
        "a?utm_source=mail#top",
        "/a",
        "/b",
        "/private/x",
        "/private/open",
        "/moved",
        "/loop1",
        "/noindex",
        "/header",
        "/copy",
        "/picture.png",
        "/archive.zip",
        "/photo",
        "mailto:x@example.com",
        "http://other.example/x",
        "/gone",
        "/latin",
        "/notes.md",
        "/wiki/Node.js",
        "/code.js",
    ];
    site.put("/wiki/Node.js", page("nodes", &[]));
    site.put("/code.js", SitePage::of(200, "text/javascript", b"let x;"));
    site.put("/", page("welcome", &links));
    site.put("/a", page("aardvarks", &["/deep"]));
    site.put(
        "/b",
        SitePage::html("<base href='/under/'><a href='base'>x</a><p>badgers</p>"),
    );
    site.put("/under/base", page("underwood", &[]));
    site.put("/deep", page("deepwater", &["/"]));
    site.put("/private/open", page("opening", &[]));
    site.put("/moved", SitePage::redirect(301, "/new"));
    site.put("/new", page("newts", &["/meta", "/elsewhere"]));
    site.put(
        "/meta",
        SitePage::redirect(302, "http://169.254.169.254/latest/meta-data"),
    );
    site.put("/elsewhere", SitePage::redirect(307, "https://other.example/"));
    site.put("/loop1", SitePage::redirect(302, "/loop2"));
    site.put("/loop2", SitePage::redirect(302, "/loop1"));
    site.put(
        "/noindex",
        SitePage::html("<meta name=robots content=noindex><p>hidden</p><a href='/behind'>x</a>"),
    );
    site.put("/behind", page("behindhand", &[]));
    site.put(
        "/header",
        page("headless", &["/never"]).with("x-robots-tag", "noindex, nofollow"),
    );
    site.put(
        "/copy",
        SitePage::html("<link rel=canonical href='/a'><p>A copy of aardvarks.</p>"),
    );
    site.put("/archive.zip", SitePage::of(200, "application/zip", b"PK"));
    let photo = tests::Picture {
        width: 2,
        height: 2,
        shows: "pigeons",
    };
    site.put("/photo", SitePage::of(200, "image/jpeg", &photo.jpeg()));
    site.put(
        "/latin",
        SitePage::of(
            200,
            "text/html; charset=ISO-8859-1",
            b"<title>M\xfchle</title><p>Die M\xfchle mahlt.</p>",
        ),
    );
    site.put(
        "/notes.md",
        SitePage::of(200, "text/markdown", b"# Notebooks\n\nSome notebooks."),
    );
    let (base, source) = make(&app.client, &site, json!({})).await;

    let result = sync(&app, &source, json!({})).await;
    let found = expected(&[
        ("/", "ingested"),
        ("/a", "ingested"),
        ("/archive.zip", "skipped unsupported_media_type"),
        ("/b", "ingested"),
        ("/behind", "ingested"),
        ("/code.js", "skipped unsupported_media_type"),
        ("/copy", "skipped duplicate"),
        ("/deep", "ingested"),
        ("/elsewhere", "skipped redirect_out_of_scope"),
        ("/gone", "gone not_found"),
        ("/header", "skipped noindex"),
        ("/latin", "ingested"),
        ("/loop1", "skipped redirect"),
        ("/loop2", "skipped redirect"),
        ("/meta", "skipped redirect_out_of_scope"),
        ("/moved", "skipped redirect"),
        ("/new", "ingested"),
        ("/noindex", "skipped noindex"),
        ("/notes.md", "ingested"),
        ("/photo", "skipped unsupported_media_type"),
        ("/private/open", "ingested"),
        ("/private/x", "skipped robots"),
        ("/under/base", "ingested"),
        ("/wiki/Node.js", "ingested"),
    ]);
    assert_eq!(items(&app.client, &site, &source).await, found);
    let ingested = [
        "/",
        "/a",
        "/b",
        "/behind",
        "/deep",
        "/latin",
        "/new",
        "/notes.md",
        "/private/open",
        "/under/base",
        "/wiki/Node.js",
    ];
    assert_eq!(documents(&app.client, &site, &base).await, ingested);
    assert_eq!(
        (
            &result["found"],
            &result["ingested"],
            &result["failed"],
            &result["complete"]
        ),
        (&json!(24), &json!(11), &json!(0), &json!(true)),
        "{result}"
    );
    assert!(
        result["reasons"]
            .as_array()
            .unwrap()
            .contains(&json!({"status": "skipped", "reason": "redirect", "count": 3}))
    );
    assert_eq!(titles(&app.client, &base, "deepwater").await, ["deepwater"]);
    assert_eq!(titles(&app.client, &base, "Mühle").await, ["Mühle"]);

    let mut asked: Vec<String> = site.take_requests().into_iter().map(|request| request.path).collect();
    asked.sort();
    let twice = asked.windows(2).any(|pair| pair[0] == pair[1]);
    assert!(
        !twice && !asked.iter().any(|path| path == "/private/x" || path == "/picture.png"),
        "{asked:?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sitemaps_are_found_in_robots_and_read_packed_and_nested() {
    let (app, site) = (start().await, FakeSite::start(&[]).await);
    let url = |path: &str| format!("{}{path}", site.url);
    site.put(
        "/robots.txt",
        SitePage::of(200, "text/plain", format!("Sitemap: {}", url("/index.xml")).as_bytes()),
    );
    let index = format!(
        "<sitemapindex><sitemap><loc>{}</loc></sitemap><sitemap><loc>{}</loc></sitemap><sitemap><loc>http://169.254.169.254/s.xml</loc></sitemap></sitemapindex>",
        url("/one.xml.gz"),
        url("/broken.xml")
    );
    site.put("/index.xml", SitePage::of(200, "application/xml", index.as_bytes()));
    let one = format!(
        "<urlset><url><loc>{}</loc><lastmod>2026-01-01</lastmod></url><url><loc>{}</loc></url><url><loc>https://other.example/x</loc></url></urlset>",
        url("/docs/a"),
        url("/blog/b")
    );
    site.put(
        "/one.xml.gz",
        SitePage::of(200, "application/gzip", &super::hostile::gzip(one.as_bytes())),
    );
    site.put(
        "/broken.xml",
        SitePage::of(200, "application/xml", b"<html>sorry</html>"),
    );
    site.put("/docs/a", page("aardvarks", &["/docs/unlisted"]));
    site.put("/docs/unlisted", page("unlisted", &[]));
    site.put("/blog/b", page("badgers", &[]));
    let start_urls = [url("/docs/")];
    let (base, source) = make(&app.client, &site, json!({"mode": "sitemap", "start_urls": start_urls})).await;

    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        items(&app.client, &site, &source).await,
        expected(&[
            ("/broken.xml", "failed not_a_sitemap"),
            ("/docs/a", "ingested"),
            ("/index.xml", "failed sitemap_out_of_scope"),
        ])
    );
    assert_eq!(documents(&app.client, &site, &base).await, ["/docs/a"]);
    // What a sitemap that cannot be read would have listed, nobody knows.
    assert_eq!(result["complete"], false, "{result}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_end_is_read_up_to_the_limit() {
    let (app, site) = (
        start().await,
        FakeSite::start(&[("/", page("welcome", &["/endless/1"]))]).await,
    );
    let (_, source) = make(&app.client, &site, json!({"max_pages": 12})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["found"], &result["complete"]),
        (&json!(12), &json!(false)),
        "{result}"
    );
    let asked = site
        .take_requests()
        .into_iter()
        .filter(|request| request.path != "/robots.txt")
        .count();
    assert_eq!(asked, 12);
    app.finish().await;

    let app = start().await;
    let (_, source) = make(&app.client, &site, json!({"max_depth": 2})).await;
    let result = sync(&app, &source, json!({})).await;
    // The start page, one link from it, and two from that.
    assert_eq!(
        (&result["found"], &result["complete"]),
        (&json!(4), &json!(true)),
        "{result}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_at_a_source_is_shown_with_its_address() {
    let (app, site) = (start().await, FakeSite::start(&[]).await);
    site.put("/", page("welcome", &["/amber?utm_source=mail"]));
    let text = "The lantern called amber burns whale oil for nine hours.";
    site.put(
        "/amber",
        SitePage::html(&format!("<main><h1>Amber</h1><p>{text}</p></main>")),
    );
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    let address = json!(format!("{}/amber", site.url));
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "whale oil", "mode": "keyword"}))
        .await;
    let body = json!({"knowledge_base_ids": [base], "question": "How many hours does the lantern amber burn?"});
    let answered = app.client.post_waiting("/v1/answers", body, 20).await.body;
    for shown in [&found["results"][0], &answered["result"]["citations"][0]] {
        assert_eq!((&shown["url"], &shown["external_id"]), (&address, &address), "{shown}");
        assert!(shown["mime_type"].as_str().unwrap().starts_with("text/html"), "{shown}");
    }
    app.finish().await;
}
