//! What a search answers does not depend on where the vectors are.
use super::{app_with, base_in, ingest, start, titles};
use qdrant_client::qdrant::payload_index_params::IndexParams;
use qdrant_client::qdrant::quantization_config::Quantization;
use qdrant_client::qdrant::vectors_config::Config;
use qdrant_client::qdrant::{CreateFieldIndexCollection, QuantizationType};
use serde_json::{Value, json};
use tests::{QdrantDouble, TestApp};

/// So many documents that a leg proposes only some of them.
const DOCUMENTS: usize = 40;

async fn fill(app: &TestApp, base: &str) {
    let animals = ["heron", "otter", "badger", "kestrel", "marten"];
    let places = ["river", "meadow", "quarry", "harbour"];
    for number in 0..DOCUMENTS {
        let (animal, place) = (animals[number % 5], places[number % 4]);
        // Words that only some documents have drown in their text: the keyword leg sees them, the vectors hardly.
        let rest =
            format!("Ledger {number} counts stones and weather, page after page, for the keeper of the {place}. ")
                .repeat(number % 7 + 1);
        let acl = match number % 3 {
            0 => json!({"public": true}),
            1 => json!({"users": ["ann"]}),
            _ => json!({"groups": ["staff"]}),
        };
        let document = json!({
            "title": format!("Report {number}"), "mime_type": "text/plain", "acl": acl,
            "content": format!("The {animal} was seen at the {place} in year {}. {rest}", 1990 + number),
            "metadata": {"animal": animal, "year": 1990 + number},
        });
        assert_eq!(app.client.ingest(base, document).await["state"], "succeeded");
    }
    let path = format!("/v1/knowledge-bases/{base}");
    let read = app.client.get(&path).await;
    let change = app
        .client
        .request(reqwest::Method::PATCH, &path)
        .header("if-match", read.headers["etag"].clone())
        .json(&json!({"search": {"candidates": 10}}));
    assert_eq!(app.client.send(change).await.status.as_u16(), 200);
}

fn queries() -> Vec<Value> {
    let mut queries = Vec::new();
    for mode in ["hybrid", "vector", "keyword"] {
        for words in [
            "heron seen at the quarry",
            "ledger of the harbour keeper",
            "badger weather stones",
        ] {
            let query = json!({"query": words, "mode": mode, "limit": 10, "explain": true});
            let narrowed = [
                json!({}),
                json!({"principal": {}}),
                json!({"principal": {"user": "ann", "groups": ["staff"]}}),
                json!({"principal": {"user": "nobody"}}),
                json!({"filter": {"animal": "otter"}}),
                json!({"filter": {"year": {"lt": 2025}}}),
                json!({"filter": {"year": {"gt": 3000}}}),
                json!({"phrases": ["seen at the river"]}),
            ];
            for more in narrowed {
                let mut query = query.clone();
                query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                queries.push(query);
            }
        }
    }
    queries
}

/// What of an answer must be the same: everything but ids and times.
fn comparable(found: &Value) -> Vec<(String, Value)> {
    let results = found["results"].as_array().unwrap().iter();
    results
        .map(|hit| (hit["title"].as_str().unwrap().to_owned(), hit["explain"].clone()))
        .collect()
}

