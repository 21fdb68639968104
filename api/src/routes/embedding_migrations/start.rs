use crate::extract::{Authorized, Fields, FromFields, JsonBody, KnowledgeWrite, PathId, WorkOptions};
use crate::routes::knowledge_bases::usable_model;
use crate::views::EmbeddingMigrationJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use config::Settings;
use jobs::kinds::MigrateEmbeddings;
use jobs::{EnqueueOptions, Enqueued, FieldError};
use serde_json::Value;
use store::{JobId, KnowledgeBaseId, TenantTx, embedding_migrations, knowledge_bases};
use utoipa::ToSchema;

/// Which model a knowledge base is to have.
#[derive(ToSchema)]
pub(crate) struct StartEmbeddingMigration {
    /// An available one of `GET /v1/models`.
    #[schema(min_length = 1, max_length = 200)]
    embedding_model: String,
}

impl FromFields for StartEmbeddingMigration {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            embedding_model: fields.text("embedding_model", 1..=200)?,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        let named = fields.peek("embedding_model").and_then(Value::as_str);
        if let Some(Err(error)) = named.map(|name| usable_model(&settings.models, name)) {
            fields.error(&error.field, &error.code, error.message);
        }
    }
}

struct Start {
    base: KnowledgeBaseId,
    model: String,
}

impl Begin for Start {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let base = knowledge_bases::lock(tx, self.base).await?;
        if base.embedding_model == self.model {
            let message = "is the model that the knowledge base has";
            return Err(Problem::invalid(vec![FieldError::new(
                "embedding_model",
                "unchanged",
                message,
            )]));
        }
        let id = options.id.unwrap_or_else(JobId::generate);
        let migration = embedding_migrations::start(tx, &base, &self.model, id).await?;
        let job = MigrateEmbeddings {
            knowledge_base_id: base.id,
            generation: migration.generation,
            embedding_model: self.model,
        };
        let options = EnqueueOptions {
            id: Some(id),
            ..options
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Migrate a knowledge base to another embedding model
///
/// The job that embeds everything the base has with the other model, beside the vectors that are searched; from now on what is ingested is embedded
/// with both. Searches go on as they are. It goes on where it was when its worker is lost. When the migration is `ready`, compare both with an evaluation whose
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
        (status = 422, description = "Fields are missing, wrong or unknown, or the model is the one that the base has."),
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
    let model = body.value.embedding_model;
    start_work(&state, request, Start { base, model }).await
}
