use super::Begin;
use super::answer::{Started, answer};
use super::key::Key;
use super::wait::wait_for_end;
use crate::extract::{Caller, WorkOptions};
use crate::{ApiState, Problem};
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued};
use store::{Durability, JobId, TenantTx};

/// A request that starts work, validated.
pub(crate) struct Request<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) options: &'a WorkOptions,
    /// SHA-256 of the body; zeroes where there is none.
    pub(crate) body_hash: [u8; 32],
}

/// Starts work and answers for it: 200 with the job once it has ended, however it ended; else 202 with the job as it is.
///
/// # Errors
/// What `work` refuses; a mismatched idempotency key; that the database is away.
pub(crate) async fn start_work<B: Begin>(state: &ApiState, request: Request<'_>, work: B) -> Result<Response, Problem> {
    let server = &state.settings.server;
    let default_wait = if B::INTERACTIVE {
        server.interactive_wait_secs
    } else {
        0
    };
    let wait = request.options.prefer.wait(default_wait, server.max_wait_secs);
    let relaxed = B::INTERACTIVE && !wait.is_zero();
    let durability = if relaxed {
        Durability::Relaxed
    } else {
        Durability::Durable
    };

    let id = JobId::generate();
    // Watched from before the job exists: no change of it goes unheard.
    let watcher = state.changes.watch(id);
    let (started, enqueued) = commit(state, &request, work, id, durability).await?;
    if let Some(dispatch) = enqueued.dispatch {
        state.queue.push(&[dispatch]).await;
    }
    let watcher = if enqueued.id == id {
        watcher
    } else {
        state.changes.watch(enqueued.id)
    };
    let job = wait_for_end(
        state,
        request.caller,
        &watcher,
        enqueued.id,
        started == Started::New,
        wait,
    )
    .await?;
    if relaxed && started == Started::New && !job.job.state.has_ended() {
        state
            .store
            .tenant(request.caller.tenant(), async move |tx| {
                store::jobs::make_durable(tx, id).await
            })
            .await?;
    }
    let applied = request.options.prefer.applied(server.max_wait_secs);
    answer(&job, started, !wait.is_zero(), applied)
}

async fn commit<B: Begin>(
    state: &ApiState,
    request: &Request<'_>,
    work: B,
    id: JobId,
    durability: Durability,
) -> Result<(Started, Enqueued), Problem> {
    let caller = request.caller;
    let options = EnqueueOptions {
        id: Some(id),
        created_by: Some(caller.key()),
        trace_context: request.options.trace_parent.clone(),
        ..EnqueueOptions::default()
    };
    let interactive_for = B::INTERACTIVE.then_some(state.settings.dispatch.interactive_retention_secs);
    let key = Key::of(request, interactive_for);
    state
        .store
        .tenant_with(caller.tenant(), durability, async move |tx| {
            begin_once(tx, key.as_ref(), id, options, work).await
        })
        .await
}

/// Begins the work, unless its idempotency key says that it has begun.
async fn begin_once<B: Begin>(
    tx: &mut TenantTx,
    key: Option<&Key<'_>>,
    id: JobId,
    options: EnqueueOptions,
    work: B,
) -> Result<(Started, Enqueued), Problem> {
    if let Some(key) = key
        && let Some(made) = key.take(tx, id.0).await?
    {
        return Ok((
            Started::Replayed,
            Enqueued {
                id: JobId(made),
                dispatch: None,
                existing: true,
            },
        ));
    }
    let enqueued = work.begin(tx, options).await?;
    if let Some(key) = key.filter(|_| enqueued.id != id) {
        key.repoint(tx, enqueued.id.0).await?;
    }
    Ok((
        if enqueued.existing {
            Started::Existing
        } else {
            Started::New
        },
        enqueued,
    ))
}
