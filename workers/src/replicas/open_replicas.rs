use super::index::Index;
use super::open::OpenReplica;
use lru::LruCache;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::KnowledgeBaseId;
use tokio::sync::{Mutex as AsyncMutex, Notify};

/// Indexes share doors: two that meet at one wait for each other, which costs time and nothing else.
const DOORS: usize = 64;
/// A standby that did not fit is tried again after so long.
const UNFIT_FOR: Duration = Duration::from_mins(10);

/// The replicas that a process has open, and how many and how large they may be.
pub(super) struct OpenReplicas {
    state: Mutex<State>,
    /// Held by whoever opens, closes or deletes a replica: its directory has one holder at a time.
    doors: Vec<AsyncMutex<()>>,
    hasher: RandomState,
    most: usize,
    most_bytes: usize,
    /// Rung when one more is warm.
    warmed: Notify,
}

struct State {
    /// The least recently used last.
    open: LruCache<Index, Arc<OpenReplica>>,
    /// When a search last asked for it, of those that are closed too.
    used: HashMap<Index, Instant>,
    /// When a standby was last closed again for want of memory.
    did_not_fit: HashMap<KnowledgeBaseId, Instant>,
}

impl State {
    fn bytes(&self) -> usize {
        self.open.iter().map(|(_, open)| open.bytes.load(Relaxed)).sum()
    }
}

impl OpenReplicas {
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            state: Mutex::new(State {
                open: LruCache::unbounded(),
                used: HashMap::new(),
                did_not_fit: HashMap::new(),
            }),
            doors: (0..DOORS).map(|_| AsyncMutex::new(())).collect(),
            hasher: RandomState::new(),
            most,
            most_bytes,
            warmed: Notify::new(),
        }
    }

    /// The replica, if it is open. With `used`, it becomes the most recently used one.
    pub(super) fn find(&self, index: Index, used: bool) -> Option<Arc<OpenReplica>> {
        let mut state = self.state();
        if !used {
            return state.open.peek(&index).cloned();
        }
        let found = state.open.get(&index).cloned()?;
        state.used.insert(index, Instant::now());
        Some(found)
    }

    /// Without `used`, it is the first to be closed when there are too many.
    pub(super) fn insert(&self, index: Index, replica: Arc<OpenReplica>, used: bool) {
        let mut state = self.state();
        state.open.push(index, replica);
        if used {
            state.used.insert(index, Instant::now());
        } else {
            state.open.demote(&index);
        }
        metrics::gauge!("replicas_open").set(state.open.len() as f64);
    }

    /// The replica, which is open no more; whoever asks holds its door.
    pub(super) fn take(&self, index: Index) -> Option<Arc<OpenReplica>> {
        let mut state = self.state();
        let taken = state.open.pop(&index);
        metrics::gauge!("replicas_open").set(state.open.len() as f64);
        taken
    }

    pub(super) fn forget(&self, index: Index) {
        self.state().used.remove(&index);
    }

    pub(super) fn all(&self) -> Vec<Index> {
        self.state().open.iter().map(|(index, _)| *index).collect()
    }

    pub(super) fn last_used(&self, index: Index) -> Option<Instant> {
        self.state().used.get(&index).copied()
    }

    /// The least recently used one, while there are too many or they take too much memory: never `keep`, nor one that somebody is about to search or
    /// change. Such a one counts as closed already, because it will be when they are done: no other is closed for it.
    pub(super) fn surplus(&self, keep: Option<Index>) -> Option<Index> {
        let state = self.state();
        let bytes = state.bytes();
        metrics::gauge!("replica_memory_bytes").set(bytes as f64);
        let (mut most, mut bytes) = (state.open.len(), bytes);
        for (index, open) in state.open.iter().rev().filter(|(index, _)| Some(**index) != keep) {
            if most <= self.most && bytes <= self.most_bytes {
                return None;
            }
            if is_unused(open) {
                return Some(*index);
            }
            most -= 1;
            bytes = bytes.saturating_sub(open.bytes.load(Relaxed));
        }
        None
    }

    /// As [`take`](Self::take), if nobody is about to search or change it.
    pub(super) fn take_unused(&self, index: Index) -> Option<Arc<OpenReplica>> {
        let mut state = self.state();
        state.open.peek(&index).filter(|open| is_unused(open))?;
        let taken = state.open.pop(&index);
        metrics::gauge!("replicas_open").set(state.open.len() as f64);
        taken
    }

    pub(super) fn set_warm(&self, replica: &OpenReplica) {
        if !replica.warm.swap(true, Relaxed) {
            self.warmed.notify_one();
        }
    }

    /// Resolves when one more is warm.
    pub(super) async fn warmed(&self) {
        self.warmed.notified().await;
    }

    /// The bases that can be searched at once.
    pub(super) fn warm(&self) -> BTreeSet<KnowledgeBaseId> {
        let state = self.state();
        let warm = state.open.iter().filter(|(_, open)| open.warm.load(Relaxed));
        warm.map(|(index, _)| index.base).collect()
    }

    /// Whether one more can be opened without another's being closed for it.
    pub(super) fn has_room(&self) -> bool {
        let state = self.state();
        state.open.len() < self.most && state.bytes() < self.most_bytes
    }

    /// Whether it was too large to stand by a while ago: opening it again and again would read its files for nothing.
    pub(super) fn did_not_fit(&self, base: KnowledgeBaseId) -> bool {
        let mut state = self.state();
        state.did_not_fit.retain(|_, at| at.elapsed() < UNFIT_FOR);
        state.did_not_fit.contains_key(&base)
    }

    pub(super) fn note_did_not_fit(&self, base: KnowledgeBaseId) {
        self.state().did_not_fit.insert(base, Instant::now());
    }

    pub(super) fn door(&self, index: Index) -> &AsyncMutex<()> {
        let place = usize::try_from(self.hasher.hash_one(index)).unwrap_or(0) % DOORS;
        #[allow(
            clippy::indexing_slicing,
            reason = "the place is below DOORS, of which there are as many"
        )]
        &self.doors[place]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this is the only place that has it; others get it from here, under the same lock.
fn is_unused(open: &Arc<OpenReplica>) -> bool {
    Arc::strong_count(open) == 1
}
