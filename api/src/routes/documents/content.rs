use crate::extract::{Authorized, KnowledgeRead, PathId};
use crate::http::attachment;
use crate::{ApiState, Problem};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream::try_unfold;
use store::documents::{DocumentState, Version};
use store::{BlobId, DocumentId, Store, StoreError, TenantId, blobs, documents};

/// Download a document
///
/// The bytes as they were submitted: of the version that search serves, or of the newest where none is served yet. Browsers save them and do not show them.
#[utoipa::path(
    get,
    path = "/v1/documents/{id}/content",
    tag = "Documents",
    security(("api_key" = ["knowledge:read"])),
    params(("id" = Uuid, Path, description = "The document.")),
    responses(
        (status = 200, description = "The bytes, of the document's media type.", content_type = "application/octet-stream", body = String,
         headers(("Content-Disposition" = String, description = "`attachment`, with a file name."))),
        (status = 404, description = "There is no such document, or it is being deleted."),
    )
)]
pub(crate) async fn download_document(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<DocumentId>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant();
    let (version, title, size) = state
        .store
        .tenant(tenant, async move |tx| {
            let document = documents::find(tx, id).await?;
            if document.state() == DocumentState::Deleting {
                return Err(StoreError::NotFound { what: "document" });
            }
            let served = document.ready_version.unwrap_or(document.version);
            let version = documents::version(tx, id, served).await?;
            let size = blobs::size(tx, version.blob_id).await?;
            Ok((version, document.title, size))
        })
        .await?;
    let Version {
        mime_type,
        file_name,
        blob_id,
        ..
    } = version;
    let media_type = HeaderValue::try_from(mime_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, attachment(&file_name.unwrap_or(title))),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
    ];
    let body = Body::from_stream(parts(state.store, tenant, blob_id));
    Ok((headers, body).into_response())
}

/// Read one after the other as they are taken: of a document that somebody loads slowly there is a MiB in memory, and no connection is held for it.
fn parts(store: Store, tenant: TenantId, blob: BlobId) -> impl Stream<Item = Result<Vec<u8>, StoreError>> + Send {
    try_unfold((store, 0), move |(store, at)| async move {
        let part = store
            .tenant(tenant, async move |tx| blobs::part(tx, blob, at).await)
            .await?;
        Ok(part.map(|bytes| (bytes, (store, at + 1))))
    })
}
