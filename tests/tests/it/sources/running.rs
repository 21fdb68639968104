use super::{documents, make, page, settled, start, start_with, sync};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{FakeSite, SitePage, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn one_sync_has_the_source_at_a_time_and_a_cancelled_one_lets_it_go() {
    let app = start().await;
    let links: Vec<String> = (0..40).map(|number| format!("/{number}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let site = FakeSite::start(&[("/", page("welcome", &links))]).await;
    for link in &links {
        site.put(
            link,
            page(&format!("number{}", &link[1..]), &[]).slow(Duration::from_millis(200)),
        );
    }
    let (_, source) = make(&app.client, &site, json!({})).await;
    let first = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let first = first.body["id"].as_str().unwrap().to_owned();
    eventually("pages are read", Duration::from_secs(10), async || {
        site.request_count() > 3
    })
    .await;

    let again = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    assert_eq!(again.body["id"], first, "the same that has not ended");
    let beside = json!({"kind": "sync_source", "payload": {"source_id": source}});
    let beside = app.client.post_waiting("/v1/jobs", beside, 20).await;
    assert_eq!(
        (&beside.body["state"], &beside.body["result"]["superseded_by"]),
        (&json!("succeeded"), &json!(first)),
        "{}",
        beside.text
    );

    let running = app.client.get(&format!("/v1/jobs/{first}")).await.body;
    assert!(running["progress"]["total"].as_i64() == Some(41), "{running}");
    app.client.post(&format!("/v1/jobs/{first}/cancel"), Value::Null).await;
    assert_eq!(app.client.ended(&first).await["state"], "cancelled");
    let result = sync(&app, &source, json!({"dry_run": true})).await;
    assert_eq!(
        (&result["found"], &result["complete"]),
        (&json!(41), &json!(true)),
        "{result}"
    );
    let syncs = app.client.get(&format!("/v1/sources/{source}/syncs")).await.body;
    let ended: Vec<bool> = syncs["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sync| !sync["ended_at"].is_null())
        .collect();
    assert_eq!(ended, [true, false], "{syncs}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_syncs_a_source() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let schedule =
        json!({"name": "nightly", "cron": "0 0 29 2 *", "kind": "sync_source", "payload": {"source_id": source}});
    let made = app.client.post("/v1/schedules", schedule).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let fire = format!("/v1/schedules/{}/fire", made.body["id"].as_str().unwrap());
    let fired = app.client.post_waiting(&fire, Value::Null, 20).await;
    assert_eq!(fired.body["result"]["ingested"], 1, "{}", fired.text);
    settled(&app).await;
    let wrong = json!({"kind": "sync_source", "payload": {"source": source}});
    app.client.post("/v1/jobs", wrong).await.expect_problem(422, "invalid");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_source_is_synced_by_nobody_else() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let foreign = json!({"kind": "sync_source", "payload": {"source_id": source}});
    let batch = json!({"jobs": [{"kind": "diagnostics.noop"}, foreign]});
    let schedule =
        json!({"name": "nightly", "cron": "0 3 * * *", "kind": "sync_source", "payload": foreign["payload"]});
    for (path, body, field) in [
        ("/v1/jobs", foreign, "payload.source_id"),
        ("/v1/batches", batch, "jobs.1.payload.source_id"),
        ("/v1/schedules", schedule, "payload.source_id"),
    ] {
        let refused = app.client_b.post(path, body).await;
        refused.expect_problem(404, "not_found");
        assert_eq!(refused.body["errors"][0]["field"], field, "{}", refused.text);
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM jobs").await, 0);
    assert_eq!(site.request_count(), 0);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_of_a_source_that_is_gone_says_so_and_makes_no_dead_letters() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let schedule =
        json!({"name": "often", "cron": "* * * * *", "kind": "sync_source", "payload": {"source_id": source}});
    let made = app.client.post("/v1/schedules", schedule).await;
    let schedule = format!("/v1/schedules/{}", made.body["id"].as_str().unwrap());
    let deleted = app.client.delete(&format!("/v1/sources/{source}")).await;
    // At once, not at a tick that may be weeks away.
    let shown = app.client.get(&schedule).await.body;
    assert_eq!(shown["refusal"]["reason"], "its source was deleted", "{shown}");
    assert_eq!(
        (&shown["enabled"], &shown["next_fire_at"]),
        (&json!(false), &Value::Null)
    );
    app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    let fired = app.client.post(&format!("{schedule}/fire"), Value::Null).await;
    assert_eq!(fired.status.as_u16(), 409, "{}", fired.text);
    // One that was made while the source went is told at its tick.
    app.execute(
        "UPDATE schedules SET enabled = true, next_tick = now(), due_at = now(), refusal = NULL, refused_since = NULL",
    )
    .await;
    eventually("the schedule says why", Duration::from_secs(10), async || {
        let shown = app.client.get(&schedule).await.body;
        shown["refusal"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("names no source"))
    })
    .await;
    assert_eq!(
        app.count("SELECT count(*) AS count FROM jobs WHERE kind = 'sync_source'")
            .await,
        0
    );
    // It can be switched off as it is, also where the kind is none any more, and not on.
    let patch = async |body: Value| {
        let request = app.client.request(reqwest::Method::PATCH, &schedule);
        app.client.send(request.json(&body)).await
    };
    let off = patch(json!({"enabled": false, "name": "rarely"})).await;
    assert_eq!(off.body["enabled"], false, "{}", off.text);
    patch(json!({"enabled": true})).await.expect_problem(404, "not_found");
    app.execute("UPDATE schedules SET kind = 'of.another.release'").await;
    assert_eq!(patch(json!({"name": "never"})).await.body["name"], "never");
    patch(json!({"enabled": true}))
        .await
        .expect_problem(422, "unknown_kind");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deletion_of_a_base_disables_the_schedules_of_its_sources_and_no_others() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let mut schedules = Vec::new();
    let mut bases = Vec::new();
    for name in ["going", "staying"] {
        let base = app.client.knowledge_base(name).await;
        let config = json!({"start_urls": [format!("{}/", site.url)], "mode": "links"});
        let source = json!({"kind": "web", "name": "site", "config": config, "acl": {"public": true}});
        let made = app
            .client
            .post(&format!("/v1/knowledge-bases/{base}/sources"), source)
            .await;
        let payload = json!({"source_id": made.body["id"]});
        let body = json!({"name": name, "cron": "@yearly", "kind": "sync_source", "payload": payload});
        let made = app.client.post("/v1/schedules", body).await;
        schedules.push(format!("/v1/schedules/{}", made.body["id"].as_str().unwrap()));
        bases.push(base);
    }
    let deleted = app.client.delete(&format!("/v1/knowledge-bases/{}", bases[0])).await;
    assert_eq!(deleted.status.as_u16(), 202, "{}", deleted.text);
    let going = app.client.get(&schedules[0]).await.body;
    assert_eq!(going["refusal"]["reason"], "its source was deleted", "{going}");
    assert_eq!(going["enabled"], false);
    let staying = app.client.get(&schedules[1]).await.body;
    assert_eq!((&staying["refusal"], &staying["enabled"]), (&Value::Null, &json!(true)));
    app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_takes_longer_than_a_sync_may_is_read_by_the_next_ones() {
    const PAGES: usize = 12;
    let mut app = start_with(vec![("workers.drain_secs", "0".to_owned())]).await;
    let links: Vec<String> = (0..PAGES).map(|number| format!("/{number:02}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let site = FakeSite::start(&[("/", page("welcome", &links))]).await;
    for link in &links {
        let words = format!("number{}", &link[1..]);
        site.put(link, page(&words, &[]).slow(Duration::from_millis(100)));
    }
    // Of the first ones, one fails that is asked for again by whichever sync looks at the last.
    site.put(
        "/00",
        SitePage::of(502, "text/html", b"bad gateway").then(page("number00", &[])),
    );
    let (base, source) = make(&app.client, &site, json!({})).await;
    let first = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let first = first.body["id"].as_str().unwrap().to_owned();
    let read = "SELECT count(*) AS count FROM source_items WHERE status = 'ingested'";
    eventually("pages are read", Duration::from_secs(20), async || {
        app.count(read).await >= 4
    })
    .await;
    app.stop_workers().await;
    // As if its hour were over.
    app.execute("UPDATE sources SET updated_at = now() - interval '3 hours'")
        .await;
    app.execute("UPDATE source_syncs SET started_at = now() - interval '2 hours'")
        .await;
    app.start_workers(jobs::Pool::ALL.to_vec());
    let ended = app.client.ended(&first).await;
    assert_eq!(
        (&ended["result"]["ended_early"], &ended["result"]["complete"]),
        (&json!("time_limit"), &json!(false)),
        "{ended}"
    );
    settled(&app).await;
    let looked_at = app.count(read).await;
    assert!((4..=PAGES as i64).contains(&looked_at), "{looked_at}");
    // A page of those that were read is gone by now: nobody looks at it again in this pass.
    let _ = site.take_requests();
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (
            &result["found"],
            &result["continued"],
            &result["ingested"],
            &result["failed"],
            &result["complete"],
            &result["ended_early"]
        ),
        (
            &json!(PAGES + 1),
            &json!(looked_at),
            &json!(PAGES as i64 + 1 - looked_at),
            &json!(0),
            &json!(true),
            &Value::Null
        ),
        "{result}"
    );
    let asked = site.take_requests();
    assert!(asked.iter().all(|request| request.path != "/"), "{asked:?}");
    assert_eq!(documents(&app.client, &site, &base).await.len(), PAGES + 1);

    // The next begins anew.
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["continued"], &result["unchanged"]),
        (&json!(0), &json!(PAGES + 1)),
        "{result}"
    );
    app.finish().await;
}
