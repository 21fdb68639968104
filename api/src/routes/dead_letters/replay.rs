use super::filter::read_filter;
use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody};
use crate::routes::jobs::retry::{DECISIONS, dispatch};
use crate::views::DeadLetterObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use jobs::Dispatch;
use serde::Serialize;
use store::batches::lock_batches_of;
use store::effects::Decision;
use store::jobs::{DeadFilter, DeadLetter, Retried, dead_letters, retry};
use store::{JobId, StoreError, TenantTx};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which dead letters are replayed, and how. Fields that are absent let everything through.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct ReplayFields {
    kind: Option<String>,
    error_code: Option<String>,
    failed_after: Option<DateTime<Utc>>,
    failed_before: Option<DateTime<Utc>>,
    /// Only these.
    ids: Option<Vec<Uuid>>,
    /// 1 to 1000; 100 by default, or as many as there are `ids`.
    limit: Option<i64>,
    /// What to do about calls whose outcome is not known: `assume_done` or `repeat`. Without it, jobs that have such calls are skipped.
    effect: Option<String>,
    /// `next_cursor` of the answer before: go on behind what that one looked at.
    cursor: Option<String>,
    /// Only say what would happen.
    dry_run: Option<bool>,
}

#[derive(Debug)]
pub(crate) struct ReplayRequest {
    filter: DeadFilter,
    effect: Option<Decision>,
    dry_run: bool,
}

impl FromFields for ReplayRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            filter: read_filter(fields),
            effect: fields.optional_choice("effect", &DECISIONS),
            dry_run: fields.optional_bool("dry_run").unwrap_or(false),
        })
    }
}

/// What a replay did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replay {
    pub(crate) dry_run: bool,
    /// The jobs that are queued again.
    pub(crate) replayed: Vec<Uuid>,
    pub(crate) skipped: Vec<Skipped>,
    /// With `dry_run`: each job that matches, with its calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) preview: Vec<DeadLetterObject>,
    /// There are more that match: call again, with `next_cursor` to go on behind those that were skipped.
    pub(crate) more: bool,
    /// Null when there are no more.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// A job that stays dead.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Skipped {
    pub(crate) id: Uuid,
    /// `effect_unknown`: a decision is needed; `conflict`: another job has its unique key, its batch is being cancelled, or it is dead no longer.
    #[schema(example = "effect_unknown")]
    pub(crate) reason: String,
}

/// Replay dead letters
///
/// Queues every dead job that matches again, as a retry of each would. With `dry_run` nothing is changed, and `preview` shows the jobs with the
/// calls that they have made: those that are done are not made again.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/replay",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    request_body = ReplayFields,
    responses(
        (status = 200, description = "What was replayed and what was not.", body = Replay),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn replay_dead_letters(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    JsonBody { value, .. }: JsonBody<ReplayRequest>,
) -> Result<Json<Replay>, Problem> {
    let (replay, dispatches) = state
        .store
        .tenant(caller.tenant(), async move |tx| replay(tx, value).await)
        .await?;
    state.queue.push(&dispatches).await;
    let ids: Vec<JobId> = replay.replayed.iter().copied().map(JobId).collect();
    state.queue.announce_changes(&ids).await;
    Ok(Json(replay))
}

async fn replay(tx: &mut TenantTx, request: ReplayRequest) -> Result<(Replay, Vec<Dispatch>), StoreError> {
    let limit = usize::try_from(request.filter.limit).unwrap_or(0);
    let one_more = DeadFilter {
        limit: request.filter.limit + 1,
        ..request.filter
    };
    let mut letters = dead_letters(tx, &one_more).await?;
    let more = letters.len() > limit;
    letters.truncate(limit);
    let next_cursor = letters.last().filter(|_| more).map(|letter| letter.id.to_string());
    if !request.dry_run {
        let ids: Vec<JobId> = letters.iter().map(|letter| letter.id).collect();
        lock_batches_of(tx, &ids).await?;
    }
    let (mut replayed, mut skipped, mut dispatches) = (Vec::new(), Vec::new(), Vec::new());
    for letter in &letters {
        let decision = request.effect.filter(|_| has_unknown(letter));
        let outcome = if request.dry_run {
            match decision {
                None if has_unknown(letter) => Ok(Retried::NeedsDecision),
                _ => Ok(Retried::NothingToDecide),
            }
        } else {
            retry(tx, letter.id, decision).await
        };
        match outcome {
            Ok(Retried::Queued(queued)) => {
                replayed.push(letter.id.0);
                dispatches.extend(dispatch(&queued));
            }
            Ok(Retried::NothingToDecide) if request.dry_run => replayed.push(letter.id.0),
            Ok(Retried::NeedsDecision | Retried::NothingToDecide) => {
                skipped.push(Skipped::of(letter.id, "effect_unknown"))
            }
            Err(StoreError::Conflict { .. }) => skipped.push(Skipped::of(letter.id, "conflict")),
            Err(error) => return Err(error),
        }
    }
    let preview = if request.dry_run {
        letters.into_iter().map(DeadLetterObject::from).collect()
    } else {
        Vec::new()
    };
    let replay = Replay {
        dry_run: request.dry_run,
        replayed,
        skipped,
        preview,
        more,
        next_cursor,
    };
    Ok((replay, dispatches))
}

/// Whether a call of the job has an outcome that nobody knows.
fn has_unknown(letter: &DeadLetter) -> bool {
    let states = letter.effects.as_array().into_iter().flatten();
    states
        .filter_map(|effect| effect.get("state")?.as_str())
        .any(|state| matches!(state, "intended" | "unknown"))
}

impl Skipped {
    pub(super) fn of(id: JobId, reason: &str) -> Self {
        Self {
            id: id.0,
            reason: reason.to_owned(),
        }
    }
}
