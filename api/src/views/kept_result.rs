//! Results that quote documents, filled in when they are read: a job keeps which chunks it found and for whom, and what that viewer may no
//! longer see, or nobody can because it is gone, is not shown.
use crate::Problem;
use jobs::Kind;
use jobs::kinds::{
    Answer, AnswerOutcome, AnswerQuestion, Citation, FoundChunk, FoundChunks, FoundImage, KeptAnswer, NeighbourChunk,
    SearchHit, SearchKnowledge, SearchResult, Viewer,
};
use retrieval::{Acl, excerpt};
use serde::Serialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use store::chunks::{Neighbour, ShownChunk};
use store::jobs::Job;
use store::{ChunkId, DocumentId, TenantTx, chunks, documents};

/// Replaces what the jobs keep by what may be shown of it.
///
/// # Errors
/// [`Problem`] when the database cannot be read.
pub(crate) async fn fill_in(tx: &mut TenantTx, jobs: &mut [Job]) -> Result<(), Problem> {
    for job in jobs {
        let Some(kept) = job.result.take() else { continue };
        job.result = match job.kind.as_str() {
            SearchKnowledge::NAME => match read::<FoundChunks>(job, kept) {
                Some(found) => shown(&search_result(tx, found).await?)?,
                None => None,
            },
            AnswerQuestion::NAME => match read::<KeptAnswer>(job, kept) {
                Some(kept) => shown(&answer(tx, kept).await?)?,
                None => None,
            },
            _ => Some(kept),
        };
    }
    Ok(())
}

/// A result of another release is shown as none: it cannot be told who may see it. It expires within the hour.
fn read<T: serde::de::DeserializeOwned>(job: &Job, kept: Value) -> Option<T> {
    serde_json::from_value(kept)
        .inspect_err(|error| tracing::warn!(job.id = %job.id, %error, "a kept result cannot be read"))
        .ok()
}

fn shown(result: &impl Serialize) -> Result<Option<Value>, Problem> {
    serde_json::to_value(result)
        .map(Some)
        .map_err(|error| Problem::internal(&error))
}

async fn search_result(tx: &mut TenantTx, found: FoundChunks) -> Result<SearchResult, Problem> {
    let hits = found.results.iter();
    let ids: Vec<ChunkId> = hits
        .flat_map(|hit| std::iter::once(hit.chunk_id).chain(hit.duplicates.iter().copied()))
        .collect();
    let viewer = viewer(found.viewer);
    let mut chunks: HashMap<ChunkId, ShownChunk> = chunks::shown(tx, &ids, found.include_metadata)
        .await?
        .into_iter()
        .filter(|chunk| Acl::all_allow(&[&chunk.indexed_acl, &chunk.latest_acl], &viewer))
        .map(|chunk| (chunk.id, chunk))
        .collect();
    let shown: HashSet<ChunkId> = chunks.keys().copied().collect();
    // That there is something, and how well it answers, is said of no more than the words would be.
    let ranked: Vec<DocumentId> = found.candidates.iter().map(|ranked| ranked.document_id).collect();
    let visible = visible(tx, &viewer, &ranked).await?;
    let found_chunks: Vec<ChunkId> = found
        .results
        .iter()
        .map(|hit| hit.chunk_id)
        .filter(|id| shown.contains(id))
        .collect();
    let mut neighbours = neighbours(tx, &found_chunks, found.neighbours, &viewer).await?;
    let hits = found.results.into_iter().filter_map(|mut hit| {
        hit.duplicates.retain(|chunk| shown.contains(chunk));
        let (before, after) = neighbours.remove(&hit.chunk_id).unwrap_or_default();
        Some(SearchHit {
            before,
            after,
            ..search_hit(chunks.remove(&hit.chunk_id)?, hit)
        })
    });
    Ok(SearchResult {
        results: hits.collect(),
        reranker: found.reranker,
        rerank_error: found.rerank_error,
        stale: found.stale,
        phrases_partial: found.phrases_partial,
        took_ms: found.took_ms,
        candidates: found
            .candidates
            .into_iter()
            .filter(|ranked| visible.contains(&ranked.document_id))
            .collect(),
    })
}

fn search_hit(chunk: ShownChunk, found: FoundChunk) -> SearchHit {
    SearchHit {
        knowledge_base_id: found.knowledge_base_id,
        document_id: found.document_id,
        chunk_id: found.chunk_id,
        title: chunk.title,
        external_id: chunk.external_id,
        url: chunk.url,
        mime_type: chunk.mime_type,
        ordinal: chunk.ordinal,
        metadata: chunk.metadata,
        headings: chunk.headings,
        score: found.score,
        similarity: found.similarity,
        highlights: found
            .highlights
            .into_iter()
            .map(|(from, to)| excerpt(&chunk.text, from..to))
            .filter(|piece| !piece.is_empty())
            .collect(),
        text: chunk.text,
        image: chunk.image.map(FoundImage::from),
        duplicates: found.duplicates,
        before: Vec::new(),
        after: Vec::new(),
        explain: found.explain,
    }
}

/// What stands before and after each of the chunks, which the viewer may see.
async fn neighbours(
    tx: &mut TenantTx,
    of: &[ChunkId],
    count: u8,
    viewer: &retrieval::Viewer,
) -> Result<HashMap<ChunkId, Beside>, Problem> {
    match count {
        0 => Ok(HashMap::new()),
        count => Ok(beside(chunks::neighbours(tx, of, i32::from(count)).await?, viewer)),
    }
}

