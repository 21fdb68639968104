use super::show;
use crate::extract::{Fields, FromFields};
use crate::routes::gates::{Pass, pass};
use crate::views::EmbeddingMigrationObject;
use crate::{Problem, ProblemCode};
use config::Settings;
use store::embedding_migrations::MigrationState;
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

/// Has the index searched that is not, when the migration is in the state `from` and every replica that answers searches has it as well.
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
    let shown = show::read(tx, settings, &head.base).await?;
    if shown.state != from.as_str() {
        let detail = format!("The embedding migration is {}, not {}.", shown.state, from.as_str());
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    if let (Some(replicas), Some(ready)) = (shown.replicas, shown.replicas_ready)
        && ready < replicas
    {
        let detail = format!(
            "The other index has been built by {ready} of the {replicas} processes that have this one; they build it by themselves, within a minute as a rule."
        );
        return Err(Problem::new(ProblemCode::Conflict, detail));
    }
    if let (Some(at_gate), Some(after)) = (at_gate, head.by_other()) {
        pass(tx, settings, &head.base, &after, at_gate).await?;
    }
    let swapped = embedding_migrations::swap(tx, &head).await?;
    show::read(tx, settings, &swapped).await
}
