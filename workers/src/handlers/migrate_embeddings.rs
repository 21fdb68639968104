use super::images::check_image;
use crate::embedding_models::Model;
use crate::{Done, Handle, JobContext, JobError};
use documents::Format;
use integrations::embedding::{EmbeddingImage, EmbeddingInput, EmbeddingPurpose, ImageMeasure, InputMeasure};
use jobs::kinds::{MigrateEmbeddings, MigratedEmbeddings};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use store::embedding_migrations::{self, EmbeddingMigration, MigrationState, Missing, Page};
use store::{ChunkImage, DocumentId, StoreError, knowledge_bases};

/// Documents that are looked at together.
const PAGE: i64 = 50;

#[derive(Default)]
struct Embedded {
    texts: usize,
    cut_short: usize,
}

impl Handle for MigrateEmbeddings {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let model = job.app.models.find(&self.embedding_model)?;
        model.check()?;
        let mut embedded = Embedded::default();
        loop {
            let Some((migration, to_embed)) = current(&job, &self).await? else {
                return Done::with(&result(&embedded, true));
            };
            let embedding = embed_all(&job, &migration, &model, to_embed, &mut embedded);
            Box::pin(job.step("embed", embedding)).await?;
            if let Some(done) = job.step("verify", verify(&job, &migration, &model, &embedded)).await? {
                return Ok(done);
            }
        }
    }
}

fn result(embedded: &Embedded, superseded: bool) -> MigratedEmbeddings {
    MigratedEmbeddings {
        embedded: embedded.texts,
        cut_short: embedded.cut_short,
        superseded,
    }
}

/// The migration, and how many chunks have no vector yet; `None` when it has ended, or its base is gone.
async fn current(job: &JobContext, asked: &MigrateEmbeddings) -> Result<Option<(EmbeddingMigration, usize)>, JobError> {
    let id = asked.knowledge_base_id;
    let read = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let base = knowledge_bases::find(tx, id).await?;
            let migration = embedding_migrations::find(tx, id).await?;
            if migration.generation != asked.generation || migration.state()? != MigrationState::Embedding {
                return Ok(None);
            }
            let of = (asked.generation, migration.to_vector_store);
            let counts = embedding_migrations::counts(tx, &base, &asked.embedding_model, of).await?;
            let left = usize::try_from(counts.chunks - counts.chunks_embedded).unwrap_or(0);
            Ok::<_, StoreError>(Some((migration, left)))
        })
        .await;
    match read {
        Err(StoreError::NotFound { .. }) => Ok(None),
        read => Ok(read?),
    }
}

/// Embeds every text and picture that has no vector of the model, and keeps each batch at once: an attempt that follows embeds the rest. Leaves off when the
/// migration is ended.
async fn embed_all(
    job: &JobContext,
    migration: &EmbeddingMigration,
    model: &Model,
    to_embed: usize,
    embedded: &mut Embedded,
) -> Result<(), JobError> {
    let (mut after, mut done): (Option<DocumentId>, usize) = (None, 0);
    loop {
        let Page { last, missing } = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let of = (&*model.name, model.dimensions);
                embedding_migrations::missing(tx, migration.knowledge_base_id, of, after, PAGE).await
            })
            .await?;
        let mut rest = missing.as_slice();
        while !rest.is_empty() {
            let inputs = rest.iter().map(measure);
            let (batch, left) = rest.split_at(model.batch_len(inputs).min(rest.len()));
            rest = left;
            let Some(cut_short) = embed(job, migration, model, batch).await? else {
                return Ok(());
            };
            embedded.texts += batch.len();
            embedded.cut_short += cut_short;
            done += batch.len();
            job.step_detail(json!({ "to_embed": to_embed, "embedded": done, "cut_short": embedded.cut_short }));
            job.progress(done, Some(to_embed.max(done)), "chunks embedded");
        }
        if last.is_none() {
            return Ok(());
        }
        after = last;
    }
}

