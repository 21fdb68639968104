use super::help_centre::start;
use serde_json::Value;
use tests::Process;

const CORPUS: &str = r#"{"_id": "d1", "title": "Refunds", "text": "A refund arrives within five working days."}
{"_id": "d2", "title": "Invoices", "text": "Invoices are sent by e-mail on the first of the month."}
{"_id": "d3", "title": "Passwords", "text": "Choose a new password under Settings, Security."}
"#;
const QUERIES: &str = r#"{"_id": "q1", "text": "when does a refund arrive"}
{"_id": "q2", "text": "how are invoices sent"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_of_search_ranks_a_set_and_times_bases_of_the_sizes_asked_for() {
    let Some(app) = start().await else { return };
    let _ = Process::run(&["tenants", "create", "bench"], &environment(&app.environment()));
    let set = app.data.path().join("tiny");
    std::fs::create_dir(&set).unwrap();
    for (name, text) in [
        ("corpus.jsonl", CORPUS),
        ("queries.jsonl", QUERIES),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n"),
    ] {
        std::fs::write(set.join(name), text).unwrap();
    }
    let mut variables = app.environment();
    variables.push(("VISUALKIT_URL", app.client.url.clone()));
    variables.push(("VISUALKIT_API_KEY", app.client.key.clone().unwrap()));
    let output = app.data.path().join("retrieval.json");
    let (set, output) = (set.to_str().unwrap(), output.to_str().unwrap());
    let sizes = ["--sizes", "2,45", "--clients", "1,2", "--probes", "6"];
    let arguments = [&["bench", "retrieval", "--output", output, "--path", set], &sizes[..]].concat();
    let _ = Process::run(&arguments, &environment(&variables));

    let figures: Value = serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap();
    assert_eq!(
        (&figures["quality"][0]["queries"], &figures["quality"][0]["stale"]),
        (&2.into(), &0.into())
    );
    let sizes: Vec<&Value> = figures["speed"].as_array().unwrap().iter().collect();
    assert_eq!(sizes.len(), 2);
    for (size, chunks) in sizes.iter().zip([2, 45]) {
        assert_eq!(size["growth"]["chunks"], chunks, "{size}");
        assert_eq!(size["in_process"]["hybrid"][1]["n"], 6, "{size}");
        assert_eq!(size["http"].as_array().unwrap().len(), 6, "{size}");
        assert_eq!(size["queue"]["queue_ms"]["n"], 6, "{size}");
    }
    let folder = app.data.path().join("retrieval");
    let queries = std::fs::read_to_string(folder.join("tiny/queries.jsonl")).unwrap();
    let chunks = std::fs::read_to_string(folder.join("tiny/chunks.jsonl")).unwrap();
    let refund = chunks.lines().find(|line| line.contains("five working days")).unwrap();
    let refund: Value = serde_json::from_str(refund).unwrap();
    let first: Value = serde_json::from_str(queries.lines().next().unwrap()).unwrap();
    for ranking in ["keyword", "vector", "hybrid", "hybrid_rrf"] {
        assert_eq!(first["rankings"][ranking][0][0], refund["id"], "{ranking}: {first}");
    }
    let vectors = std::fs::metadata(folder.join("45/vectors.f32")).unwrap().len();
    assert_eq!(vectors, 45 * 384 * 4);
    app.finish().await;
}

fn environment<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
