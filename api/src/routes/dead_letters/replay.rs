use super::filter::{Found, read_filter};
use crate::extract::{Authorized, Fields, FromFields, JobsWrite, JsonBody};
use crate::routes::jobs::retry::{DECISIONS, dispatch};
use crate::views::DeadLetterObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use jobs::Dispatch;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;
use store::batches::lock_batches_of;
use store::effects::Decision;
use store::jobs::{DeadFilter, DeadLetter, Retried, in_order_of_keys, lock_dead, retry};
use store::{JobId, StoreError, TenantTx};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which dead letters are replayed, and how. Fields that are absent let everything through; at least one says which, or `all`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct ReplayFields {
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

/// A job with which nothing is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Skipped {
    pub(crate) id: Uuid,
    /// Of a replay, `effect_unknown`: a decision is needed; `conflict`: another job has its unique key, its batch is being cancelled, or it is dead no longer.
    /// Of a discard, `deletion`: what was to be deleted is still there, retry it. Of `ids`, unless behind a `cursor`, `not_found`: there is no such job;
    /// `not_dead`: it has not ended, or ended otherwise; `discarded`: it was given up before; `no_match`: the other fields leave it out.
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
        (status = 400, description = "The body cannot be read as what it says it is, or the cursor is none that this request returned."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown, or none says which dead letters."),
    )
)]
pub(crate) async fn replay_dead_letters(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    JsonBody { value, .. }: JsonBody<ReplayRequest>,
) -> Result<Json<Replay>, Problem> {
    let tenant = caller.tenant();
    let filter = value.filter;
    let found = state
        .store
        .tenant(tenant, async move |tx| Found::by(tx, filter).await)
        .await?;
    let letters = found.letters;
    let mut done = Replayed::default();
    for letters in letters.chunks(BATCH).filter(|_| !value.dry_run) {
        let batch = state
            .store
            .tenant(tenant, async |tx| replay(tx, letters, value.effect).await)
            .await?;
        state.queue.push(&batch.dispatches).await;
        state.queue.announce_changes(&batch.jobs).await;
        done.jobs.extend(batch.jobs);
        done.skipped.extend(batch.skipped);
    }
    let mut preview = Vec::new();
    if value.dry_run {
        done = foretold(&letters, value.effect);
        preview.extend(letters.into_iter().map(DeadLetterObject::from));
    }
    done.skipped.extend(found.unmatched);
    Ok(Json(Replay {
        dry_run: value.dry_run,
        replayed: done.jobs.into_iter().map(|job| job.0).collect(),
        skipped: done.skipped,
        preview,
        more: found.more,
        next_cursor: found.next_cursor,
    }))
}

/// Jobs of one transaction: it holds the rows of their batches, for which the ends of other jobs wait.
const BATCH: usize = 50;

/// What became of some of them.
#[derive(Default)]
struct Replayed {
    jobs: Vec<JobId>,
    dispatches: Vec<Dispatch>,
    skipped: Vec<Skipped>,
}

async fn replay(tx: &mut TenantTx, letters: &[DeadLetter], effect: Option<Decision>) -> Result<Replayed, StoreError> {
    let ids: Vec<JobId> = letters.iter().map(|letter| letter.id).collect();
    lock_batches_of(tx, &ids).await?;
    // By id, as everyone locks jobs: letters are listed the newest first.
    lock_dead(tx, &ids).await?;
    // And then by the unique keys that they take again, as batches do.
    let places: HashMap<JobId, usize> = in_order_of_keys(tx, &ids).await?.into_iter().zip(0..).collect();
    let mut letters: Vec<&DeadLetter> = letters.iter().collect();
    letters.sort_by_key(|letter| places.get(&letter.id));
    let mut done = Replayed::default();
    for letter in letters {
        match retry(tx, letter.id, effect.filter(|_| has_unknown(letter))).await {
            Ok(Retried::Queued(queued)) => {
                done.jobs.push(letter.id);
                done.dispatches.extend(dispatch(&queued));
            }
            Ok(Retried::NeedsDecision | Retried::NothingToDecide) => {
                done.skipped.push(Skipped::of(letter.id, "effect_unknown"));
            }
            Err(StoreError::Conflict { .. }) => done.skipped.push(Skipped::of(letter.id, "conflict")),
            Err(error) => return Err(error),
        }
    }
    // As they are listed.
    done.jobs.sort_unstable_by_key(|id| Reverse(*id));
    done.skipped.sort_unstable_by_key(|skipped| Reverse(skipped.id));
    Ok(done)
}

/// What a replay would do, as far as the letters tell.
fn foretold(letters: &[DeadLetter], effect: Option<Decision>) -> Replayed {
    let needs_decision = |letter: &&DeadLetter| effect.is_none() && has_unknown(letter);
    let (undecided, replayed): (Vec<&DeadLetter>, Vec<&DeadLetter>) = letters.iter().partition(needs_decision);
    let skipped = undecided.into_iter();
    Replayed {
        jobs: replayed.into_iter().map(|letter| letter.id).collect(),
        dispatches: Vec::new(),
        skipped: skipped.map(|letter| Skipped::of(letter.id, "effect_unknown")).collect(),
    }
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
