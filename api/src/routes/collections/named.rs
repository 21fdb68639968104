use crate::Problem;
use crate::extract::Fields;
use jobs::FieldError;
use jobs::kinds::BaseAt;
use store::{CollectionId, KnowledgeBaseId, StoreError, TenantTx, collections};
use uuid::Uuid;

/// `collection_id` of a change: `None` where it is absent, `Some(None)` where it is null.
pub(crate) fn changed_collection(fields: &mut Fields) -> Option<Option<CollectionId>> {
    if fields.is_null("collection_id") {
        fields.value("collection_id");
        return Some(None);
    }
    fields.optional_id("collection_id").map(|id| Some(CollectionId(id)))
}

/// Holds the collection that a body names, if it names one, until the transaction ends.
///
/// # Errors
/// Not found, naming the field, where it is no collection of this base.
pub(crate) async fn hold_named(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    named: Option<CollectionId>,
) -> Result<(), Problem> {
    let Some(collection) = named else {
        return Ok(());
    };
    match collections::hold(tx, base, collection).await {
        Err(StoreError::NotFound { .. }) => Err(Problem::not_found_in(vec![FieldError::new(
            "collection_id",
            "not_found",
            "names no collection of this knowledge base",
        )])),
        held => Ok(held?),
    }
}

/// The collections that a search or a question names; none: it asks all documents.
///
/// # Errors
/// Not found, naming every one that is not there in the bases that are asked.
pub(crate) async fn asked_collections(
    tx: &mut TenantTx,
    bases: &[BaseAt],
    named: Option<Vec<Uuid>>,
) -> Result<Vec<CollectionId>, Problem> {
    let asked: Vec<CollectionId> = named.unwrap_or_default().into_iter().map(CollectionId).collect();
    let of: Vec<KnowledgeBaseId> = bases.iter().map(|at| at.id).collect();
    let missing = collections::missing(tx, &of, &asked).await?;
    let places = asked.iter().enumerate().filter(|(_, id)| missing.contains(id));
    let errors: Vec<FieldError> = places
        .map(|(place, _)| {
            FieldError::new(
                format!("collection_ids.{place}"),
                "not_found",
                "names no collection of the asked knowledge bases",
            )
        })
        .collect();
    if errors.is_empty() {
        Ok(asked)
    } else {
        Err(Problem::not_found_in(errors))
    }
}
