#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

//! The real model from `.dev/tools`; each test says that it skips where the model is missing.

mod support;

use integrations::IntegrationError;
use integrations::embedding::{Embedder, LocalEmbedder, LocalEmbedderSettings, LocalModelShape};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::local_model;

#[derive(Deserialize)]
struct Golden {
    text: String,
    vector: Vec<f32>,
}

fn goldens() -> Vec<Golden> {
    serde_json::from_str(include_str!("../testdata/minilm-golden.json")).unwrap()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A paragraph of roughly `words` words, different for each `seed`.
fn paragraph(seed: usize, words: usize) -> String {
    const WORDS: [&str; 8] = [
        "invoice",
        "customer",
        "refund",
        "the",
        "password",
        "of",
        "subscription",
        "settings",
    ];
    (0..words)
        .map(|i| WORDS[(seed * 7 + i * i + i / 3) % WORDS.len()])
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn vectors_agree_with_a_float64_reference() {
    let Some(settings) = local_model(1) else { return };
    let embedder = LocalEmbedder::new(settings);
    let texts = goldens().into_iter().map(|golden| golden.text).collect();
    let vectors = embedder.embed(texts).await.unwrap();
    for (golden, vector) in goldens().iter().zip(&vectors) {
        assert_eq!(vector.len(), embedder.model().dimensions);
        assert!((dot(vector, vector) - 1.0).abs() < 1e-4);
        let cosine = dot(vector, &golden.vector);
        assert!(cosine > 0.998, "cosine {cosine} for {:?}", golden.text);
    }
}

#[tokio::test]
async fn a_text_has_the_same_vector_alone_and_in_any_company() {
    let Some(settings) = local_model(2) else { return };
    let embedder = LocalEmbedder::new(settings);
    let texts: Vec<String> = (0..30).map(|i| paragraph(i, 3 + i * 5)).collect();
    let together = embedder.embed(texts.clone()).await.unwrap();
    assert_eq!(together.len(), texts.len());
    for place in [0, 7, 29] {
        let alone = embedder.embed(vec![texts[place].clone()]).await.unwrap();
        let cosine = dot(&alone[0], &together[place]);
        assert!(cosine > 0.9999, "cosine {cosine} at {place}");
    }
}

#[tokio::test]
async fn hostile_texts_get_vectors_or_at_least_no_panic() {
    let Some(settings) = local_model(1) else { return };
    let embedder = LocalEmbedder::new(settings);
    assert!(embedder.embed(Vec::new()).await.unwrap().is_empty());
    let texts: Vec<String> = vec![
        String::new(),
        "\0".into(),
        "   \n\t ".into(),
        "[CLS] [SEP] [PAD]".into(),
        "\u{fffd}\u{200b}\u{202e}".into(),
        "x".repeat(3_000_000),
        "語".repeat(50_000),
        "👩‍👩‍👧‍👦".repeat(5_000),
    ];
    let vectors = embedder.embed(texts.clone()).await.unwrap();
    assert_eq!(vectors.len(), texts.len());
    assert!(vectors.iter().flatten().all(|number| number.is_finite()));
}

#[tokio::test]
async fn a_token_count_predicts_what_the_model_reads() {
    let Some(settings) = local_model(1) else { return };
    let embedder = LocalEmbedder::new(settings);
    assert_eq!(embedder.count_tokens(""), 0);
    assert_eq!(embedder.count_tokens("How do I reset my password?"), 7);
    let limit = embedder.model().content_tokens_max();
    assert_eq!(limit, 254);
    let vector_of = |words: usize| embedder.embed(vec!["word ".repeat(words), "padding ".repeat(300)]);
    let (fits, too_long) = (vector_of(limit).await.unwrap(), vector_of(limit + 50).await.unwrap());
    let shorter = vector_of(limit - 20).await.unwrap();
    assert!(
        dot(&fits[0], &too_long[0]) > 0.999_999,
        "what is beyond the limit has no influence"
    );
    assert!(dot(&fits[0], &shorter[0]) < 0.999_999);
    assert_eq!(embedder.count_tokens(&"word ".repeat(limit)), limit);
}

#[tokio::test]
async fn counting_is_exact_across_windows_and_bounded_for_giants() {
    let Some(settings) = local_model(1) else { return };
    let embedder = LocalEmbedder::new(settings);
    let words: String = (0..2_000).map(|i| paragraph(i, 1) + " ").collect();
    let each: usize = words.split_whitespace().map(|word| embedder.count_tokens(word)).sum();
    assert_eq!(embedder.count_tokens(&words), each);
    let started = Instant::now();
    let giant = embedder.count_tokens(&"word ".repeat(5_000_000));
    assert!((4_900_000..5_100_000).contains(&giant), "{giant}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_missing_model_or_runtime_says_what_to_do() {
    let nowhere = LocalEmbedderSettings {
        model_dir: "/nonexistent/model".into(),
        onnxruntime_library: "/nonexistent/libonnxruntime.so".into(),
        sessions: 1,
        model_id: "all-MiniLM-L6-v2/w8".into(),
        shape: LocalModelShape::default(),
    };
    let embedder = LocalEmbedder::new(nowhere);
    let error = embedder.warm_up().await.unwrap_err();
    assert!(
        matches!(&error, IntegrationError::NotConfigured { what_to_do, .. } if what_to_do.contains("./dev tools")),
        "{error}"
    );
    assert_eq!(
        embedder.count_tokens("five!"),
        5,
        "an upper bound where there is no tokenizer"
    );
}

#[tokio::test]
async fn weights_that_are_not_onnx_are_an_error() {
    let Some(settings) = local_model(1) else { return };
    let dir = std::env::temp_dir().join(format!("broken-model-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    for name in [
        "tokenizer.json",
        "config.json",
        "special_tokens_map.json",
        "tokenizer_config.json",
    ] {
        std::fs::copy(settings.model_dir.join(name), dir.join(name)).unwrap();
    }
    std::fs::write(dir.join("model.onnx"), "not a model").unwrap();
    let embedder = LocalEmbedder::new(LocalEmbedderSettings {
        model_dir: dir.clone(),
        ..settings
    });
    let error = embedder.warm_up().await.unwrap_err();
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(matches!(error, IntegrationError::NotConfigured { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_does_not_wait_for_a_large_ingest() {
    let Some(settings) = local_model(2) else { return };
    let embedder = Arc::new(LocalEmbedder::new(settings));
    embedder.warm_up().await.unwrap();
    let started = Instant::now();
    let ingest = {
        let embedder = Arc::clone(&embedder);
        async move { embedder.embed((0..150).map(|i| paragraph(i, 120)).collect()).await }
    };
    let query = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let asked = Instant::now();
        embedder.embed(vec!["how do I get a refund".into()]).await.unwrap();
        (asked.elapsed(), started.elapsed())
    };
    let (ingested, (query_took, query_ended)) = tokio::join!(ingest, query);
    let ingest_ended = started.elapsed();
    assert_eq!(ingested.unwrap().len(), 150);
    assert!(
        query_ended < ingest_ended / 2,
        "query took {query_took:?}, ended {query_ended:?} of {ingest_ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_call_shares_the_sessions_with_a_large_one() {
    let Some(settings) = local_model(1) else { return };
    let embedder = LocalEmbedder::new(settings);
    let started = Instant::now();
    let large = async {
        embedder
            .embed((0..120).map(|i| paragraph(i, 120)).collect())
            .await
            .unwrap();
        started.elapsed()
    };
    let small = async {
        embedder
            .embed((0..8).map(|i| paragraph(i, 100)).collect())
            .await
            .unwrap();
        started.elapsed()
    };
    let (large, small) = tokio::join!(large, small);
    assert!(small < large / 2, "small ended after {small:?}, large after {large:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_nobody_waits_for_any_more_starts_no_further_batch() {
    let Some(settings) = local_model(1) else { return };
    let embedder = LocalEmbedder::new(settings);
    let texts = |count: usize| (0..count).map(|i| paragraph(i, 120)).collect::<Vec<_>>();
    let started = Instant::now();
    embedder.embed(texts(60)).await.unwrap();
    let sixty = started.elapsed();
    let abandoned = tokio::time::timeout(sixty / 10, embedder.embed(texts(1_000))).await;
    assert!(abandoned.is_err());
    let started = Instant::now();
    embedder.embed(texts(6)).await.unwrap();
    assert!(
        started.elapsed() < sixty,
        "six took {:?} after an abandoned call, sixty alone {sixty:?}",
        started.elapsed()
    );
}
