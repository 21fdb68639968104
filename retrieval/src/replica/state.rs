use std::fmt;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use serde::{Deserialize, Serialize};
use tantivy::Searcher;
use uuid::Uuid;

use super::disk::Layout;
use super::options::ReplicaOptions;
use crate::acl::Viewer;
use crate::allowed::Allowed;
use crate::change::Place;
use crate::documents::{DocumentNumber, Documents};
use crate::error::{Error, Result};
use crate::keyword::KeywordIndex;
use crate::vectors::{FlatVectors, VectorFile};

/// A searchable copy of one knowledge base, at a known place of its change log.
///
/// Calls block; run them on a blocking pool. Searches run side by side and beside an `apply`, and see the base either
/// before it or after it. The directory belongs to one handle until [`Replica::close`] or drop; without `close` the
/// next [`Replica::open`] starts from empty.
pub struct Replica {
    /// Tells it from every other that this process has or had open.
    pub(super) id: u64,
    pub(super) options: ReplicaOptions,
    pub(super) layout: Layout,
    pub(super) keyword: KeywordIndex,
    state: RwLock<State>,
    writer: Mutex<Writer>,
    /// That of the state.
    pub(super) cursor: AtomicU64,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// What a search looks at. Keyword index, documents and vectors change together, under one lock.
pub(super) struct State {
    pub(super) searcher: Searcher,
    pub(super) documents: Documents,
    pub(super) vectors: FlatVectors,
    pub(super) cursor: u64,
    pub(super) era: Option<Uuid>,
    pub(super) remains: Remains,
}

/// What the files of a replica still hold of documents that are no longer in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remains {
    Nothing,
    /// Versions that newer ones replaced, and documents that are hidden.
    Replaced,
    /// Documents that were deleted; perhaps replaced versions as well.
    #[default]
    Deleted,
}

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The number of the last change that searches see.
    pub cursor: u64,
    /// What of before is left on the disk.
    pub remains: Remains,
}

/// What only changes need. Taken before [`State`], never after.
pub(super) struct Writer {
    pub(super) phase: Phase,
    pub(super) vector_file: VectorFile,
    pub(super) next_number: DocumentNumber,
    /// The checksum of the table of documents as it stands on disk; `None` once the replica has changed.
    pub(super) saved_documents: Option<u32>,
    /// Held while the replica is open.
    pub(super) lock: Option<File>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// A change has begun. It stays so if the change fails or panics: then the legs may differ. Also of what is not to be trusted any more.
    Changing,
    Closed,
}

impl Replica {
    pub(super) fn assemble(
        options: ReplicaOptions,
        layout: Layout,
        keyword: KeywordIndex,
        state: State,
        writer: Writer,
    ) -> Self {
        Self {
            id: NEXT_ID.fetch_add(1, Relaxed),
            options,
            layout,
            keyword,
            cursor: AtomicU64::new(state.cursor),
            state: RwLock::new(state),
            writer: Mutex::new(writer),
        }
    }

    /// The number of the last change the replica holds; 0 for none. Waits for nobody: a search may hold the state for long, and a change waits behind it.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.cursor.load(Relaxed)
    }

    /// Where it stands in the base's change log.
    pub fn place(&self) -> Result<Place> {
        let state = self.read()?;
        Ok(Place {
            seq: state.cursor,
            era: state.era,
        })
    }

    /// Counts as broken from now on: what it holds is not what its base means.
    pub fn distrust(&self) -> Result<()> {
        self.writer()?.phase = Phase::Changing;
        Ok(())
    }

    /// Whether a change failed half-way: it must be [`give_up`](Self::give_up)n and opened again. Not while one is at work.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let writer = match self.writer.try_lock() {
            Ok(writer) => writer.phase == Phase::Changing,
            Err(TryLockError::Poisoned(_)) => true,
            Err(TryLockError::WouldBlock) => false,
        };
        writer || self.state.is_poisoned()
    }

    /// Gives up the directory of a replica that is broken: whoever opens it next begins from empty.
    pub fn give_up(&self) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.phase = Phase::Closed;
        writer.lock = None;
    }

    pub fn standing(&self) -> Result<Standing> {
        let state = self.read()?;
        Ok(Standing {
            cursor: state.cursor,
            remains: state.remains,
        })
    }

    pub fn document_count(&self) -> Result<usize> {
        Ok(self.read()?.documents.len())
    }

    pub fn chunk_count(&self) -> Result<usize> {
        Ok(self.read()?.documents.chunk_count())
    }

    /// What the vectors take of main memory, by far the largest part of an open replica that has them.
    pub fn vector_bytes(&self) -> Result<usize> {
        Ok(size_of_val(self.read()?.vectors.values()))
    }

    /// What vectors and documents take of main memory, about. The keyword index is mapped from the disk, whose pages the system takes back when it
    /// needs them.
    pub fn memory_bytes(&self) -> Result<usize> {
        let state = self.read()?;
        Ok(size_of_val(state.vectors.values()) + state.documents.memory_bytes())
    }

    /// The keyword index as searches see it now, and what of it the viewer may see.
    pub(crate) fn seen_by(&self, viewer: &Viewer) -> Result<(Searcher, Allowed)> {
        let state = self.read()?;
        Ok((state.searcher.clone(), Allowed::seen_by(viewer, &state.documents)))
    }

    /// A panic while the lock was held for writing leaves the legs unequal: [`Error::Broken`].
    pub(super) fn read(&self) -> Result<RwLockReadGuard<'_, State>> {
        self.state.read().map_err(|_| Error::Broken)
    }

    pub(super) fn write(&self) -> Result<RwLockWriteGuard<'_, State>> {
        self.state.write().map_err(|_| Error::Broken)
    }

    /// The writer of a replica that can be changed.
    pub(super) fn writer(&self) -> Result<MutexGuard<'_, Writer>> {
        let writer = self.writer.lock().map_err(|_| Error::Broken)?;
        match writer.phase {
            Phase::Open => Ok(writer),
            Phase::Changing => Err(Error::Broken),
            Phase::Closed => Err(Error::Closed),
        }
    }
}

impl fmt::Debug for Replica {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Replica")
            .field("directory", &self.layout.root)
            .finish_non_exhaustive()
    }
}
