use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingPurpose, LocalEmbedder, RemoteEmbedder};
use serde::Deserialize;

/// What vectors of the pinned weights may be away from their reference, as a cosine: weight-only int8 is above .9989.
const COSINE_MIN: f32 = 0.998;
/// The model that reference vectors are there for.
const REFERENCE_MODEL: &str = "all-MiniLM-L6-v2";

#[derive(Deserialize)]
struct Reference {
    text: String,
    vector: Vec<f32>,
}

/// Its files, weights and vectors; the latter beside the reference, where there is one.
pub(super) async fn verify_local_embedder(id: &str, embedder: LocalEmbedder) -> Result<String, IntegrationError> {
    embedder.check_files()?;
    let sha256: String = embedder
        .weights_sha256()?
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let vectors = embedder
        .embed(vec!["A first text.".to_owned(), "Another.".to_owned()])
        .await?;
    let length = vectors.first().map_or(0, Vec::len);
    let compared = if id == REFERENCE_MODEL {
        let lowest = lowest_cosine(&embedder).await?;
        format!("; at least {lowest:.4} like its reference vectors")
    } else {
        "; there are no reference vectors for it".to_owned()
    };
    Ok(format!(
        "vectors of {length} numbers{compared}; weights sha256 {sha256}"
    ))
}

async fn lowest_cosine(embedder: &LocalEmbedder) -> Result<f32, IntegrationError> {
    let invalid = |reason: String| IntegrationError::InvalidAnswer {
        system: REFERENCE_MODEL.to_owned(),
        reason,
    };
    let references: Vec<Reference> =
        serde_json::from_str(integrations::embedding::MINILM_REFERENCES).map_err(|error| invalid(error.to_string()))?;
    let texts = references.iter().map(|reference| reference.text.clone()).collect();
    let vectors = embedder.embed(texts).await?;
    let cosine = |(a, b): (&Reference, &Vec<f32>)| a.vector.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lowest = references.iter().zip(&vectors).map(cosine).fold(1.0, f32::min);
    if lowest < COSINE_MIN {
        return Err(invalid(format!(
            "its vectors are only {lowest:.4} like the reference: these are other weights, or another pooling"
        )));
    }
    Ok(lowest)
}

/// Two short texts, by one call.
pub(super) async fn verify_remote_embedder(embedder: &RemoteEmbedder) -> Result<String, IntegrationError> {
    let texts = ["A first text.".to_owned().into(), "Another.".to_owned().into()];
    let answer = embedder.send(&texts, EmbeddingPurpose::Document).await?;
    let embedded = embedder.read(&texts, answer)?;
    let length = embedded.vectors.first().map_or(0, Vec::len);
    let tokens = embedded
        .usage
        .map_or("it does not say what it bills".to_owned(), |usage| {
            format!("{} tokens billed, {} µUSD", usage.tokens, usage.cost_micros)
        });
    Ok(format!("vectors of {length} numbers; {tokens}"))
}
