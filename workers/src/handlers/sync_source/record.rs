use super::deletions::begin_deletions;
use super::handle::Task;
use super::outcome::{DUPLICATE, OTHER_SOURCE, Outcome, Submission};
use crate::{JobContext, JobError};
use jobs::kinds::IngestDocument;
use jobs::{Dispatch, EnqueueOptions};
use store::documents::{NewDocument, submit};
use store::sources::{self, ItemStatus, Moved, Recorded, Renaming, Source, Waiting, is_anothers, is_claimed};
use store::{DocumentId, JobId, StoreError, TenantTx, index_changes, knowledge_bases};
use url::Url;

/// Writes down what came of an address and, in the same transaction, submits its document and notes where it leads.
pub(super) async fn record(job: &JobContext, task: &Task, item: &Waiting, outcome: Outcome) -> Result<(), JobError> {
    let dispatches = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let source = sources::hold(tx, job.held(), task.source.id).await?;
            let (status, reason) = settle(job, tx, task, item, &outcome).await?;
            let mut renamed = false;
            let submitted = match &outcome.submission {
                Some(submission) if status == ItemStatus::Ingested => {
                    renamed = rename(job, tx, task, item, &outcome).await?;
                    Some(submit_document(job, tx, &source, &outcome, submission).await?)
                }
                _ => None,
            };
            let (links, are_all) = outcome.kept_links();
            // Its links are those of the config that this attempt began with: the next sync is to read it again.
            let again = !are_all || source.updated_at != task.source.updated_at;
            // A dry run leaves what is known of the version, or the next sync would take the page for read; but of one that has another name.
            let is_left = task.asked.dry_run && !outcome.is_redirect;
            let recorded = Recorded {
                url: &item.url,
                status,
                reason,
                fetched: outcome.was_fetched,
                canonical_url: outcome.canonical_url.as_deref(),
                document_id: submitted.as_ref().map(|(document, _)| *document),
                version: outcome.version(reason, &links, again).filter(|_| !is_left),
            };
            sources::record(tx, job.held(), task.source.id, &recorded).await?;
            note_where_it_leads(job, tx, task, item, &outcome).await?;
            let mut dispatches = Vec::new();
            if let Some((document, dispatch)) = submitted {
                dispatches.extend(dispatch);
                dispatches.extend(replace(job, tx, task, item.document_id, document).await?);
                if renamed {
                    index_changes::record(tx, source.knowledge_base_id, &[document]).await?;
                }
            }
            Ok::<_, JobError>(dispatches)
        })
        .await?;
    job.app.queue.push(&dispatches).await;
    metrics::counter!("source_items_total", "status" => outcome.status.as_str()).increment(1);
    Ok(())
}

/// One document a name: a second page that goes by it is left alone, and so is one that another source has. A dry run submits nothing.
async fn settle(
    job: &JobContext,
    tx: &mut TenantTx,
    task: &Task,
    item: &Waiting,
    outcome: &Outcome,
) -> Result<(ItemStatus, Option<&'static str>), JobError> {
    let is_page = matches!(outcome.status, ItemStatus::Ingested | ItemStatus::Unchanged);
    if let Some(name) = outcome.canonical_url.as_ref().filter(|_| is_page) {
        if is_claimed(tx, job.held(), task.source.id, &item.url, name).await? {
            return Ok((ItemStatus::Skipped, Some(DUPLICATE)));
        }
        let base = task.source.knowledge_base_id;
        if outcome.status == ItemStatus::Ingested && is_anothers(tx, base, task.source.id, name).await? {
            return Ok((ItemStatus::Skipped, Some(OTHER_SOURCE)));
        }
    }
    let status = match outcome.status {
        ItemStatus::Ingested if task.asked.dry_run => ItemStatus::Changed,
        status => status,
    };
    Ok((status, outcome.reason))
}

/// A page that calls itself by another name than before keeps its document under that name, and so does one that was found at another address, which leads here for good: it is found as it was
/// until it is ingested as it is. `true`: replicas are to be told.
async fn rename(
    job: &JobContext,
    tx: &mut TenantTx,
    task: &Task,
    item: &Waiting,
    outcome: &Outcome,
) -> Result<bool, StoreError> {
    let (source, Some(name)) = (task.source.id, &outcome.canonical_url) else {
        return Ok(false);
    };
    let (url, document) = match item.document_id {
        Some(document) => (item.url.clone(), document),
        None => match sources::moved_here(tx, (source, job.id()), &item.url).await? {
            Some(Moved { url, document_id }) => (url, document_id),
            None => return Ok(false),
        },
    };
    match sources::rename_document(tx, source, &url, document, name).await? {
        Renaming::Kept => Ok(false),
        Renaming::Renamed { is_ready } => {
            if url != item.url {
                sources::release(tx, source, &url).await?;
            }
            Ok(is_ready)
        }
    }
}