fn assert_near(a: &Value, b: &Value, of: &str) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(a.len(), b.len(), "{of}");
            for (name, value) in a {
                match (name.as_str(), value.as_i64(), b[name].as_i64()) {
                    // Two that the halves of a replica bring nearer than rounding may change places.
                    ("vector_rank", Some(a), Some(b)) => assert!((a - b).abs() <= 1, "{a} and {b}: {of}"),
                    _ => assert_near(value, &b[name], of),
                }
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() < 1e-4, "{a} and {b}: {of}");
        }
        _ => assert_eq!(a, b, "{of}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_on_the_server_answers_as_an_embedded_one() {
    // A real server is asked where there is one.
    let double = QdrantDouble::start().await;
    let settings = match std::env::var("QDRANT_URL") {
        Err(_) => double.settings(),
        Ok(url) => vec![
            ("qdrant.url", url),
            ("qdrant.api_key", std::env::var("QDRANT_API_KEY").unwrap_or_default()),
            (
                "qdrant.collection_prefix",
                format!("test-{}", uuid::Uuid::new_v4().simple()),
            ),
        ],
    };
    let app = start(settings).await;
    let embedded = base_in(&app, "embedded", "embedded").await;
    let served = base_in(&app, "served", "qdrant").await;
    fill(&app, &embedded).await;
    fill(&app, &served).await;
    let (mut found_any, mut only_by_keyword) = (0, 0);
    for query in queries() {
        let asked = |base: &str| {
            let mut query = query.clone();
            query["knowledge_base_ids"] = json!([base]);
            query
        };
        let here = app.client.search(asked(&embedded)).await;
        let there = app.client.search(asked(&served)).await;
        assert_eq!((&here["stale"], &there["stale"]), (&json!(false), &json!(false)));
        let (here, there) = (comparable(&here), comparable(&there));
        let names = |found: &[(String, Value)]| found.iter().map(|(title, _)| title.clone()).collect::<Vec<_>>();
        let sorted = |found: &[(String, Value)]| {
            let mut names = names(found);
            names.sort_unstable();
            names
        };
        assert_eq!(sorted(&here), sorted(&there), "{query}");
        for (title, a) in &here {
            let (_, b) = there.iter().find(|(other, _)| other == title).unwrap();
            assert!(a.is_object(), "{title}");
            assert_near(a, b, &format!("{title} of {query}: {a} and {b}"));
            only_by_keyword +=
                usize::from(a["vector_rank"].is_null() && a["vector_score"].as_f64().is_some_and(|score| score > 0.01));
        }
        // Whoever stands in another place there has hardly another score than who stands in it.
        for ((_, a), (_, b)) in here.iter().zip(&there) {
            assert_near(
                &a["score"],
                &b["score"],
                &format!("{query}: {:?} and {:?}", names(&here), names(&there)),
            );
        }
        found_any += here.len();
    }
    assert!(found_any > 200, "{found_any}");
    // What is not permitted takes no place from what is, also where that is nearly all.
    let mut query =
        json!({"knowledge_base_ids": [served], "query": "ledger of the harbour keeper", "mode": "vector", "limit": 10});
    let best = app.client.search(query.clone()).await["results"][0]["title"].clone();
    let number: usize = best.as_str().unwrap().trim_start_matches("Report ").parse().unwrap();
    query["filter"] = json!({"year": {"ne": 1990 + number}});
    let without = app.client.search(query).await;
    let titles = super::titles_of(&without);
    assert!(
        titles.len() == 10 && !titles.contains(&format!("Report {number}")),
        "{titles:?}"
    );
    assert!(
        only_by_keyword > 5,
        "the other leg's chunks have cosines too: {only_by_keyword}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_search_and_deletion_names_the_tenant_and_the_index() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "of one", "qdrant").await;
    ingest(&app, &base, "heron", "The heron stands in the river.").await;
    let body = json!({"name": "of the other", "vector_store": "qdrant"});
    let other = app.client_b.post("/v1/knowledge-bases", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let document = json!({"title": "secret", "content": "The heron stands in the river.", "mime_type": "text/plain"});
    assert_eq!(app.client_b.ingest(&other, document).await["state"], "succeeded");
    let found = app
        .client_b
        .search(json!({"knowledge_base_ids": [other], "query": "heron", "mode": "vector"}))
        .await;
    assert_eq!(super::titles_of(&found), ["secret"]);
    assert_eq!(titles(&app, &base, "heron").await, ["heron"]);

    let (a, b) = (app.tenant.0.to_string(), app.tenant_b.0.to_string());
    let mut tenants: Vec<String> = server
        .chunks()
        .iter()
        .map(|point| point.text("tenant_id").to_owned())
        .collect();
    tenants.sort_unstable();
    let mut expected = vec![a.clone(), b.clone()];
    expected.sort_unstable();
    assert_eq!(tenants, expected);
    let filters = server.take_filters();
    assert!(filters.len() >= 4, "{filters:?}");
    for filter in filters {
        let must = format!("{:?}", filter.must);
        let (of_a, of_b) = (
            must.contains(&a) && must.contains(&format!("{base}.0")),
            must.contains(&b) && must.contains(&format!("{other}.0")),
        );
        assert!(
            of_a != of_b && must.contains("\"tenant_id\"") && must.contains("\"index\""),
            "{must}"
        );
    }
    // No text leaves for the server.
    for point in server.chunks() {
        let mut fields: Vec<&str> = point.payload.keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["chunk_id", "document_id", "index", "tenant_id"]);
    }
    let collections = server.collections();
    let [(_, _, indexed)] = &collections[..] else {
        panic!("{collections:?}")
    };
    assert_eq!(indexed, &["document_id", "index", "tenant_id"]);
    app.finish().await;
}

/// Whether the server is told that the field parts the points of one tenant from those of others.
fn is_tenant(field: &CreateFieldIndexCollection) -> bool {
    let params = field
        .field_index_params
        .as_ref()
        .and_then(|params| params.index_params.as_ref());
    matches!(params, Some(IndexParams::KeywordIndexParams(keyword)) if keyword.is_tenant == Some(true))
}

#[tokio::test(flavor = "multi_thread")]
#[allow(deprecated, reason = "servers that know no `memory` read these")]
async fn a_collection_keeps_tenants_apart_in_its_graph_and_what_is_found_by_small_copies_is_scored_anew() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    ingest(&app, &base, "heron", "The heron stands in the river.").await;
    let query = json!({"knowledge_base_ids": [base], "query": "heron", "mode": "hybrid", "limit": 5});
    assert_eq!(super::titles_of(&app.client.search(query).await), ["heron"]);

    let made = server.made();
    let [made] = &made[..] else { panic!("{made:?}") };
    let graph = made.hnsw_config.unwrap();
    assert_eq!(
        (graph.m, graph.payload_m),
        (Some(0), Some(16)),
        "one graph within each tenant, none over all"
    );
    let Some(Quantization::Scalar(copies)) = made.quantization_config.and_then(|config| config.quantization) else {
        panic!("{made:?}")
    };
    assert_eq!(
        (copies.r#type, copies.quantile, copies.always_ram),
        (QuantizationType::Int8.into(), Some(0.99), Some(true))
    );
    let Some(Config::ParamsMap(vectors)) = made.vectors_config.as_ref().and_then(|config| config.config.as_ref())
    else {
        panic!("{made:?}")
    };
    assert_eq!(vectors.map["dense"].on_disk, Some(true), "the whole ones");
    let fields = server.fields();
    let tenants: Vec<&str> = fields
        .iter()
        .filter(|field| is_tenant(field))
        .map(|field| field.field_name.as_str())
        .collect();
    assert_eq!(tenants, ["tenant_id"], "{fields:?}");

    let searches = server.searches();
    assert_eq!(
        searches.len(),
        2,
        "the nearest, and those of the other leg: {searches:?}"
    );
    for search in &searches {
        let params = search.params.as_ref().unwrap();
        let quantised = params.quantization.unwrap();
        assert_eq!(
            (quantised.ignore, quantised.rescore, quantised.oversampling),
            (None, Some(true), Some(3.0)),
            "{search:?}"
        );
        assert!(params.hnsw_ef >= Some(2 * search.limit.unwrap()), "{search:?}");
    }
    app.finish().await;
}
