use super::commit::{Ingested, commit};
use super::embed::{embed_unknown, measure};
use super::pages::PagesOf;
use super::read::{Source, read};
use super::waiting::still_waits;
use crate::handlers::images::check_image;
use crate::parser::{Parsed, ParserError, Unparsed};
use crate::{Done, Handle, JobContext, JobError};
use documents::{Chunk, ChunkOptions, ParsedDocument};
use jobs::kinds::{IngestDocument, IngestedDocument};
use serde_json::{Map, Value, json};
use store::StoreError;
use tokio::task::JoinError;

/// Tokens that neighbouring pieces of one long block share.
const OVERLAP_TOKENS: usize = 32;

impl Handle for IngestDocument {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        if job.was_put_off_for_a_budget() {
            still_waits(&job, &self).await?;
        }
        let Some(source) = job.step("fetch", read(&job, &self)).await? else {
            return Done::with(&superseded());
        };
        job.step_detail(json!({ "bytes": source.bytes.len(), "said": source.version.mime_type }));
        if source.is_unchanged() {
            return commit(&job, &self, Ingested::unchanged(source)).await;
        }
        let Some(parsed) = job.step("parse", parse(&job, &source)).await? else {
            return Done::with(&superseded());
        };
        let format = parsed.format;
        let cut = job.step("chunk", chunk(&job, &source, parsed)).await?;
        job.step_detail(json!({ "chunks": cut.chunks.len() }));
        let Some(embedded) = Box::pin(job.step("embed", embed_unknown(&job, &self, &source, &cut.chunks))).await?
        else {
            return Done::with(&superseded());
        };
        commit(&job, &self, Ingested::new(source, format, cut, embedded)).await
    }
}

/// A version that is no longer there: a newer one was ready first, or the document was deleted.
pub(super) fn superseded() -> IngestedDocument {
    IngestedDocument {
        unchanged: false,
        superseded: true,
        chunks: 0,
        embedded: 0,
        index_seq: None,
    }
}

/// In a process of its own. The step tells what the document was found to be, also where it could not be read. `None` when the document is gone.
async fn parse(job: &JobContext, source: &Source) -> Result<Option<Parsed>, JobError> {
    let unparsed = Unparsed {
        media_type: source.version.mime_type.clone(),
        file_name: source.version.file_name.clone(),
        bytes: source.bytes.clone(),
        language: source.base.language.clone(),
        pictures_as_text: !source.models().iter().all(|model| job.app.models.reads_images(model)),
    };
    match job.app.parser.parse(unparsed, &PagesOf::new(job, source)).await {
        Ok(parsed) => {
            job.step_detail(found(&parsed));
            Ok(Some(parsed))
        }
        Err(ParserError::NotKept(StoreError::NotFound { .. })) => Ok(None),
        Err(error) => {
            job.step_detail(json!({ "format": error.format() }));
            Err(error.into())
        }
    }
}

/// What was found, in a few counts.
fn found(parsed: &Parsed) -> Value {
    let mut found = Map::new();
    found.insert("format".to_owned(), json!(parsed.format));
    found.insert("blocks".to_owned(), json!(parsed.document.blocks.len()));
    // What has pages, slides or sheets says how many, and a text that is damaged, how often something in it could not be read.
    for name in ["pages", "slides", "sheets", "characters_replaced"] {
        let count = parsed.document.metadata.get(name).filter(|count| count.is_u64());
        found.extend(count.map(|count| (name.to_owned(), count.clone())));
    }
    // Which of a PDF's pages were pictures that were read, how surely (0 to 100), and which stay without text; of the pictures in other documents, how many.
    for name in [
        "pages_recognised",
        "pictures_recognised",
        "recognition_certainty",
        "pages_without_text",
        "pictures_not_read",
    ] {
        let told = parsed.document.metadata.get(name);
        found.extend(told.map(|told| (name.to_owned(), told.clone())));
    }
    if let Some(image) = parsed.document.image {
        found.insert("width".to_owned(), json!(image.width));
        found.insert("height".to_owned(), json!(image.height));
    }
    Value::Object(found)
}

/// A document in pieces.
pub(super) struct Cut {
    pub(super) title: String,
    /// What the document says of itself.
    pub(super) said: Value,
    /// Some of its pages are pictures that were read, or some pictures in it were.
    pub(super) is_recognised: bool,
    pub(super) chunks: Vec<Chunk>,
}

/// What a document says of itself is kept up to so many bytes as JSON, and not at all where it says more: as much as metadata may have.
const SAID_BYTES_MAX: usize = 16 << 10;

/// The document's title and its chunks, which every model of the base reads.
async fn chunk(job: &JobContext, source: &Source, parsed: Parsed) -> Result<Cut, JobError> {
    let (is_recognised, mut document) = (parsed.is_recognised, parsed.document);
    let said = Value::Object(std::mem::take(&mut document.metadata));
    let (title, chunks) = cut(source, document).await?;
    for model in source.models() {
        for chunk in &chunks {
            check_image(&job.app.models, model, &measure(source, chunk))?;
        }
    }
    let said = match said.to_string().len() {
        0..=SAID_BYTES_MAX => said,
        _ => json!({}),
    };
    Ok(Cut {
        title,
        said,
        is_recognised,
        chunks,
    })
}

/// Runs off the async threads: a large document takes seconds.
async fn cut(source: &Source, parsed: ParsedDocument) -> Result<(String, Vec<Chunk>), JobError> {
    let (given, fallback) = (source.version.title.clone(), source.fallback_title());
    let (model, bytes) = (source.model.clone(), source.bytes.clone());
    tokio::task::spawn_blocking(move || {
        let title = given.or_else(|| parsed.title.clone()).unwrap_or(fallback);
        let options = ChunkOptions {
            max_tokens: model.chunk_tokens_max(),
            overlap_tokens: OVERLAP_TOKENS,
        };
        let chunks = match parsed.image {
            Some(image) => vec![documents::chunk_image(image, &bytes, &title, &model)],
            None => documents::chunk(&parsed, &title, &options, &model),
        };
        (title, chunks)
    })
    .await
    .map_err(panicked)
}

fn panicked(error: JoinError) -> JobError {
    tracing::error!(%error, "chunking panicked");
    JobError::permanent(
        "unreadable",
        "The document could not be cut into chunks; this is a defect.",
    )
}
