use super::passages::{self, AskedBases, AskedIndex};
use super::{embedding, rerank, shown};
use crate::{Done, Handle, JobContext, JobError};
use answers::{Composition, Passage, SelectedSentence, SentenceVectors};
use jobs::AskedSettings;
use jobs::kinds::{
    Answer, AnswerOutcome, AnswerQuestion, AnswerTimings, AnsweredSentence, Citation, KeptAnswer, RerankError, Verdict,
};
use retrieval::{Mode, Query};
use std::time::{Duration, Instant};
use store::{ChunkId, DocumentId};

/// Chunks an answer is composed from.
const PASSAGES: usize = 12;

/// Names the built-in answerer, which quotes sentences and needs no provider.
const MODEL: &str = "extractive";

impl Handle for AnswerQuestion {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let started = Instant::now();
        job.progress(0, Some(3), "searching");
        let Retrieved {
            passages,
            reranker,
            rerank_error,
            stale,
        } = retrieve(&self, &job).await?;
        let searched = started.elapsed();
        job.progress(1, Some(3), "composing");
        let (composition, vectors) = compose(&self.question, &passages, &job).await?;
        let composed = started.elapsed();
        job.progress(2, Some(3), "checking");
        let answer = match composition {
            Composition::Answered(sentences) => answered(&self.question, sentences, &passages, &vectors),
            Composition::Abstained { reason } => abstained(reason.sentence),
        };
        let answer = Answer {
            reranker,
            rerank_error,
            stale,
            trace_id: job.trace_id(),
            took_ms: millis(started.elapsed()),
            timings: AnswerTimings {
                search_ms: millis(searched),
                compose_ms: millis(composed.saturating_sub(searched)),
                check_ms: millis(started.elapsed().saturating_sub(composed)),
            },
            ..answer
        };
        shown::finish(
            &job,
            KeptAnswer {
                viewer: self.viewer,
                answer,
            },
        )
        .await
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What the answer is made from, the best first.
struct Retrieved {
    passages: Vec<Passage>,
    reranker: String,
    rerank_error: Option<RerankError>,
    stale: bool,
}

async fn retrieve(asked: &AnswerQuestion, job: &JobContext) -> Result<Retrieved, JobError> {
    let (settings, usual) = (&job.app.settings.retrieval, AskedSettings::default());
    let bases = AskedBases::read(job, &asked.knowledge_bases, AskedIndex::default()).await?;
    // Pictures take places among what is found, and are not quoted.
    let wanted = if bases.may_have_images(&job.app.settings.models) {
        PASSAGES * 2
    } else {
        PASSAGES
    };
    let limit = match asked.reranker {
        Some(_) => usual.rerank_candidates(settings, bases.settings()).max(wanted),
        None => wanted,
    };
    let query = Query {
        mode: Mode::Hybrid,
        limit,
        filter: passages::filter(asked.filter.as_ref(), &asked.collections)?,
        explain: true,
        ..Query::new(asked.question.clone(), None, passages::viewer(&asked.viewer))
    };
    let mut found = passages::find(job, &bases, &query, &usual).await?;
    let mut hits = found.merged();
    hits.truncate(limit);
    // A replica may be behind: nothing is reranked, or composed, of what was deleted or withdrawn since.
    let hits = shown::quotable(job, &asked.viewer, hits).await?;
    let ordered = rerank::order(job, asked.reranker.as_deref(), &asked.question, hits).await?;
    let passages = ordered.hits.into_iter().take(PASSAGES).map(|ordered| Passage {
        score: ordered.score(),
        chunk_id: ordered.hit.chunk_id,
        document_id: ordered.hit.document_id,
        title: ordered.hit.title,
        headings: ordered.hit.headings,
        text: ordered.hit.text,
        cosine: ordered.hit.explain.and_then(|explain| explain.cosine).unwrap_or(0.0),
    });
    Ok(Retrieved {
        passages: passages.collect(),
        reranker: ordered.reranker,
        rerank_error: ordered.error,
        stale: found.stale,
    })
}

/// Embeds what the composer wants to compare, then composes; the vectors serve the check as well.
async fn compose(
    question: &str,
    passages: &[Passage],
    job: &JobContext,
) -> Result<(Composition, impl SentenceVectors + use<>), JobError> {
    let (asked, given) = (question.to_owned(), passages.to_vec());
    let texts = tokio::task::spawn_blocking(move || answers::sentences_to_embed(&asked, &given))
        .await
        .map_err(panicked)?;
    let vectors = embedding::sentence_vectors(&job.app, texts).await?;
    let (asked, given) = (question.to_owned(), passages.to_vec());
    tokio::task::spawn_blocking(move || (answers::compose(&asked, &given, &vectors), vectors))
        .await
        .map_err(panicked)
}

/// Checks each sentence against the chunk it cites; what is not supported does not leave, nor do the other steps of a list then.
fn answered(
    question: &str,
    sentences: Vec<SelectedSentence>,
    passages: &[Passage],
    vectors: &dyn SentenceVectors,
) -> Answer {
    let mut checked = Vec::new();
    let mut kept = Vec::new();
    let mut citations: Vec<Citation> = Vec::new();
    for sentence in sentences {
        let Some(passage) = passages.iter().find(|passage| passage.chunk_id == sentence.chunk_id) else {
            continue;
        };
        let report = answers::check(&sentence.text, &[&passage.text], Some(question), vectors);
        let supported = !report.truncated
            && report
                .claims
                .iter()
                .all(|claim| claim.verdict == answers::Verdict::Supported);
        if !supported {
            tracing::info!(chunk.id = %sentence.chunk_id, score = report.score, "a sentence was withheld: its source does not support it");
            if sentence.step {
                return abstained("A step of what was found could not be verified against its source.".to_owned());
            }
            continue;
        }
        cite(&mut citations, passage, &sentence.text);
        checked.push(AnsweredSentence {
            text: sentence.text.clone(),
            verdict: Verdict::Supported,
            score: report.score,
            citations: vec![ChunkId(passage.chunk_id)],
        });
        kept.push(sentence);
    }
    if checked.is_empty() {
        return abstained("What was found could not be verified against its sources.".to_owned());
    }
    Answer {
        answer: answers::in_markdown(&kept),
        support: checked.iter().map(|sentence| sentence.score).fold(1.0, f32::min),
        sentences: checked,
        citations,
        outcome: AnswerOutcome::Answered,
        reason: None,
        ..abstained(String::new())
    }
}

/// One citation a chunk, with all that is quoted of it.
fn cite(citations: &mut Vec<Citation>, passage: &Passage, quote: &str) {
    if let Some(citation) = citations
        .iter_mut()
        .find(|citation| citation.chunk_id.0 == passage.chunk_id)
    {
        citation.quote.push_str(" … ");
        citation.quote.push_str(quote);
        return;
    }
    citations.push(Citation {
        chunk_id: ChunkId(passage.chunk_id),
        document_id: DocumentId(passage.document_id),
        title: passage.title.clone(),
        external_id: None,
        url: None,
        mime_type: None,
        ordinal: None,
        quote: quote.to_owned(),
    });
}

fn abstained(reason: String) -> Answer {
    Answer {
        answer: String::new(),
        sentences: Vec::new(),
        citations: Vec::new(),
        support: 0.0,
        outcome: AnswerOutcome::Abstained,
        reason: Some(reason),
        model: MODEL.to_owned(),
        reranker: "none".to_owned(),
        rerank_error: None,
        stale: false,
        trace_id: String::new(),
        took_ms: 0,
        timings: AnswerTimings::default(),
    }
}

fn panicked(error: tokio::task::JoinError) -> JobError {
    tracing::error!(%error, "composing panicked");
    JobError::retry(
        "panicked",
        "The answer failed in a way it should not have; this is a defect.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use answers::NoVectors;

    #[test]
    fn a_procedure_without_one_of_its_steps_does_not_leave() {
        let passage = Passage {
            chunk_id: uuid::Uuid::from_u128(1),
            document_id: uuid::Uuid::from_u128(1),
            title: "Moving".to_owned(),
            headings: Vec::new(),
            text: "1. Open the menu.\n2. Click Export.".to_owned(),
            score: 1.0,
            cosine: 0.0,
        };
        let quoted = |text: &str, step| SelectedSentence {
            text: text.to_owned(),
            chunk_id: passage.chunk_id,
            score: 1.0,
            step,
            kind: answers::SentenceKind::Item,
            block: 0,
            header: false,
        };
        let said = |step| {
            let sentences = vec![
                quoted("Open the menu.", step),
                quoted("Nobody pays the invoices of 1984.", step),
            ];
            answered(
                "How do I export?",
                sentences,
                std::slice::from_ref(&passage),
                &NoVectors,
            )
        };
        assert_eq!(said(false).answer, "Open the menu.");
        let whole = said(true);
        assert_eq!((whole.outcome, whole.answer.as_str()), (AnswerOutcome::Abstained, ""));
        assert!(whole.citations.is_empty() && whole.reason.is_some());
    }
}
