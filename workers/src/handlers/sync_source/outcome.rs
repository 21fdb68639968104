use serde_json::{Value, json};
use store::sources::{ItemStatus, Version};

/// Links that are kept with an item, in bytes of JSON: a page that has more is asked for without conditions next time.
const KEPT_LINKS_BYTES_MAX: usize = 64 << 10;

/// Another address of the same page was looked at before.
pub(super) const DUPLICATE: &str = "duplicate";
/// Another source has the page's document.
pub(super) const OTHER_SOURCE: &str = "other_source";

/// What may pass by itself: such a page is asked for once more, when all others have been looked at.
pub(super) const MAY_PASS: [&str; 3] = ["server_error", "timeout", "unreachable"];

/// What came of an address.
pub(super) struct Outcome {
    pub(super) status: ItemStatus,
    pub(super) reason: Option<&'static str>,
    pub(super) was_fetched: bool,
    /// Its links are what the page has now, whether it is to be a document or not.
    pub(super) was_read: bool,
    /// In scope, each once.
    pub(super) links: Vec<String>,
    /// Its link is no link: it is as far from the start as this.
    pub(super) is_redirect: bool,
    /// It has more links than were taken.
    pub(super) cut: bool,
    /// What the page calls itself, or where it has gone for good.
    pub(super) canonical_url: Option<String>,
    pub(super) submission: Option<Submission>,
}

/// What a page is as a document.
pub(super) struct Submission {
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
    pub(super) file_name: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) hash: Vec<u8>,
}

impl Outcome {
    pub(super) fn plain(status: ItemStatus) -> Self {
        Self {
            status,
            reason: None,
            was_fetched: false,
            was_read: false,
            links: Vec::new(),
            is_redirect: false,
            cut: false,
            canonical_url: None,
            submission: None,
        }
    }

    pub(super) fn of(status: ItemStatus, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..Self::plain(status)
        }
    }

    pub(super) fn fetched(self) -> Self {
        Self {
            was_fetched: true,
            ..self
        }
    }

    /// Whether the address is to be asked for once more before anything is concluded from this.
    pub(super) fn may_pass(&self) -> bool {
        self.status == ItemStatus::Failed && self.reason.is_some_and(|reason| MAY_PASS.contains(&reason))
    }

    /// What is known of the page next time. `reason`: why it has no document after all; `links`: as they are [kept](Self::kept_links); `again`: it is to be
    /// asked for without conditions.
    pub(super) fn version<'a>(&'a self, reason: Option<&str>, links: &'a Value, again: bool) -> Option<Version<'a>> {
        if self.is_redirect && self.status == ItemStatus::Skipped {
            // It goes by another name, and what it was before is not to be taken for that.
            return Some(Version::default());
        }
        if !self.was_read {
            return None;
        }
        // Of one that has no document of its own only where it leads.
        let version = Version {
            links: Some(links),
            ..Version::default()
        };
        let is_anothers = matches!(reason, Some(DUPLICATE | OTHER_SOURCE));
        Some(match self.submission.as_ref().filter(|_| !is_anothers) {
            Some(submission) => Version {
                etag: submission.etag.as_deref().filter(|_| !again),
                last_modified: submission.last_modified.as_deref().filter(|_| !again),
                content_hash: Some(&submission.hash),
                ..version
            },
            None => version,
        })
    }

    /// The links as they are kept, and whether these are all; of too many one, which says that it leads somewhere.
    pub(super) fn kept_links(&self) -> (Value, bool) {
        let all = json!(self.links);
        if all.to_string().len() <= KEPT_LINKS_BYTES_MAX {
            return (all, true);
        }
        (json!(self.links.iter().take(1).collect::<Vec<_>>()), false)
    }
}
