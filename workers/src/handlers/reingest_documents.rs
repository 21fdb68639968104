use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{IngestDocument, ReingestDocuments, ReingestState, ReingestedDocuments};
use jobs::{Dispatch, EnqueueOptions};
use store::documents::{self, Document, DocumentFilter, DocumentState};
use store::{DocumentId, JobId, StoreError, TenantTx, effects};

/// Documents per transaction.
const BATCH: i64 = 50;
/// What the tenant submits meanwhile is ingested before.
const PRIORITY: i16 = 2;

/// What came of some documents.
#[derive(Default)]
struct Batch {
    dispatches: Vec<Dispatch>,
    submitted: usize,
    skipped: usize,
}

impl Handle for ReingestDocuments {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let mut done = ReingestedDocuments {
            submitted: 0,
            skipped: 0,
        };
        let mut before = None;
        loop {
            let filter = page(&self, before);
            let (batch, next) = job
                .app
                .store
                .tenant(job.tenant(), async |tx| submit(&job, tx, &filter).await)
                .await?;
            job.app.queue.push(&batch.dispatches).await;
            done.submitted += batch.submitted;
            done.skipped += batch.skipped;
            job.progress(done.submitted, None, "documents submitted");
            if next.is_none() {
                return Done::with(&done);
            }
            before = next;
        }
    }
}

fn page(asked: &ReingestDocuments, before: Option<DocumentId>) -> DocumentFilter {
    DocumentFilter {
        base: asked.knowledge_base_id,
        state: asked.state.map(ReingestState::as_str),
        external_id: None,
        external_ids: None,
        external_id_prefix: None,
        source: asked.source_id,
        collection: asked.collection_id,
        mime_type: asked.mime_type.clone(),
        words: None,
        enabled: None,
        before,
        limit: BATCH,
    }
}

/// Under the job's lease: the documents of one page, and where the next begins. A repeated attempt finds that those before it were submitted since the job was made.
async fn submit(
    job: &JobContext,
    tx: &mut TenantTx,
    filter: &DocumentFilter,
) -> Result<(Batch, Option<DocumentId>), JobError> {
    effects::hold(tx, job.held()).await?;
    let listed = documents::list(tx, filter).await?;
    let is_full = i64::try_from(listed.documents.len()).unwrap_or(i64::MAX) >= filter.limit;
    let last = listed.documents.last().map(|document| document.id);
    let next = if is_full { last } else { listed.looked_to };
    let mut ids: Vec<DocumentId> = listed.documents.iter().map(|document| document.id).collect();
    // As everybody locks them.
    ids.sort_unstable();
    let mut batch = Batch::default();
    for id in ids {
        match documents::lock(tx, id).await {
            Ok(document) => submit_one(job, tx, &document, &mut batch).await?,
            // Deleted meanwhile.
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((batch, next))
}

async fn submit_one(
    job: &JobContext,
    tx: &mut TenantTx,
    document: &Document,
    batch: &mut Batch,
) -> Result<(), JobError> {
    let is_pending = document.state() == DocumentState::Pending;
    if is_pending || documents::submitted_since(tx, document, job.job.created_at).await? {
        batch.skipped += 1;
        return Ok(());
    }
    let id = JobId::generate();
    let ingest = IngestDocument {
        document_id: document.id,
        version: documents::reingest(tx, document, id).await?,
    };
    let options = EnqueueOptions {
        id: Some(id),
        priority: Some(PRIORITY),
        document_id: Some(document.id),
        ..EnqueueOptions::default()
    };
    let enqueued = jobs::enqueue(tx, &ingest, options).await?;
    batch.dispatches.extend(enqueued.dispatch);
    batch.submitted += 1;
    Ok(())
}
