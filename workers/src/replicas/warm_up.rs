//! Opening replicas before anybody searches them here.
use super::open::Replicas;
use crate::JobError;
use jobs::Wanted;
use std::collections::BTreeSet;
use store::{KnowledgeBaseId, StoreError, knowledge_bases};

impl Replicas {
    /// The bases that this process can search at once: their replicas are open, and were up to date when they were opened.
    pub(crate) fn warm(&self) -> BTreeSet<KnowledgeBaseId> {
        self.inner().open.warm()
    }

    /// Resolves when [`warm`](Self::warm) has become more.
    pub(crate) async fn warmed(&self) {
        self.inner().open.warmed().await;
    }

    /// Opens the base's replica and brings it up to date. One that is to stand by takes no other's place.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn warm_up(&self, wanted: Wanted) -> Result<(), JobError> {
        let Wanted {
            tenant,
            base,
            to_search,
        } = wanted;
        let replicas = &self.inner().open;
        if !to_search && (!replicas.has_room() || replicas.did_not_fit(base)) {
            return Ok(());
        }
        let head = self
            .store()
            .tenant(tenant, async move |tx| {
                Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
            })
            .await?;
        let Some(head) = head else { return Ok(()) };
        let open = match to_search {
            true => self.open(tenant, &head.base).await?,
            false => self.open_unused(tenant, &head.base).await?,
        };
        let index = super::index::Index::of(tenant, &head.base);
        self.catch_up(index, &open, u64::try_from(head.seq).unwrap_or(0))
            .await?;
        drop(open);
        if to_search {
            self.make_room(Some(index)).await;
            return Ok(());
        }
        // It is the first to be closed where all together take too much by now.
        self.make_room(None).await;
        if replicas.find(index, false).is_none() {
            replicas.note_did_not_fit(base);
        }
        Ok(())
    }
}
