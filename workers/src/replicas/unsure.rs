use std::mem;
use std::sync::{Mutex, PoisonError};
use store::DocumentId;

/// What a writer has sent to the server and not yet seen to be there while the index was its own. A process that is stopped (a paused machine, say) for longer than
/// its lease goes on where it was: what it sends then comes after what others wrote meanwhile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Unsure {
    #[default]
    Nothing,
    Documents(Vec<DocumentId>),
    /// It was being taken off the server.
    Everything,
}

impl Unsure {
    /// This and what else became unsure.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Nothing, other) => other,
            (this, Self::Nothing) => this,
            (Self::Documents(mut ids), Self::Documents(others)) => {
                ids.extend(others);
                Self::Documents(ids)
            }
        }
    }
}

/// What its writer notes, and whoever waited for it asks for.
#[derive(Default)]
pub(super) struct Sent(Mutex<Unsure>);

impl Sent {
    /// Before it is sent. What was noted before is still unsure.
    pub(super) fn note(&self, unsure: Unsure) {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sent = mem::take(&mut *sent).and(unsure);
    }

    /// It was all there while the index was its writer's.
    pub(super) fn confirm(&self) {
        drop(self.take());
    }

    pub(super) fn take(&self) -> Unsure {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
