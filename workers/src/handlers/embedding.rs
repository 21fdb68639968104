use crate::{Context, JobError};
use std::collections::HashMap;

/// The vectors of the texts, each text once.
pub(super) async fn sentence_vectors(app: &Context, texts: Vec<String>) -> Result<HashMap<String, Vec<f32>>, JobError> {
    let vectors = app.embedder.embed(texts.clone()).await?;
    Ok(texts.into_iter().zip(vectors).collect())
}

/// The vector of one query.
pub(super) async fn query_vector(app: &Context, query: &str) -> Result<Vec<f32>, JobError> {
    let vectors = app.embedder.embed(vec![query.to_owned()]).await?;
    vectors
        .into_iter()
        .next()
        .ok_or_else(|| JobError::retry("embedding", "The embedding model gave no vector."))
}
