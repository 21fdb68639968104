use crate::extract::{
    Authorized, Fields, FromFields, JsonBody, KnowledgeWrite, PathId, WorkOptions, acl, metadata, or_empty,
};
use crate::routes::collections::changed_collection;
use crate::views::DocumentsUpdateJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::State;
use axum::response::Response;
use jobs::kinds::{Placement, UpdateDocuments, WhichDocuments};
use jobs::{EnqueueOptions, Enqueued, FieldError};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use store::documents::DocumentState;
use store::{CollectionId, JobId, KnowledgeBaseId, StoreError, TenantTx, collections, knowledge_bases};
use utoipa::ToSchema;
use uuid::Uuid;

/// Longer than a client may make one: a page that was crawled goes by its address.
const EXTERNAL_ID_CHARS: RangeInclusive<usize> = 1..=1024;

/// How many documents a request may name.
const NAMED: RangeInclusive<usize> = 1..=1000;

/// In this order: a document that is being deleted is never changed.
const STATES: [DocumentState; 3] = [DocumentState::Pending, DocumentState::Ready, DocumentState::Failed];

/// Which documents are changed, and how.
#[derive(ToSchema)]
#[schema(as = DocumentsUpdate)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct UpdateManyBody {
    which: WhichFields,
    /// A JSON merge patch (RFC 7396) of each document's own metadata: its members are set, those that are null are removed, and all others stay.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Takes the place of each document's access list. Null: nobody but the tenant.
    #[schema(value_type = Option<Object>)]
    acl: Option<Value>,
    /// The collection that they are put into. Null: out of the one that each is in.
    collection_id: Option<Uuid>,
    /// Counts, and changes nothing.
    dry_run: Option<bool>,
}

/// All that is given must hold; `{}` is all documents of the base.
#[derive(ToSchema)]
#[schema(as = DocumentsUpdateWhich)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct WhichFields {
    /// `pending`, `ready` or `failed`.
    state: Option<String>,
    /// Such as `application/pdf`; without parameters, those with any.
    #[schema(min_length = 1, max_length = 200)]
    mime_type: Option<String>,
    /// Those that are in this collection of the base.
    collection_id: Option<Uuid>,
    /// Those whose external id begins so.
    #[schema(min_length = 1, max_length = 1024)]
    external_id_prefix: Option<String>,
    /// Those that go by one of these.
    #[schema(min_items = 1, max_items = 1000)]
    external_ids: Option<Vec<String>>,
}

pub(crate) struct UpdateMany {
    which: WhichDocuments,
    metadata: Option<Value>,
    acl: Option<Value>,
    placement: Option<Placement>,
    dry_run: bool,
}

/// `which`.
struct Which(WhichDocuments);

impl FromFields for Which {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let external_ids = fields.value("external_ids");
        Some(Self(WhichDocuments {
            state: fields.optional_choice("state", &STATES.map(|state| (state.as_str(), state))),
            mime_type: fields.optional_text("mime_type", 1..=200),
            collection_id: fields.optional_id("collection_id").map(CollectionId),
            external_ids: external_ids.and_then(|value| fields.texts("external_ids", value, NAMED, EXTERNAL_ID_CHARS)),
            external_id_prefix: fields.optional_text("external_id_prefix", EXTERNAL_ID_CHARS),
        }))
    }
}

impl FromFields for UpdateMany {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let is_there = |fields: &Fields, name: &str| fields.peek(name).is_some();
        let has_acl = is_there(fields, "acl");
        if !has_acl && !is_there(fields, "metadata") && !is_there(fields, "collection_id") {
            let message = "must be given, or acl, or collection_id: nothing is to be changed";
            fields.error("metadata", "required", message);
        }
        // Not left out for all: a body that says too little is more often a mistake than the wish to change everything.
        let which = fields.required_value("which");
        let which = which.and_then(|value| fields.nested::<Which>("which", value));
        let metadata = metadata_patch(fields);
        let acl = has_acl.then(|| or_empty(acl(fields)));
        let placement = changed_collection(fields).map(|collection| collection.map_or(Placement::Out, Placement::In));
        let dry_run = fields.optional_bool("dry_run").unwrap_or(false);
        let Which(which) = which?;
        Some(Self {
            which,
            metadata,
            acl,
            placement,
            dry_run,
        })
    }
}

