use crate::extract::{Authorized, KnowledgeWrite, PathId, Query, WorkOptions};
use crate::routes::deletions::{KeepDocuments, with_receipt};
use crate::views::CollectionDeletionJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued, kinds};
use store::deletions::{NewDeletion, Target, accept};
use store::{CollectionId, TenantTx};

struct DeleteCollection {
    collection: CollectionId,
    keep_documents: bool,
}

impl Begin for DeleteCollection {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let base = store::collections::begin_deletion(tx, self.collection, !self.keep_documents).await?;
        let job = kinds::DeleteCollection {
            collection_id: self.collection,
            keep_documents: self.keep_documents,
        };
        let by = options.created_by;
        let enqueued = jobs::enqueue(tx, &job, options).await?;
        let deletion = NewDeletion {
            job: enqueued.id,
            target: Target::Collection(self.collection),
            knowledge_base: base,
            requested_by: by,
        };
        accept(tx, deletion).await?;
        Ok(enqueued)
    }
}

/// Delete a collection
///
/// It is gone for every reader at once, and so are the documents in it, unless they are to stay; the job deletes them, or takes them out.
#[utoipa::path(
    delete,
    path = "/v1/collections/{id}",
    tag = "Collections",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The collection."),
        ("keep_documents" = Option<bool>, Query, description = "True: the documents stay in the knowledge base, in no collection."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again."),
    ),
    responses(
        (status = 200, description = "The job has ended.", body = CollectionDeletionJob),
        (status = 202, description = "The job.", body = CollectionDeletionJob, headers(("Location" = String, description = "The job."), ("Link" = String, description = "The receipt of the deletion."))),
        (status = 400, description = "A parameter is wrong or unknown."),
        (status = 404, description = "There is no such collection, or it is being deleted."),
        (status = 409, description = "A source puts its documents there, or the idempotency key was used for another request."),
    )
)]
pub(crate) async fn delete_collection(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(collection): PathId<CollectionId>,
    Query(KeepDocuments(keep_documents)): Query<KeepDocuments>,
    options: WorkOptions,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: [u8::from(keep_documents); 32],
    };
    let delete = DeleteCollection {
        collection,
        keep_documents,
    };
    let response = start_work(&state, request, delete).await?;
    with_receipt(response)
}
