use super::search_fields::SearchChange;
use crate::Problem;
use crate::extract::IfMatch;
use crate::routes::gates::{Pass, pass};
use crate::routes::reranker_choice::of_base;
use crate::views::{KnowledgeBaseObject, etag};
use config::Settings;
use jobs::FieldError;
use store::knowledge_bases::KnowledgeBase;
use store::{KnowledgeBaseId, TenantTx, knowledge_bases};

/// What is to be different of a knowledge base.
#[derive(Clone, Debug)]
pub(super) struct BaseChange {
    pub(super) name: Option<String>,
    pub(super) search: SearchChange,
}

/// Changes a base, if it is what the client believes it to be. The one way in which search settings change: whatever has to agree to a change
/// looks at `before` and `after` here.
///
/// # Errors
/// Not found, changed meanwhile, settings that do not go together, a gate that does not let it pass, a name that is taken.
pub(super) async fn apply(
    tx: &mut TenantTx,
    settings: &Settings,
    id: KnowledgeBaseId,
    if_match: &IfMatch,
    change: BaseChange,
    at_gate: &Pass,
) -> Result<KnowledgeBase, Problem> {
    let before = knowledge_bases::lock(tx, id).await?;
    if_match.check(&etag(&KnowledgeBaseObject::from(before.clone()))?)?;
    let after = KnowledgeBase {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        search: change.search.applied_to(before.search.clone()),
        ..before.clone()
    };
    let reranking = |base: &KnowledgeBase| (base.search.rerank, base.search.reranker.clone());
    let is_other = reranking(&after) != reranking(&before);
    if is_other && after.search.rerank == Some(true) && of_base(settings, &after.search).is_none() {
        let message = "needs a reranker: neither the knowledge base nor this installation has one";
        return Err(Problem::invalid(vec![FieldError::new(
            "search.rerank",
            "no_reranker",
            message,
        )]));
    }
    pass(tx, settings, &before, &after, at_gate).await?;
    Ok(knowledge_bases::update(tx, &after).await?)
}
