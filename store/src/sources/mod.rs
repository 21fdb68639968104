//! Sources: where documents come from by themselves, what was found there, and the syncs that look.
mod again;
mod deletion;
mod documents;
mod frontier;
mod items;
mod page;
mod rename;
mod save;
mod source;
mod syncs;

pub use self::again::{Again, ask_again};
pub use self::deletion::{
    Unwanted, base_of, begin_deletion, count_deleted, count_unwanted, delete, documents_of, forget_unseen, leave,
    release_unwanted,
};
pub use self::documents::is_anothers;
pub use self::frontier::{Waiting, add, next, note_put_off};
pub use self::items::{Item, ItemFilter, ItemStatus, list_items};
pub use self::page::{Recorded, Version, has_document, hold, is_claimed, record};
pub use self::rename::{Moved, Renaming, moved_here, release, rename_document};
pub use self::save::{Changes, MAX_PER_TENANT, NewSource, change, create};
pub use self::source::{Source, find, list, lock};
pub use self::syncs::{Reason, Sync, Take, end, find_sync, go_on, list_syncs, note_blind, note_seeded, reasons, take};
