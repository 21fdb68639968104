use super::filter::{Found, NOT_DEAD, read_filter};
use super::replay::Skipped;
use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::JobId;
use store::deletions::unerased;
use store::jobs::{DeadFilter, discard};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which dead letters are given up, and why. Fields that are absent let everything through; at least one says which, or `all`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct DiscardFields {
    /// For whoever wonders later.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    kind: Option<String>,
    error_code: Option<String>,
    failed_after: Option<DateTime<Utc>>,
    failed_before: Option<DateTime<Utc>>,
    /// Only these.
    ids: Option<Vec<Uuid>>,
    /// Every dead letter, where nothing else says which.
    all: Option<bool>,
    /// 1 to 1000; 100 by default, or as many as there are `ids`.
    limit: Option<i64>,
    /// `next_cursor` of the answer before: go on behind what that one looked at.
    cursor: Option<String>,
    /// Only say what would happen.
    dry_run: Option<bool>,
}

#[derive(Debug)]
pub(crate) struct DiscardRequest {
    filter: DeadFilter,
    reason: String,
    dry_run: bool,
}

impl FromFields for DiscardRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let filter = read_filter(fields);
        let dry_run = fields.optional_bool("dry_run").unwrap_or(false);
        Some(Self {
            filter,
            reason: fields.text("reason", 1..=500)?,
            dry_run,
        })
    }
}

/// What was given up, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiscardResult {
    pub(crate) dry_run: bool,
    pub(crate) discarded: Vec<Uuid>,
    pub(crate) skipped: Vec<Skipped>,
    /// There are more that match: call again, with `next_cursor` to go on behind those that were skipped.
    pub(crate) more: bool,
    /// Null when there are no more.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// Discard dead letters
///
/// Gives dead jobs up: they are listed as dead letters no longer, and their rows go when their week does. A discarded job can still be retried
/// until then. A deletion that has not erased what it was for is not given up.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/discard",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    request_body = DiscardFields,
    responses(
        (status = 200, description = "What was discarded.", body = DiscardResult),
        (status = 400, description = "The body cannot be read as what it says it is, or the cursor is none that this request returned."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown, or none says which dead letters."),
    )
)]
pub(crate) async fn discard_dead_letters(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    JsonBody { value, .. }: JsonBody<DiscardRequest>,
) -> Result<Json<DiscardResult>, Problem> {
    let result = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let found = Found::by(tx, value.filter).await?;
            let mut ids: Vec<JobId> = found.letters.iter().map(|letter| letter.id).collect();
            let kept = unerased(tx, &ids).await?;
            ids.retain(|id| !kept.contains(id));
            let discarded = if value.dry_run {
                ids.clone()
            } else {
                discard(tx, &ids, &value.reason).await?
            };
            // Retried since they were found.
            ids.retain(|id| !discarded.contains(id));
            let kept = kept.into_iter().map(|id| Skipped::of(id, "deletion"));
            let retried = ids.into_iter().map(|id| Skipped::of(id, NOT_DEAD));
            Ok::<_, Problem>(DiscardResult {
                dry_run: value.dry_run,
                discarded: discarded.into_iter().map(|id| id.0).collect(),
                skipped: kept.chain(retried).chain(found.unmatched).collect(),
                more: found.more,
                next_cursor: found.next_cursor,
            })
        })
        .await?;
    Ok(Json(result))
}
