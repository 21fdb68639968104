//! How much of the documents is in memory at once, and how large they may be, as far as the installation has said so.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

const MIB: u64 = 1024 * 1024;

/// What documents that are being sent have of memory together; a larger one is sent alone.
const MIB_AT_ONCE: u16 = 64;

/// Where documents wait until they may be read.
pub(super) struct Room {
    mib_left: Semaphore,
    too_large: Mutex<Option<TooLarge>>,
}

/// The smallest document that was too large, and what was said of it. That is enough to know what need not be sent, whoever refused it: the API or a proxy before it.
struct TooLarge {
    size: u64,
    code: String,
    message: String,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            mib_left: Semaphore::new(usize::from(MIB_AT_ONCE)),
            too_large: Mutex::new(None),
        }
    }

    /// Waits until a document of so many bytes may be read. It has its room until what is returned is dropped.
    pub(super) async fn enter(&self, size: u64) -> Option<SemaphorePermit<'_>> {
        let all = u32::from(MIB_AT_ONCE);
        let share = u32::try_from(size.div_ceil(MIB)).unwrap_or(all).clamp(1, all);
        // There is none only of a semaphore that is closed, and nobody closes this one.
        self.mib_left.acquire_many(share).await.ok()
    }

    /// What was said of a document that was no larger, where that was too large.
    pub(super) fn refusal(&self, size: u64) -> Option<(String, String)> {
        let smallest = self.too_large.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = smallest.as_ref().filter(|smallest| size >= smallest.size)?;
        Some((refused.code.clone(), refused.message.clone()))
    }

    /// Notes that a document of this size is too large. Only smaller ones are sent after it.
    pub(super) fn note_too_large(&self, size: u64, code: &str, message: &str) {
        let mut smallest = self.too_large.lock().unwrap_or_else(PoisonError::into_inner);
        if smallest.as_ref().is_none_or(|smallest| size < smallest.size) {
            *smallest = Some(TooLarge {
                size,
                code: code.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn a_document_that_is_larger_than_the_room_has_it_alone() {
        let room = Room::new();
        let small = room.enter(1).now_or_never();
        assert!(small.is_some());
        assert!(
            room.enter(300 * MIB).now_or_never().is_none(),
            "it waits for the small one"
        );
        assert!(room.enter(63 * MIB).now_or_never().is_some(), "and this one need not");
        drop(small);
        let large = room.enter(300 * MIB).now_or_never();
        assert!(large.is_some());
        assert!(room.enter(0).now_or_never().is_none());
    }

    #[test]
    fn the_smallest_that_was_refused_says_what_is_too_large() {
        let room = Room::new();
        assert_eq!(room.refusal(u64::MAX), None);
        for (size, said) in [(30, "first"), (20, "second"), (40, "third")] {
            room.note_too_large(size, "too_large", said);
        }
        assert_eq!(room.refusal(19), None);
        assert_eq!(room.refusal(20), Some(("too_large".to_owned(), "second".to_owned())));
    }
}