/// Where a document went by the name already, the page has that one now, and the one it had is nobody's.
async fn replace(
    job: &JobContext,
    tx: &mut TenantTx,
    task: &Task,
    before: Option<DocumentId>,
    now: DocumentId,
) -> Result<Vec<Dispatch>, JobError> {
    let Some(before) = before.filter(|before| *before != now) else {
        return Ok(Vec::new());
    };
    if sources::has_document(tx, before).await? {
        return Ok(Vec::new());
    }
    let (begun, dispatches) = begin_deletions(tx, &[before]).await?;
    sources::count_deleted(tx, (task.source.id, job.id()), begun).await?;
    Ok(dispatches)
}

async fn submit_document(
    job: &JobContext,
    tx: &mut TenantTx,
    source: &Source,
    outcome: &Outcome,
    submission: &Submission,
) -> Result<(DocumentId, Option<Dispatch>), JobError> {
    // Not the foreign key alone: a base that is being deleted still has its row.
    knowledge_bases::find(tx, source.knowledge_base_id).await?;
    let job_id = JobId::generate();
    let new = NewDocument {
        knowledge_base_id: source.knowledge_base_id,
        external_id: outcome.canonical_url.as_deref(),
        collection_id: source.collection_id,
        title: None,
        mime_type: &submission.media_type,
        file_name: submission.file_name.as_deref(),
        metadata: Some(&source.metadata),
        acl: Some(&source.acl),
        bytes: &submission.bytes,
        job_id,
    };
    let submitted = submit(tx, &new).await?;
    let ingest = IngestDocument {
        document_id: submitted.document_id,
        version: submitted.version,
    };
    let options = EnqueueOptions {
        id: Some(job_id),
        document_id: Some(submitted.document_id),
        trace_context: job.job.trace_context.clone(),
        // Behind what somebody submits by hand.
        priority: Some(2),
        ..EnqueueOptions::default()
    };
    let enqueued = jobs::enqueue(tx, &ingest, options).await?;
    Ok((submitted.document_id, enqueued.dispatch))
}

async fn note_where_it_leads(
    job: &JobContext,
    tx: &mut TenantTx,
    task: &Task,
    item: &Waiting,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let (sync, config) = ((task.source.id, job.id()), &task.config);
    let max_depth = i32::try_from(config.max_depth).unwrap_or(i32::MAX);
    let depth = if outcome.is_redirect {
        item.depth
    } else {
        item.depth + 1
    };
    let is_final = item.asked_again || !outcome.may_pass();
    let mut blind = outcome.cut || (outcome.status == ItemStatus::Failed && is_final && task.follows_links());
    if depth <= max_depth {
        blind |= sources::add(tx, sync, &outcome.links, depth, max_pages(task)).await? > 0;
    }
    if blind {
        sources::note_blind(tx, sync).await?;
    }
    Ok(())
}

/// Has the sync look at these too.
pub(super) async fn follow(job: &JobContext, task: &Task, urls: &[String], depth: i32) -> Result<(), JobError> {
    let sync = (task.source.id, job.id());
    job.app
        .store
        .tenant(job.tenant(), async |tx| {
            if sources::add(tx, sync, urls, depth, max_pages(task)).await? > 0 {
                sources::note_blind(tx, sync).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    Ok(())
}

/// Something that lists pages could not be read.
pub(super) async fn record_failure(job: &JobContext, task: &Task, url: &Url, reason: &str) -> Result<(), JobError> {
    let sync = (task.source.id, job.id());
    let recorded = Recorded {
        url: url.as_str(),
        status: ItemStatus::Failed,
        reason: Some(reason),
        fetched: true,
        canonical_url: None,
        document_id: None,
        version: None,
    };
    job.app
        .store
        .tenant(job.tenant(), async |tx| {
            sources::note_blind(tx, sync).await?;
            if url.as_str().len() <= 1024 {
                sources::hold(tx, job.held(), task.source.id).await?;
                sources::add(tx, sync, &[url.as_str().to_owned()], 0, i32::MAX).await?;
                sources::record(tx, job.held(), task.source.id, &recorded).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    Ok(())
}

fn max_pages(task: &Task) -> i32 {
    i32::try_from(task.config.max_pages).unwrap_or(i32::MAX)
}
