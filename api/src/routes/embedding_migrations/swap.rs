use super::show;
use crate::extract::{Fields, FromFields};
use crate::routes::gates::{Pass, pass};
use crate::routes::knowledge_bases::unusable_store;
use crate::views::EmbeddingMigrationObject;
use crate::{Problem, ProblemCode};
use config::{EmbeddingModelSettings, Settings};
use store::embedding_migrations::MigrationState;
use store::knowledge_bases::KnowledgeBase;
use store::{KnowledgeBaseId, TenantTx, embedding_migrations, knowledge_bases};
use utoipa::ToSchema;

/// What a switch may say.
#[derive(Debug, ToSchema)]
pub(crate) struct SwitchIndex {
    /// Why the other model is to be searched although the base's gate does not let it; kept with the gate.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) override_gate: Option<String>,
}

impl FromFields for SwitchIndex {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            override_gate: fields.optional_text("override_gate", 1..=500),
        })
    }
}

/// Has the index searched that is not, when the migration is in the state `from`, every chunk has its vector there and every replica that answers searches has
/// the index as well.
///
/// # Errors
/// Not found; a conflict that says what is missing; a gate that does not let it pass.
pub(super) async fn swap(
    tx: &mut TenantTx,
    settings: &Settings,
    id: KnowledgeBaseId,
    from: MigrationState,
    at_gate: Option<&Pass>,
) -> Result<EmbeddingMigrationObject, Problem> {
    let head = knowledge_bases::lock_head(tx, id).await?;
    let shown = show::read(tx, &head.base).await?;
    if shown.state != from.as_str() {
        let detail = format!("The embedding migration is {}, not {}.", shown.state, from.as_str());
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    // What is gone back to was searched before, and may be the way out.
    if let (MigrationState::Ready, Some(chunks), Some(embedded)) = (from, shown.chunks, shown.chunks_embedded)
        && embedded != chunks
    {
        let detail = format!(
            "{embedded} of the {chunks} chunks have a vector of the new model: end the migration, and begin it again."
        );
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    if let (Some(replicas), Some(ready)) = (shown.replicas, shown.replicas_ready)
        && ready < replicas
    {
        let detail = format!(
            "The other index is whole in {ready} of the {replicas} places that need it; they build it by themselves, within a minute as a rule."
        );
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    let after = head.by_other().ok_or_else(|| Problem::not_found("other index"))?;
    searchable(settings, &after)?;
    if let Some(at_gate) = at_gate {
        pass(tx, settings, &head.base, &after, at_gate).await?;
    }
    let swapped = embedding_migrations::swap(tx, &head).await?;
    show::read(tx, &swapped).await
}

/// Whether questions can be put to the index here; a model that no new base can be made with can be gone back to all the same.
fn searchable(settings: &Settings, after: &KnowledgeBase) -> Result<(), Problem> {
    if let Some(why) = unusable_store(settings, after.vector_store) {
        let detail = format!("The knowledge base cannot have its vectors in Qdrant: {why}.");
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    let (models, name) = (&settings.models, &after.embedding_model);
    let why = match models.catalogue.get(name) {
        None => Some("it is not in models.catalogue".to_owned()),
        Some(model) => models.unavailable(&EmbeddingModelSettings {
            offered: true,
            ..model.clone()
        }),
    };
    why.map_or(Ok(()), |why| {
        let detail = format!("The knowledge base cannot be searched by {name}: {why}.");
        Err(Problem::new(ProblemCode::Conflict, detail))
    })
}
