use super::deletions::{Evidence, Verdict, begin_deletions, judge};
use super::handle::Task;
use crate::{Done, JobContext, JobError};
use jobs::kinds::{SyncReason, SyncedSource};
use store::StoreError;
use store::sources::{self, Sync};

/// Documents per transaction.
const BATCH: i64 = 100;

/// Deletes what is gone, and ends the sync with its job.
pub(super) async fn finish(job: &JobContext, task: &Task, ended_early: Option<&'static str>) -> Result<Done, JobError> {
    let (source, of_sync) = (task.source.id, (task.source.id, job.id()));
    let (complete, evidence) = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let complete = !sources::find_sync(tx, source, job.id()).await?.blind && ended_early.is_none();
            let evidence = Evidence {
                told: sources::count_unwanted(tx, of_sync, false).await?,
                all: sources::count_unwanted(tx, of_sync, true).await?,
                complete,
                ended_early: ended_early.is_some(),
                force: task.asked.force_deletions,
            };
            Ok::<_, StoreError>((complete, evidence))
        })
        .await?;
    let verdict = judge(&evidence);
    let dry_run = task.asked.dry_run;
    if let Some(unseen) = verdict.delete.filter(|_| !dry_run) {
        delete(job, task, unseen).await?;
    }
    let would_delete = evidence.all.unwanted - verdict.withheld;
    let ended = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            if dry_run {
                sources::count_deleted(tx, of_sync, i32::try_from(would_delete).unwrap_or(i32::MAX)).await?;
            }
            let sync = sources::find_sync(tx, source, job.id()).await?;
            let reasons = sources::reasons(tx, source, job.id()).await?;
            let result = SyncedSource {
                complete,
                ended_early: ended_early.map(str::to_owned),
                reasons: reasons.into_iter().map(reason).collect(),
                ..counted(&sync, &verdict)
            };
            if complete && !dry_run {
                sources::forget_unseen(tx, of_sync).await?;
            }
            let json = serde_json::to_value(&result)
                .map_err(|error| JobError::permanent("internal", format!("The result cannot be stored: {error}")))?;
            sources::end(tx, of_sync, &json).await?;
            job.finish(tx, &result).await
        })
        .await?;
    metrics::counter!("source_syncs_total", "kind" => task.source.kind.clone()).increment(1);
    if let Some(because) = verdict.because {
        tracing::warn!(source.id = %source, withheld = verdict.withheld, because, "a sync deletes less than it found gone");
    }
    Ok(Done::Committed(ended))
}

async fn delete(job: &JobContext, task: &Task, unseen: bool) -> Result<(), JobError> {
    loop {
        let (is_done, dispatches) = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let ids = sources::release_unwanted(tx, job.held(), task.source.id, unseen, BATCH).await?;
                let (begun, dispatches) = begin_deletions(tx, &ids).await?;
                sources::count_deleted(tx, (task.source.id, job.id()), begun).await?;
                Ok::<_, JobError>((ids.is_empty(), dispatches))
            })
            .await?;
        job.app.queue.push(&dispatches).await;
        if is_done {
            return Ok(());
        }
    }
}

fn counted(sync: &Sync, verdict: &Verdict) -> SyncedSource {
    SyncedSource {
        dry_run: sync.dry_run,
        superseded_by: None,
        continued: sync.continued,
        found: sync.found,
        fetched: sync.fetched,
        unchanged: sync.unchanged,
        ingested: sync.ingested,
        skipped: sync.skipped,
        failed: sync.failed,
        deleted: sync.deleted,
        deletions_withheld: verdict.withheld,
        deletions_withheld_because: verdict.because.map(str::to_owned),
        complete: false,
        ended_early: None,
        reasons: Vec::new(),
    }
}

fn reason(reason: sources::Reason) -> SyncReason {
    SyncReason {
        status: reason.status,
        reason: reason.reason,
        count: reason.count,
    }
}
