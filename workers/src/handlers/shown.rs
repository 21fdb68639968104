//! Keeps what leaves a search to what its viewer may see by the database, however old the replicas are that found it.
use super::passages;
use super::rerank::OrderedHit;
use crate::{Done, JobContext, JobError};
use jobs::kinds::{Answer, AnswerOutcome, KeptAnswer, Viewer};
use retrieval::{Acl, Hit};
use std::collections::HashSet;
use store::chunks::ShownChunk;
use store::{ChunkId, DocumentId, Durability, KnowledgeBaseId, chunks, documents};

/// Those of the hits whose chunk exists and that the viewer may see: before their words go to a reranker or into an answer.
pub(super) async fn visible(
    job: &JobContext,
    viewer: &Viewer,
    hits: Vec<(KnowledgeBaseId, Hit)>,
) -> Result<Vec<(KnowledgeBaseId, Hit)>, JobError> {
    keep(job, viewer, hits, |_| true).await
}

/// Those of the [`visible`] hits that an answer may be composed of: a picture's title is no sentence about what is on it.
pub(super) async fn quotable(
    job: &JobContext,
    viewer: &Viewer,
    hits: Vec<(KnowledgeBaseId, Hit)>,
) -> Result<Vec<(KnowledgeBaseId, Hit)>, JobError> {
    keep(job, viewer, hits, |chunk| chunk.image.is_none()).await
}

async fn keep(
    job: &JobContext,
    viewer: &Viewer,
    hits: Vec<(KnowledgeBaseId, Hit)>,
    is_wanted: impl Fn(&ShownChunk) -> bool,
) -> Result<Vec<(KnowledgeBaseId, Hit)>, JobError> {
    let ids: Vec<ChunkId> = hits.iter().map(|(_, hit)| ChunkId(hit.chunk_id)).collect();
    let shown = job
        .app
        .store
        .read_by_id(job.tenant(), async |tx| chunks::shown(tx, &ids, false).await)
        .await?;
    let viewer = passages::viewer(viewer);
    let visible: HashSet<ChunkId> = shown
        .into_iter()
        .filter(|chunk| Acl::all_allow(&[&chunk.indexed_acl, &chunk.latest_acl], &viewer) && is_wanted(chunk))
        .map(|chunk| chunk.id)
        .collect();
    Ok(hits
        .into_iter()
        .filter(|(_, hit)| visible.contains(&ChunkId(hit.chunk_id)))
        .collect())
}

/// Those of the hits that are pictures, by their chunks.
pub(super) async fn images(job: &JobContext, hits: &[OrderedHit]) -> Result<HashSet<ChunkId>, JobError> {
    let ids: Vec<ChunkId> = hits.iter().map(|ordered| ChunkId(ordered.hit.chunk_id)).collect();
    let images = job
        .app
        .store
        .read_by_id(job.tenant(), async |tx| chunks::images(tx, &ids).await)
        .await?;
    Ok(images.into_iter().collect())
}

/// Ends the job with the answer, unless a source of it was deleted or withdrawn while it was composed: no row keeps words longer than their document.
/// A deletion that comes later finds the answer, for it waits for the documents that are held here.
pub(super) async fn finish(job: &JobContext, kept: KeptAnswer) -> Result<Done, JobError> {
    if kept.answer.citations.is_empty() {
        return Done::with(&kept);
    }
    let cited: Vec<DocumentId> = kept
        .answer
        .citations
        .iter()
        .map(|citation| citation.document_id)
        .collect();
    let viewer = passages::viewer(&kept.viewer);
    let ended = job
        .app
        .store
        .tenant_with(job.tenant(), Durability::Relaxed, async |tx| {
            let held: HashSet<DocumentId> = documents::hold_acls(tx, &cited)
                .await?
                .into_iter()
                .filter(|document| Acl::all_allow(&[&document.indexed_acl, &document.latest_acl], &viewer))
                .map(|document| document.id)
                .collect();
            if cited.iter().all(|document| held.contains(document)) {
                job.finish(tx, &kept).await
            } else {
                job.finish(tx, &withdrawn(&kept)).await
            }
        })
        .await?;
    Ok(Done::Committed(ended))
}

fn withdrawn(kept: &KeptAnswer) -> KeptAnswer {
    let reason = "A source of this answer was deleted or withdrawn while it was written.".to_owned();
    KeptAnswer {
        viewer: kept.viewer.clone(),
        answer: Answer {
            answer: String::new(),
            sentences: Vec::new(),
            citations: Vec::new(),
            support: 0.0,
            outcome: AnswerOutcome::Abstained,
            reason: Some(reason),
            ..kept.answer.clone()
        },
    }
}