/// Returns how many of the texts the model does not read to their ends; `None` when the migration has ended.
async fn embed(
    job: &JobContext,
    migration: &EmbeddingMigration,
    model: &Model,
    batch: &[Missing],
) -> Result<Option<usize>, JobError> {
    let (hashes, inputs) = inputs(job, model, batch).await?;
    if inputs.is_empty() {
        return Ok(Some(0));
    }
    let texts = inputs.iter().map(|input| input.text.clone()).collect();
    let cut_short = cut_short(model, texts).await?;
    let vectors = model
        .embed_documents(job, inputs, EmbeddingPurpose::CutForAnother)
        .await?;
    let vectors: HashMap<Vec<u8>, Vec<f32>> = hashes.into_iter().zip(vectors).collect();
    let noted = i64::try_from(cut_short).unwrap_or(i64::MAX);
    let kept = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            embedding_migrations::insert(tx, job.held(), migration, noted, &vectors).await
        })
        .await;
    match kept {
        Ok(()) => {
            job.got_on();
            Ok(Some(cut_short))
        }
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What is embedded, without its bytes.
fn measure(missing: &Missing) -> InputMeasure<'_> {
    InputMeasure {
        text: &missing.embed_text,
        image: missing.image.as_ref().map(|image| ImageMeasure {
            pixels: image.pixels(),
            bytes: image.bytes,
        }),
    }
}

/// What is to be embedded, by its hash. A picture whose document was replaced or deleted since is left out.
async fn inputs(
    job: &JobContext,
    model: &Model,
    batch: &[Missing],
) -> Result<(Vec<Vec<u8>>, Vec<EmbeddingInput>), JobError> {
    let (mut hashes, mut inputs) = (Vec::new(), Vec::new());
    for missing in batch {
        check_image(&job.app.models, model, &measure(missing))?;
        let image = match &missing.image {
            None => None,
            Some(of) => match picture(job, missing, of).await? {
                Some(image) => Some(image),
                None => continue,
            },
        };
        hashes.push(missing.embed_hash.clone());
        inputs.push(EmbeddingInput {
            text: missing.embed_text.clone(),
            image,
        });
    }
    Ok((hashes, inputs))
}

/// The very picture that the hash is of.
async fn picture(job: &JobContext, missing: &Missing, of: &ChunkImage) -> Result<Option<EmbeddingImage>, JobError> {
    let read = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            embedding_migrations::missing_image(tx, missing).await
        })
        .await?;
    let Some(bytes) = read else { return Ok(None) };
    let format = Format::of_media_type(&of.media_type).filter(|format| format.is_image());
    match format {
        Some(format) if documents::image_hash(&missing.embed_text, &bytes) == *missing.embed_hash => {
            Ok(Some(EmbeddingImage {
                media_type: format.media_type(),
                pixels: of.pixels(),
                bytes: Arc::new(bytes),
            }))
        }
        _ => Err(StoreError::Corrupt(format!("the picture of document {}", missing.document_id)).into()),
    }
}

async fn cut_short(model: &Model, texts: Vec<String>) -> Result<usize, JobError> {
    let model = model.clone();
    tokio::task::spawn_blocking(move || texts.iter().filter(|text| model.cuts(text)).count())
        .await
        .map_err(|error| JobError::retry("panicked", format!("The texts could not be counted: {error}")))
}

/// Ends the job when the new index is whole; `None` when something came meanwhile that is still to be embedded.
async fn verify(
    job: &JobContext,
    migration: &EmbeddingMigration,
    model: &Model,
    embedded: &Embedded,
) -> Result<Option<Done>, JobError> {
    let id = migration.knowledge_base_id;
    let ended = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let of = (&*model.name, model.dimensions);
            let index = (migration.generation, migration.to_vector_store);
            match embedding_migrations::ready(tx, id, index, of).await {
                Ok(false) | Err(StoreError::NotFound { .. }) => Ok(None),
                Ok(true) => Ok(Some(job.finish(tx, &result(embedded, false)).await?)),
                Err(error) => Err(JobError::from(error)),
            }
        })
        .await?;
    Ok(ended.map(Done::Committed))
}
