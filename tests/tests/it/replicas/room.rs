use super::{filled, finds, ingest, on_disk, open, start};
use futures::future::join_all;
use jobs::Wanted;
use std::time::Duration;
use store::KnowledgeBaseId;
use tests::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn more_bases_than_may_be_open_answer_all_the_same() {
    let app = start(&[("retrieval.open_replicas", "2")]).await;
    let mut bases = Vec::new();
    for number in 0..6 {
        let name = format!("base{number}");
        bases.push((filled(&app, &name, 2).await, name));
    }
    for (base, name) in &bases {
        finds(&app, base, name).await;
        assert!(open(&app).len() <= 2 && open(&app).contains(base), "{:?}", open(&app));
    }
    // Many at once, each of a base that others are about to close, and that has changed meanwhile.
    app.context.replicas.keep_fresh(&app.context.system);
    let all = (0..60).map(async |number| {
        let (base, name) = &bases[number % bases.len()];
        if number < 12 {
            ingest(&app, base, &format!("more{number}"), 2).await;
        }
        finds(&app, base, name).await;
    });
    join_all(all).await;
    let again = "SELECT a.outcome || ' ' || coalesce(a.error::text, '') AS text FROM job_attempts a JOIN jobs j ON j.id = a.job_id
        WHERE j.kind = 'search_knowledge' AND a.outcome <> 'succeeded'";
    assert_eq!(app.texts(again).await, [""; 0], "nobody was in the way of another");
    eventually("too many are closed", Duration::from_secs(10), async || {
        open(&app).len() <= 2
    })
    .await;
    assert_eq!(on_disk(&app).len(), 6);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bases_are_closed_for_the_memory_that_they_take_and_a_single_one_is_not() {
    let app = start(&[("retrieval.replica_memory_mb", "1")]).await;
    // 1,536 bytes a chunk: each alone takes more than half a megabyte, the first more than one.
    let large = filled(&app, "large", 800).await;
    let other = filled(&app, "other", 250).await;
    let small = filled(&app, "small", 3).await;
    finds(&app, &large, "large").await;
    assert_eq!(open(&app), std::slice::from_ref(&large));
    finds(&app, &other, "other").await;
    eventually("the first is closed", Duration::from_secs(10), async || {
        open(&app) == [other.clone()]
    })
    .await;
    finds(&app, &small, "small").await;
    assert_eq!(open(&app).len(), 2, "there is room for a small one");
    finds(&app, &large, "large").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_after_the_others_does_not_close_what_is_searched() {
    let app = start(&[("retrieval.open_replicas", "2")]).await;
    // The oldest, so that it is looked after before the others.
    let searched = filled(&app, "searched", 2).await;
    let mut others = Vec::new();
    for number in 0..4 {
        let name = format!("other{number}");
        let base = filled(&app, &name, 2).await;
        finds(&app, &base, &name).await;
        others.push((base, name));
    }
    finds(&app, &searched, "searched").await;
    for (base, name) in &others {
        ingest(&app, base, &format!("more {name}"), 2).await;
    }
    app.context.replicas.keep_fresh(&app.context.system);
    let behind = "SELECT count(*) FROM replica_cursors r JOIN knowledge_base_heads h USING (tenant_id, knowledge_base_id) WHERE r.seq < h.seq";
    eventually("all are up to date", Duration::from_secs(20), async || {
        app.count(behind).await == 0
    })
    .await;
    // Where it stands is known before it is closed again.
    eventually("what was opened is closed", Duration::from_secs(10), async || {
        open(&app).len() <= 2
    })
    .await;
    assert!(open(&app).contains(&searched), "{:?} and not {searched}", open(&app));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_what_was_not_searched_for_longest_and_has_it_built_anew_when_it_is() {
    let app = start(&[("retrieval.replica_disk_mb", "2")]).await;
    let mut bases = Vec::new();
    for name in ["first", "second", "third"] {
        let base = filled(&app, name, 500).await;
        finds(&app, &base, name).await;
        bases.push((base, name));
    }
    assert_eq!(on_disk(&app).len(), 3);
    app.context.replicas.keep_fresh(&app.context.system);
    eventually("there is room again", Duration::from_secs(20), async || {
        on_disk(&app).len() < 3
    })
    .await;
    let left: Vec<String> = on_disk(&app).into_iter().map(|(base, _)| base).collect();
    assert!(
        left.contains(&bases[2].0) && !left.contains(&bases[0].0),
        "{left:?} of {bases:?}"
    );
    // Nobody waits for what is gone.
    let known = format!(
        "SELECT count(*) FROM replica_cursors WHERE knowledge_base_id = '{}'",
        bases[0].0
    );
    eventually("it is known", Duration::from_secs(10), async || {
        app.count(&known).await == 0
    })
    .await;
    for (base, name) in &bases {
        finds(&app, base, name).await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_stand_by_takes_no_place_of_what_is_searched() {
    let app = start(&[("retrieval.open_replicas", "2")]).await;
    let mut bases = Vec::new();
    for name in ["one", "two", "three"] {
        bases.push(filled(&app, name, 2).await);
    }
    let wanted = |base: &str, to_search| Wanted {
        tenant: app.tenant,
        base: KnowledgeBaseId(base.parse().unwrap()),
        to_search,
    };
    let replicas = &app.context.replicas;
    finds(&app, &bases[0], "one").await;
    replicas.warm_up(wanted(&bases[1], false)).await.unwrap();
    assert_eq!(open(&app).len(), 2, "there is room");
    replicas.warm_up(wanted(&bases[2], false)).await.unwrap();
    assert_eq!(on_disk(&app).len(), 2, "there is none");
    replicas.warm_up(wanted(&bases[2], true)).await.unwrap();
    let left = open(&app);
    assert!(
        left.len() == 2 && left.contains(&bases[0]) && left.contains(&bases[2]),
        "who stood by makes room: {left:?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_to_stand_by_closes_nothing_that_is_searched() {
    let app = start(&[("retrieval.replica_memory_mb", "1")]).await;
    // Each takes more than half of it.
    let searched = filled(&app, "searched", 400).await;
    let large = filled(&app, "large", 500).await;
    finds(&app, &searched, "searched").await;
    let wanted = Wanted {
        tenant: app.tenant,
        base: KnowledgeBaseId(large.parse().unwrap()),
        to_search: false,
    };
    for _ in 0..2 {
        app.context.replicas.warm_up(wanted).await.unwrap();
        assert_eq!(open(&app), std::slice::from_ref(&searched));
    }
    app.finish().await;
}
