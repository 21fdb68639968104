use crate::extract::{Authorized, Fields, FromFields, JsonBody, KnowledgeWrite, PathId, WorkOptions};
use crate::routes::knowledge_bases::{check_model, check_vector_store, read_vector_store};
use crate::views::EmbeddingMigrationJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use config::Settings;
use jobs::kinds::MigrateEmbeddings;
use jobs::{EnqueueOptions, Enqueued, FieldError};
use std::sync::Arc;
use store::{JobId, KnowledgeBaseId, TenantTx, VectorStore, chunks, embedding_migrations, knowledge_bases};
use utoipa::ToSchema;

/// What index a knowledge base is to have: another model, another place of its vectors, or both. What is not given stays.
#[derive(ToSchema)]
pub(crate) struct StartEmbeddingMigration {
    /// An available one of `GET /v1/models`.
    #[schema(min_length = 1, max_length = 200)]
    embedding_model: Option<String>,
    /// `embedded` or `qdrant`, as of a knowledge base.
    #[schema(value_type = Option<String>, example = "qdrant")]
    vector_store: Option<VectorStore>,
}

impl FromFields for StartEmbeddingMigration {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        // A migration to nothing is one whose model was forgotten.
        if fields.is_absent("vector_store") {
            return Some(Self {
                embedding_model: Some(fields.text("embedding_model", 1..=200)?),
                vector_store: None,
            });
        }
        Some(Self {
            embedding_model: fields.optional_text("embedding_model", 1..=200),
            vector_store: read_vector_store(fields),
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        check_model(fields, settings);
        check_vector_store(fields, settings);
    }
}

struct Start {
    base: KnowledgeBaseId,
    to: StartEmbeddingMigration,
    settings: Arc<Settings>,
}

impl Begin for Start {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let base = knowledge_bases::lock(tx, self.base).await?;
        let store = self.to.vector_store.unwrap_or(base.vector_store);
        let model = self.to.embedding_model.unwrap_or_else(|| base.embedding_model.clone());
        if base.embedding_model == model && base.vector_store == store {
            let (field, what) = match self.to.vector_store {
                None => ("embedding_model", "is the model that the knowledge base has"),
                Some(_) => ("vector_store", "is where the knowledge base has its vectors"),
            };
            return Err(Problem::invalid(vec![FieldError::new(field, "unchanged", what)]));
        }
        let id = options.id.unwrap_or_else(JobId::generate);
        let migration = embedding_migrations::start(tx, &base, (&model, store), id).await?;
        // After it has begun: whoever was ingesting a picture has committed, or will find the other model.
        if base.embedding_model != model {
            check_images(tx, base.id, &self.settings, &model).await?;
        }
        let job = MigrateEmbeddings {
            knowledge_base_id: base.id,
            generation: migration.generation,
            embedding_model: model,
        };
        let options = EnqueueOptions {
            id: Some(id),
            ..options
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// A model that reads no pictures would leave those of the base without a vector.
async fn check_images(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    settings: &Settings,
    model: &str,
) -> Result<(), Problem> {
    let models = &settings.models;
    if models.catalogue.get(model).is_some_and(|model| model.reads_images) {
        return Ok(());
    }
    let images = chunks::count_images(tx, base).await?;
    if images == 0 {
        return Ok(());
    }
    let readers: Vec<&str> = models.available_image_readers().collect();
    let message = format!(
        "reads no pictures, and {images} documents of the knowledge base are pictures: delete them first, or migrate to a model that reads them ({})",
        readers.join(", ")
    );
    Err(Problem::invalid(vec![FieldError::new(
        "embedding_model",
        "images_not_read",
        message,
    )]))
}

/// Migrate a knowledge base to another embedding model
///
/// The job that embeds everything the base has with the other model, beside the vectors that are searched; from now on what is ingested is embedded
/// with both. With a `vector_store` and no other model, nothing is embedded: the same vectors are brought to their new place. Searches go on as they are. It goes on where it was when its worker is lost. When the migration is `ready`, compare both with an evaluation whose
/// configurations name an `embedding_model`, and switch.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/embedding-migration",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again."),
    ),
    request_body = StartEmbeddingMigration,
    responses(
        (status = 200, description = "The job has ended.", body = EmbeddingMigrationJob),
        (status = 202, description = "The job.", body = EmbeddingMigrationJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such knowledge base."),
        (status = 409, description = "It is being migrated already, or the idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown, or what is asked for is what the base has; or the base has pictures and the model reads none (`images_not_read`)."),
    )
)]
pub(crate) async fn start_embedding_migration(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    options: WorkOptions,
    body: JsonBody<StartEmbeddingMigration>,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: body.hash,
    };
    let to = body.value;
    let settings = state.settings.clone();
    start_work(&state, request, Start { base, to, settings }).await
}
