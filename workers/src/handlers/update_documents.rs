use crate::{Done, Handle, JobContext, JobError};
use jobs::kinds::{Placement, UpdateDocuments, UpdatedDocuments};
use store::documents::{self, Changes, DocumentFilter, DocumentState, Revised};
use store::{DocumentId, TenantTx, effects};

/// Documents per transaction, which holds them against ingests.
const BATCH: i64 = 100;

impl Handle for UpdateDocuments {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let mut done = UpdatedDocuments {
            dry_run: self.dry_run,
            ..UpdatedDocuments::default()
        };
        let message = match self.dry_run {
            true => "documents looked at",
            false => "documents gone through",
        };
        let mut before = None;
        loop {
            let filter = page(&self, before);
            let (revised, next) = job
                .app
                .store
                .tenant(job.tenant(), async |tx| change(&job, tx, &self, &filter).await)
                .await?;
            job.progress(add(&mut done, revised), None, message);
            if next.is_none() {
                return Done::with(&done);
            }
            before = next;
        }
    }
}

fn page(asked: &UpdateDocuments, before: Option<DocumentId>) -> DocumentFilter {
    let which = &asked.which;
    DocumentFilter {
        base: asked.knowledge_base_id,
        state: which.state.map(DocumentState::as_str),
        external_id: None,
        external_ids: which.external_ids.clone(),
        external_id_prefix: which.external_id_prefix.clone(),
        source: None,
        collection: which.collection_id,
        mime_type: which.mime_type.clone(),
        words: None,
        enabled: None,
        before,
        limit: BATCH,
    }
}

/// Under the job's lease: the documents of one page, and where the next begins. A repeated attempt finds those before it as they are to be.
async fn change(
    job: &JobContext,
    tx: &mut TenantTx,
    asked: &UpdateDocuments,
    filter: &DocumentFilter,
) -> Result<(Revised, Option<DocumentId>), JobError> {
    effects::hold(tx, job.held()).await?;
    let listed = documents::list(tx, filter).await?;
    let is_full = i64::try_from(listed.documents.len()).unwrap_or(i64::MAX) >= filter.limit;
    let last = listed.documents.last().map(|document| document.id);
    let next = if is_full { last } else { listed.looked_to };
    let ids: Vec<DocumentId> = listed.documents.iter().map(|document| document.id).collect();
    let changes = Changes {
        metadata: asked.metadata.as_ref(),
        acl: asked.acl.as_ref(),
        collection: asked.placement.map(Placement::collection),
        asked_at: job.job.created_at,
        dry_run: asked.dry_run,
    };
    let revised = documents::revise_many(tx, filter.base, &ids, &changes).await?;
    Ok((revised, next))
}

/// Returns how many documents that makes.
fn add(done: &mut UpdatedDocuments, page: Revised) -> usize {
    done.changed += page.changed;
    done.unchanged += page.unchanged;
    done.of_sources += page.of_sources;
    done.too_large += page.too_large;
    done.skipped += page.skipped;
    done.changed + done.unchanged + done.of_sources + done.too_large + done.skipped
}
