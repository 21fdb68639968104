use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::fmt::Write;
use std::time::Duration;

const DOCUMENTS_PER_BASE: usize = 15;

#[tokio::test(flavor = "multi_thread")]
async fn killing_everything_while_documents_are_ingested_loses_none_and_indexes_none_twice() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let mut process = system.up().await;
    let bases = [
        system.client.knowledge_base("first").await,
        system.client.knowledge_base("second").await,
    ];
    for n in 0..DOCUMENTS_PER_BASE {
        for (base, path) in bases.iter().zip(["first", "second"]) {
            let submitted = system
                .client
                .post(&format!("/v1/knowledge-bases/{base}/documents"), document(path, n))
                .await;
            assert_eq!(submitted.status, 202, "{}", submitted.text);
        }
    }
    rows.until(
        "SELECT count(*) FROM documents WHERE ready_version IS NOT NULL",
        3,
        Duration::from_secs(60),
    )
    .await;
    for server in ["redis", "postgres"] {
        system.servers.kill(server);
    }
    process.signal("KILL");
    process.wait();
    system.servers.start_again("postgres");
    system.servers.start_again("redis");
    let ready = rows
        .number("SELECT count(*) FROM documents WHERE ready_version IS NOT NULL")
        .await;
    assert!(
        (3..30).contains(&ready),
        "everything was killed in the middle: {ready} of 30 documents were ready"
    );

    let _again = system.up().await;
    rows.until_succeeded(30, Duration::from_secs(120)).await;
    rows.assert_each_succeeded_once(30).await;
    for base in &bases {
        let listed = system
            .client
            .get(&format!("/v1/knowledge-bases/{base}/documents?limit=100"))
            .await;
        let documents = listed.body["data"].as_array().unwrap();
        assert_eq!(documents.len(), DOCUMENTS_PER_BASE, "{}", listed.text);
        assert!(
            documents.iter().all(|document| document["state"] == "ready"),
            "{}",
            listed.text
        );
    }
    let wrong = "SELECT count(*) FROM documents d
        WHERE chunk_count = 0 OR chunk_count <> (SELECT count(*) FROM chunks c WHERE c.document_id = d.id)
           OR chunk_count <> (SELECT count(DISTINCT ordinal) FROM chunks c WHERE c.document_id = d.id)
           OR 1 <> (SELECT count(*) FROM index_changes i WHERE i.document_id = d.id)";
    assert_eq!(rows.number(wrong).await, 0, "a document was indexed in part or twice");
    assert_eq!(rows.number("SELECT count(*) FROM index_changes").await, 30);
    let found = system
        .client
        .search(json!({"knowledge_base_ids": bases, "query": "marker first7", "mode": "keyword", "limit": 50}))
        .await;
    let results = found["results"].as_array().unwrap();
    let mut chunks: Vec<&str> = results
        .iter()
        .map(|result| result["chunk_id"].as_str().unwrap())
        .collect();
    assert_eq!(results[0]["title"], "first 7", "{found}");
    chunks.sort_unstable();
    assert!(
        chunks.windows(2).all(|pair| pair[0] != pair[1]),
        "a chunk was found twice: {found}"
    );
}

/// A document of several chunks, with a word of its own.
fn document(path: &str, n: usize) -> serde_json::Value {
    let mut content = format!("The marker of this page is {path}{n}.\n");
    for section in 0..6 {
        write!(content, "\n## Part {section} of {path} {n}\n\n").unwrap();
        for sentence in 0..12 {
            write!(
                content,
                "Sentence {sentence} of part {section} explains how {path} page number {n} is kept. "
            )
            .unwrap();
        }
    }
    json!({"title": format!("{path} {n}"), "content": content, "mime_type": "text/markdown", "external_id": format!("{path}/{n}"),
           "acl": {"public": true}})
}
