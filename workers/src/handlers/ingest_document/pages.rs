use super::read::Source;
use crate::JobContext;
use crate::parser::Pages;
use documents::RecognisedPage;
use store::documents::{keep_recognised_page, recognised_pages};
use store::{BlobId, Durability, StoreError, documents as stored};

/// Pages of a document that are pictures, or pictures in it: the job says how many have been read, and another attempt finds what this one read.
pub(super) struct PagesOf<'a> {
    job: &'a JobContext,
    source: &'a Source,
}

impl<'a> PagesOf<'a> {
    pub(super) fn new(job: &'a JobContext, source: &'a Source) -> Self {
        Self { job, source }
    }
}

impl Pages for PagesOf<'_> {
    fn read(&self, done: usize, total: usize) {
        self.job
            .progress(done, Some(total), "reading pages and pictures of text");
    }

    async fn kept(&self, languages: &str) -> Result<Vec<RecognisedPage>, StoreError> {
        let (store, tenant) = (&self.job.app.store, self.job.tenant());
        let blob: BlobId = self.source.version.blob_id;
        let kept = store
            .tenant(tenant, async |tx| recognised_pages(tx, blob, languages).await)
            .await?;
        let pages = kept.into_iter().filter_map(|kept| {
            let page = usize::try_from(kept.page).ok()?;
            Some(RecognisedPage { page, hocr: kept.hocr })
        });
        Ok(pages.collect())
    }

    async fn keep(&self, languages: &str, page: &RecognisedPage) -> Result<(), StoreError> {
        let (store, tenant, held) = (&self.job.app.store, self.job.tenant(), self.job.held());
        let of = (self.source.version.document_id, self.source.version.version);
        let page = stored::RecognisedPage {
            page: i32::try_from(page.page).unwrap_or(i32::MAX),
            hocr: page.hocr.clone(),
        };
        // Losing it to a crash of the database costs reading it again: no need to wait for the disk.
        store
            .tenant_with(tenant, Durability::Relaxed, async |tx| {
                keep_recognised_page(tx, held, of, languages, &page).await
            })
            .await
    }
}
