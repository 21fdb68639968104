//! Documents: submissions, what became of them, and what replicas are fed.
mod delete;
mod find;
mod indexed;
mod ingest;
mod list;
mod merge_patch;
mod origin;
mod recognised_pages;
mod reingest;
mod revise;
mod revise_many;
mod submit;
mod visible;

pub use self::delete::{Erased, begin_deletion, delete, ids_of_base};
pub use self::find::{Document, DocumentState, find, find_some, ready_job};
pub use self::indexed::{
    BaseCount, IndexedChunk, IndexedCounts, IndexedDocument, count_indexed, count_of_base, first_with_chunks, indexed,
    switched_off,
};
pub use self::ingest::{Made, Named, Ready, Version, lock_for_ingest, mark_ready, mark_unchanged, version};
pub use self::list::{DocumentFilter, LOOKED_THROUGH, Listed, list};
pub(crate) use self::origin::URL;
pub use self::origin::{Origin, origins};
pub use self::recognised_pages::{RecognisedPage, forget_recognised_pages, keep_recognised_page, recognised_pages};
pub use self::reingest::{reingest, submitted_since};
pub use self::revise::{lock, revise, source_of, switch};
pub use self::revise_many::{Changes, METADATA_BYTES_MAX, Revised, revise_many};
pub use self::submit::{NewDocument, Submitted, submit};
pub use self::visible::{DocumentAcl, acls, hold_acls};
