use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::views::{DocumentObject, Tagged};
use crate::{ApiState, Problem};
use axum::extract::State;
use store::{DocumentId, StoreError, documents};

/// Show a document
///
/// Its latest submission, and what became of it.
#[utoipa::path(
    get,
    path = "/v1/documents/{id}",
    tag = "Documents",
    security(("api_key" = ["knowledge:read"])),
    params(("id" = Uuid, Path, description = "The document.")),
    responses(
        (status = 200, description = "The document.", body = DocumentObject, headers(("ETag" = String, description = "For If-Match of a change."))),
        (status = 404, description = "There is no such document."),
    )
)]
pub(crate) async fn show_document(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<DocumentId>,
) -> Result<Tagged<DocumentObject>, Problem> {
    let (document, made_by) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let document = documents::find(tx, id).await?;
            let made_by = documents::ready_job(tx, &document).await?;
            Ok::<_, StoreError>((document, made_by))
        })
        .await?;
    Ok(Tagged(DocumentObject {
        ready_job_id: made_by.map(|id| id.0),
        ..document.into()
    }))
}
