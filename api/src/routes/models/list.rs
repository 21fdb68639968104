use crate::extract::{Authorized, KnowledgeRead, OnePage, Query};
use crate::views::{ModelObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;

/// List models
///
/// The embedding models that this installation knows: which of them a knowledge base can be made with, and why not with the others; and the rerankers
/// likewise.
#[utoipa::path(
    get,
    path = "/v1/models",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:read"])),
    params(("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page.")),
    responses(
        (status = 200, description = "All of them, by kind and name.", body = Page<ModelObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
    )
)]
pub(crate) async fn list_models(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    _page: Query<OnePage>,
) -> Result<Json<Page<ModelObject>>, Problem> {
    caller.refuse_publishable()?;
    let settings = &state.settings.models;
    let shown = settings.catalogue.iter().map(|(name, model)| {
        let is_default = **name == *state.embedding_model_id;
        ModelObject::of(name, model, is_default, settings.unavailable(model))
    });
    let rerankers = settings.rerankers.iter().map(|(name, reranker)| {
        let is_default = *name == state.settings.retrieval.reranker;
        ModelObject::of_reranker(name, reranker, is_default, settings.reranker_unavailable(name))
    });
    Ok(Json(Page::whole(shown.chain(rerankers).collect())))
}
