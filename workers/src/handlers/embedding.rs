use crate::{Context, JobContext, JobError};
use std::collections::{BTreeSet, HashMap};

/// The vectors of the texts, each text once, by the local model: what checks make of them was calibrated on it.
pub(super) async fn sentence_vectors(app: &Context, texts: Vec<String>) -> Result<HashMap<String, Vec<f32>>, JobError> {
    let vectors = app.embedder.embed(texts.clone()).await?;
    Ok(texts.into_iter().zip(vectors).collect())
}

/// The vector of one query by each of the models.
pub(super) async fn query_vectors<'m>(
    job: &JobContext,
    models: impl Iterator<Item = &'m str>,
    query: &str,
) -> Result<HashMap<&'m str, Vec<f32>>, JobError> {
    let mut vectors = HashMap::new();
    for model in models.collect::<BTreeSet<_>>() {
        vectors.insert(model, job.app.models.query_vector(job, model, query).await?);
    }
    Ok(vectors)
}
