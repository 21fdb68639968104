//! `visualkit models verify` asks nothing of the servers, so these start none.
use serde_json::{Value, json};
use tests::{Process, RerankMischief, RerankVendor};

/// The exit code, and what became of each model.
fn verify(vendor: &RerankVendor, arguments: &[&str]) -> (Option<i32>, Value) {
    let environment = [
        ("COHERE_API_KEY", "the-key-of-cohere"),
        ("VISUALKIT__MODELS__COHERE__BASE_URL", vendor.cohere_url.as_str()),
        ("VISUALKIT__MODELS__VOYAGE__BASE_URL", vendor.voyage_url.as_str()),
        ("VISUALKIT__MODELS__VOYAGE__API_KEY", "the-key-of-voyage"),
    ];
    let arguments = [&["models", "verify", "--json"], arguments].concat();
    let (code, out, error) = Process::outcome(&arguments, &environment);
    (
        code,
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_is_tried_when_that_is_asked_for_and_says_which_passage_came_first() {
    let vendor = RerankVendor::start(100).await;
    let (code, untried) = verify(&vendor, &["rerank-2", "rerank-v3.5"]);
    assert_eq!((code, vendor.calls().len()), (Some(0), 0));
    for one in untried.as_array().unwrap() {
        assert_eq!(
            (&one["kind"], &one["works"], &one["took_ms"]),
            (&json!("reranker"), &Value::Null, &Value::Null)
        );
    }
    let (code, tried) = verify(&vendor, &["rerank-2", "rerank-v3.5", "--call"]);
    assert_eq!((code, vendor.calls().len()), (Some(0), 2), "{tried}");
    for (one, id, billed) in [
        (0, "rerank-2", "28 tokens billed"),
        (1, "rerank-v3.5", "1 search billed, 2000"),
    ] {
        let (one, detail) = (&tried[one], tried[one]["detail"].as_str().unwrap());
        assert_eq!((&one["id"], &one["works"]), (&json!(id), &json!(true)));
        assert!(detail.contains("came first: 0.3600 to 0.0000"), "{detail}");
        assert!(detail.contains(billed), "{detail}");
        assert!(one["took_ms"].is_u64(), "{one}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_that_refuses_or_puts_the_worse_passage_first_does_not_work() {
    let vendor = RerankVendor::start(100).await;
    vendor.expect([
        RerankMischief::Refusal(401, None),
        RerankMischief::TooFew,
        RerankMischief::Reversed,
    ]);
    for why in ["401", "it gave 1 scores", "did not come first"] {
        let (code, tried) = verify(&vendor, &["rerank-2", "--call"]);
        assert_eq!((code, &tried[0]["works"]), (Some(3), &json!(false)), "{tried}");
        assert!(tried[0]["detail"].as_str().unwrap().contains(why), "{tried}");
        assert!(tried[0]["took_ms"].is_u64(), "{tried}");
    }
    let (_, tried) = verify(&vendor, &["rerank-2", "--call"]);
    assert_eq!(tried[0]["works"], true, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_without_a_key_says_which_one_is_missing() {
    let arguments = ["models", "verify", "rerank-2", "--call", "--json"];
    let (code, out, error) = Process::outcome(&arguments, &[]);
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}"));
    assert_eq!((code, &told[0]["works"]), (Some(3), &json!(false)), "{told}");
    assert!(told[0]["detail"].as_str().unwrap().contains("VOYAGE_API_KEY"), "{told}");
    let (code, _, error) = Process::outcome(&["models", "verify", "rerank-0"], &[]);
    assert_eq!(code, Some(1));
    assert!(error.contains("no model `rerank-0`"), "{error}");
}
