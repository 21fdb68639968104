use crate::Problem;
use jobs::FieldError;
use jobs::kinds::BaseAt;
use store::search_settings::SearchSettings;
use store::{KnowledgeBaseId, TenantTx};
use uuid::Uuid;

/// What is asked of.
pub(super) struct AskedBases {
    pub(super) at: Vec<BaseAt>,
    /// How each is searched.
    pub(super) settings: Vec<SearchSettings>,
}

/// The bases as they stand in this transaction, in the order asked.
///
/// # Errors
/// Not found, naming every one that is not there.
pub(super) async fn asked_bases(tx: &mut TenantTx, ids: &[Uuid]) -> Result<AskedBases, Problem> {
    let wanted: Vec<KnowledgeBaseId> = ids.iter().map(|id| KnowledgeBaseId(*id)).collect();
    let heads = store::knowledge_bases::heads(tx, &wanted).await?;
    let head_of = |id: &KnowledgeBaseId| heads.iter().find(|head| head.base.id == *id);
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
        .filter(|(_, id)| head_of(id).is_none())
        .map(missing)
        .collect();
    if !errors.is_empty() {
        return Err(Problem::not_found_in(errors));
    }
    let found = wanted.iter().filter_map(head_of);
    let (at, settings) = found
        .map(|head| {
            let at = BaseAt {
                id: head.base.id,
                seq: head.seq,
            };
            (at, head.base.search.clone())
        })
        .unzip();
    Ok(AskedBases { at, settings })
}