/// A merge patch that changes nothing, or all, was meant for the metadata of one document, which a `PATCH` gives as a whole.
fn metadata_patch(fields: &mut Fields) -> Option<Value> {
    if fields.is_null("metadata") {
        fields.value("metadata");
        let message = "must be an object, whose members are set, or removed where they are null";
        fields.error("metadata", "type", message);
        return None;
    }
    let members = fields.peek("metadata").and_then(Value::as_object);
    if members.is_some_and(Map::is_empty) {
        let message =
            "must have a member: it is a merge patch of each document's metadata, and changes only what it names";
        fields.error("metadata", "empty", message);
    }
    metadata(fields)
}

struct ChangeMany(UpdateDocuments);

impl Begin for ChangeMany {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let ChangeMany(job) = self;
        let base = job.knowledge_base_id;
        knowledge_bases::find(tx, base).await?;
        hold_named(tx, &job).await?;
        let options = EnqueueOptions {
            // One at a time, or what two of them change would depend on which gets to a document last.
            unique_key: Some(match job.dry_run {
                true => format!("update_documents:{base}:dry_run"),
                false => format!("update_documents:{base}"),
            }),
            ..options
        };
        let enqueued = jobs::enqueue(tx, &job, options).await?;
        if enqueued.existing && !is_the_same(tx, enqueued.id, &job).await? {
            let detail = format!(
                "Another update of documents of this knowledge base has not ended, job {}: wait for its end, or cancel it.",
                enqueued.id
            );
            return Err(Problem::new(ProblemCode::Conflict, detail));
        }
        Ok(enqueued)
    }
}

/// Holds the collections that the body names until the transaction ends.
async fn hold_named(tx: &mut TenantTx, job: &UpdateDocuments) -> Result<(), Problem> {
    let named = [
        ("which.collection_id", job.which.collection_id),
        ("collection_id", job.placement.and_then(Placement::collection)),
    ];
    let mut missing = Vec::new();
    for (field, collection) in named {
        let Some(collection) = collection else { continue };
        match collections::hold(tx, job.knowledge_base_id, collection).await {
            Ok(()) => {}
            Err(StoreError::NotFound { .. }) => missing.push(FieldError::new(
                field,
                "not_found",
                "names no collection of this knowledge base",
            )),
            Err(error) => return Err(error.into()),
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::not_found_in(missing))
    }
}

async fn is_the_same(tx: &mut TenantTx, other: JobId, job: &UpdateDocuments) -> Result<bool, Problem> {
    let asked = store::jobs::payload(tx, other).await?;
    let wanted = serde_json::to_value(job).map_err(|error| Problem::internal(&error))?;
    Ok(asked == wanted)
}

/// Change many documents' metadata, access lists and collections
///
/// Of those documents of a knowledge base that the body names, in the background and without ingesting them again. `metadata` is a JSON merge patch (RFC 7396) of what each document has: unlike
/// a `PATCH` of one document, which replaces it as a whole. Documents that come from a source are left alone, as are those that have been submitted since, and those whose metadata would be
/// larger than it may be; the job's result counts them. One update of a knowledge base runs at a time. With `dry_run` the job counts and changes nothing.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/documents/update",
    tag = "Documents",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body = UpdateManyBody,
    responses(
        (status = 200, description = "The job has ended: the documents are changed.", body = DocumentsUpdateJob),
        (status = 202, description = "The job; one that was asked for the same and has not ended is returned as it is.", body = DocumentsUpdateJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such knowledge base, or no such collection in it."),
        (status = 409, description = "Another update of the knowledge base has not ended, or the idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_documents(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    options: WorkOptions,
    JsonBody { value, hash }: JsonBody<UpdateMany>,
) -> Result<Response, Problem> {
    let job = UpdateDocuments {
        knowledge_base_id: base,
        which: value.which,
        metadata: value.metadata,
        acl: value.acl,
        placement: value.placement,
        dry_run: value.dry_run,
    };
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    start_work(&state, request, ChangeMany(job)).await
}