/// By the chunk they stand beside, those that the viewer may see: they are of its document, whose list may have become narrower since the chunk was looked at.
fn beside(neighbours: Vec<Neighbour>, viewer: &retrieval::Viewer) -> HashMap<ChunkId, Beside> {
    let mut beside: HashMap<ChunkId, Beside> = HashMap::new();
    for neighbour in neighbours {
        if !Acl::all_allow(&[&neighbour.indexed_acl, &neighbour.latest_acl], viewer) {
            continue;
        }
        let (before, after) = beside.entry(neighbour.of).or_default();
        let side = if neighbour.distance < 0 { before } else { after };
        side.push(NeighbourChunk {
            chunk_id: neighbour.id,
            headings: neighbour.headings,
            text: neighbour.text,
        });
    }
    beside
}

type Beside = (Vec<NeighbourChunk>, Vec<NeighbourChunk>);

async fn answer(tx: &mut TenantTx, kept: KeptAnswer) -> Result<Answer, Problem> {
    let KeptAnswer {
        viewer: kept_for,
        mut answer,
    } = kept;
    if answer.citations.is_empty() {
        return Ok(answer);
    }
    let ids: Vec<DocumentId> = answer.citations.iter().map(|citation| citation.document_id).collect();
    let viewer = viewer(kept_for);
    let visible = visible(tx, &viewer, &ids).await?;
    answer
        .citations
        .retain(|citation| visible.contains(&citation.document_id));
    let cited: HashSet<ChunkId> = answer.citations.iter().map(|citation| citation.chunk_id).collect();
    let before = answer.sentences.len();
    answer
        .sentences
        .retain(|sentence| sentence.citations.iter().all(|chunk| cited.contains(chunk)));
    if answer.sentences.len() < before {
        let left: Vec<&str> = answer.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        // Lists and tables were on lines of their own.
        answer.answer = left.join(if answer.answer.contains('\n') { "\n\n" } else { " " });
        answer.support = answer
            .sentences
            .iter()
            .map(|sentence| sentence.score)
            .fold(1.0, f32::min);
    }
    say_origins(tx, &mut answer.citations).await?;
    if answer.sentences.is_empty() {
        answer.citations.clear();
        answer.support = 0.0;
        answer.outcome = AnswerOutcome::Abstained;
        answer.reason = Some(
            "The sources of this answer have been deleted, or are no longer visible to whom it was given.".to_owned(),
        );
    }
    Ok(answer)
}

/// Where the documents of the citations come from, and where in them what is cited stands, as it is now.
async fn say_origins(tx: &mut TenantTx, citations: &mut [Citation]) -> Result<(), Problem> {
    let documents: Vec<DocumentId> = citations.iter().map(|citation| citation.document_id).collect();
    let cited: Vec<ChunkId> = citations.iter().map(|citation| citation.chunk_id).collect();
    let origins = documents::origins(tx, &documents).await?;
    let ordinals: HashMap<ChunkId, i32> = chunks::ordinals(tx, &cited).await?.into_iter().collect();
    for citation in citations {
        let origin = origins.iter().find(|origin| origin.id == citation.document_id);
        citation.external_id = origin.and_then(|origin| origin.external_id.clone());
        citation.url = origin.and_then(|origin| origin.url.clone());
        citation.mime_type = origin.map(|origin| origin.mime_type.clone());
        citation.ordinal = ordinals.get(&citation.chunk_id).copied();
    }
    Ok(())
}

/// Those of the documents that the viewer may see now.
async fn visible(
    tx: &mut TenantTx,
    viewer: &retrieval::Viewer,
    ids: &[DocumentId],
) -> Result<HashSet<DocumentId>, Problem> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let found = documents::acls(tx, ids).await?.into_iter();
    Ok(found
        .filter(|document| Acl::all_allow(&[&document.indexed_acl, &document.latest_acl], viewer))
        .map(|document| document.id)
        .collect())
}

fn viewer(viewer: Viewer) -> retrieval::Viewer {
    match viewer {
        Viewer::Tenant => retrieval::Viewer::Tenant,
        Viewer::Public => retrieval::Viewer::Public,
        Viewer::Principal { user, groups } => retrieval::Viewer::Principal { user, groups },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn what_stands_beside_a_chunk_is_shown_to_whom_both_its_lists_let_in() {
        let of = ChunkId(Uuid::from_u128(1));
        let neighbour = |distance: i32, indexed_acl: &Value, latest_acl: &Value| Neighbour {
            of,
            distance,
            id: ChunkId(Uuid::new_v4()),
            headings: Vec::new(),
            text: format!("at {distance}"),
            indexed_acl: indexed_acl.clone(),
            latest_acl: latest_acl.clone(),
        };
        let (public, staff) = (json!({"public": true}), json!({"groups": ["staff"]}));
        let all = vec![
            neighbour(-1, &public, &public),
            neighbour(1, &staff, &public),
            neighbour(2, &public, &staff),
        ];
        let texts = |viewer: &retrieval::Viewer| {
            let (before, after) = beside(all.clone(), viewer).remove(&of).unwrap();
            let both = before.into_iter().chain(after);
            both.map(|chunk| chunk.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(&retrieval::Viewer::Public), ["at -1"]);
        assert_eq!(texts(&retrieval::Viewer::Tenant), ["at -1", "at 1", "at 2"]);
    }
}
