use crate::Problem;
use jobs::FieldError;
use jobs::kinds::BaseAt;
use store::{KnowledgeBaseId, TenantTx};
use uuid::Uuid;

/// The bases as they stand in this transaction, in the order asked.
///
/// # Errors
/// Not found, naming every one that is not there.
pub(super) async fn bases_at(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<BaseAt>, Problem> {
    let wanted: Vec<KnowledgeBaseId> = ids.iter().map(|id| KnowledgeBaseId(*id)).collect();
    let heads = store::knowledge_bases::heads(tx, &wanted).await?;
    let seq_of = |id: &KnowledgeBaseId| heads.iter().find(|head| head.base.id == *id).map(|head| head.seq);
    let missing = |(at, _): (usize, &KnowledgeBaseId)| {
        FieldError::new(
            format!("knowledge_base_ids.{at}"),
            "not_found",
            "names no knowledge base",
        )
    };
    let errors: Vec<FieldError> = wanted
        .iter()
        .enumerate()
        .filter(|(_, id)| seq_of(id).is_none())
        .map(missing)
        .collect();
    if !errors.is_empty() {
        return Err(Problem::not_found_in(errors));
    }
    Ok(wanted
        .into_iter()
        .filter_map(|id| Some(BaseAt { id, seq: seq_of(&id)? }))
        .collect())
}
