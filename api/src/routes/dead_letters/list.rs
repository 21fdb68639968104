use crate::extract::{Authorized, Cursor, FromQuery, JobsRead, Query, QueryFields};
use crate::views::{DeadLetterObject, Page};
use crate::work::require_kind;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::JobId;
use store::jobs::{DeadFilter, dead_letters};
use uuid::Uuid;

/// Which page of which dead letters.
pub(crate) struct ListDeadLetters(DeadFilter);

impl FromQuery for ListDeadLetters {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self(DeadFilter {
            kind: query.name("kind"),
            error_code: query.name("error_code"),
            failed_after: query.time("failed_after"),
            failed_before: query.time("failed_before"),
            ids: Vec::new(),
            before: before.map(JobId),
            limit: query.limit(),
        }))
    }
}

/// List dead letters
///
/// Jobs that failed for good and were not discarded, newest first, with what the ledger knows of their calls.
#[utoipa::path(
    get,
    path = "/v1/dead-letters",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(
        ("kind" = Option<String>, Query, description = "For example `ingest_document`."),
        ("error_code" = Option<String>, Query, description = "For example `worker_lost` or `effect_unknown`."),
        ("failed_after" = Option<String>, Query, description = "RFC 3339."),
        ("failed_before" = Option<String>, Query, description = "RFC 3339."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<DeadLetterObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
    )
)]
pub(crate) async fn list_dead_letters(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    Query(ListDeadLetters(filter)): Query<ListDeadLetters>,
) -> Result<Json<Page<DeadLetterObject>>, Problem> {
    caller.refuse_publishable()?;
    let limit = filter.limit;
    let one_more = DeadFilter {
        limit: limit + 1,
        ..filter
    };
    let rows = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let rows = dead_letters(tx, &one_more).await?;
            let is_found = !rows.is_empty() || one_more.before.is_some();
            require_kind(one_more.kind.as_deref(), is_found, Problem::invalid_query)?;
            Ok::<_, Problem>(rows)
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |letter| letter.id.0,
        DeadLetterObject::from,
    )))
}
