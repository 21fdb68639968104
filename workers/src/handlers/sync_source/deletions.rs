use crate::JobError;
use jobs::kinds::DeleteDocument;
use jobs::{Dispatch, EnqueueOptions};
use store::deletions::{NewDeletion, Target, accept};
use store::documents;
use store::sources::Unwanted;
use store::{DocumentId, JobId, StoreError, TenantTx};

/// What is to be deleted at the end of a sync, and what is not although it might be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// `Some(true)`: also what was not seen; `Some(false)`: what the site says is gone, or is not to be a document.
    pub(super) delete: Option<bool>,
    pub(super) withheld: i64,
    pub(super) because: Option<&'static str>,
}

/// How a sync went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// What the site itself says is not to be there.
    pub(super) told: Unwanted,
    /// That, and what was not seen.
    pub(super) all: Unwanted,
    pub(super) complete: bool,
    pub(super) ended_early: bool,
    pub(super) force: bool,
}

/// A site that is ill must not empty a knowledge base: a sync that ended early or may have missed something deletes nothing only because it did not see it, and
/// none deletes more than half of what there is. A person may overrule all of it.
pub(super) fn judge(evidence: &Evidence) -> Verdict {
    let Evidence { told, all, .. } = *evidence;
    if evidence.force {
        return Verdict {
            delete: Some(true),
            withheld: 0,
            because: None,
        };
    }
    let wanted = if evidence.complete { all } else { told };
    if wanted.unwanted * 2 > wanted.documents {
        return Verdict {
            delete: None,
            withheld: all.unwanted,
            because: Some("more_than_half"),
        };
    }
    let withheld = all.unwanted - wanted.unwanted;
    let because = if evidence.ended_early {
        "ended_early"
    } else {
        "incomplete"
    };
    Verdict {
        delete: Some(evidence.complete),
        withheld,
        because: (withheld > 0).then_some(because),
    }
}

/// Begins the deletion of documents as the API does: each by a job of its own. Returns how many it began, and what to push after the commit.
pub(super) async fn begin_deletions(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<(i32, Vec<Dispatch>), JobError> {
    let (mut begun, mut dispatches) = (0, Vec::new());
    for id in ids {
        let base = match documents::find(tx, *id).await {
            Ok(document) => document.knowledge_base_id,
            // Somebody deleted it by hand.
            Err(StoreError::NotFound { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        match documents::begin_deletion(tx, *id).await {
            Err(StoreError::NotFound { .. }) => continue,
            marked => marked?,
        }
        let delete = DeleteDocument {
            knowledge_base_id: base,
            document_id: *id,
        };
        let job = JobId::generate();
        let options = EnqueueOptions {
            id: Some(job),
            document_id: Some(*id),
            ..EnqueueOptions::default()
        };
        accept(
            tx,
            NewDeletion {
                job,
                target: Target::Document(*id),
                knowledge_base: base,
                requested_by: None,
            },
        )
        .await?;
        let enqueued = jobs::enqueue(tx, &delete, options).await?;
        dispatches.extend(enqueued.dispatch);
        begun += 1;
    }
    Ok((begun, dispatches))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(told: i64, all: i64, documents: i64) -> Evidence {
        let unwanted = |unwanted| Unwanted { unwanted, documents };
        Evidence {
            told: unwanted(told),
            all: unwanted(all),
            complete: true,
            ended_early: false,
            force: false,
        }
    }

    fn verdict(delete: Option<bool>, withheld: i64, because: Option<&'static str>) -> Verdict {
        Verdict {
            delete,
            withheld,
            because,
        }
    }

    #[test]
    fn what_was_not_seen_goes_only_when_everything_was_looked_at() {
        assert_eq!(judge(&of(1, 3, 10)), verdict(Some(true), 0, None));
        let incomplete = Evidence {
            complete: false,
            ..of(1, 3, 10)
        };
        assert_eq!(judge(&incomplete), verdict(Some(false), 2, Some("incomplete")));
    }

    #[test]
    fn more_than_half_goes_only_when_somebody_says_so() {
        assert_eq!(judge(&of(0, 5, 10)).delete, Some(true));
        assert_eq!(judge(&of(6, 6, 10)), verdict(None, 6, Some("more_than_half")));
        let forced = Evidence {
            force: true,
            complete: false,
            ended_early: true,
            ..of(6, 9, 10)
        };
        assert_eq!(judge(&forced), verdict(Some(true), 0, None));
    }

    #[test]
    fn a_sync_that_ended_early_deletes_only_what_the_site_says_is_gone() {
        let early = |evidence| Evidence {
            complete: false,
            ended_early: true,
            ..evidence
        };
        assert_eq!(
            judge(&early(of(1, 3, 10))),
            verdict(Some(false), 2, Some("ended_early"))
        );
        assert_eq!(judge(&early(of(0, 0, 10))), verdict(Some(false), 0, None));
        assert_eq!(judge(&early(of(6, 6, 10))), verdict(None, 6, Some("more_than_half")));
    }
}
