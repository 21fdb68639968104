use std::cmp::Reverse;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use uuid::Uuid;

use crate::change::Place;
use crate::error::{Error, Result};
use crate::replica::{CLEAN_MARKER, closed_at};

/// More processes than this on one machine point at a leak of slots, not at a need.
const MAX_SLOTS: u32 = 1024;

/// Names an index of a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexId {
    pub tenant: Uuid,
    pub knowledge_base: Uuid,
    /// Tells apart the indexes that the base has, or has had.
    pub generation: i32,
}

/// A replica's directory, as it is found on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundReplica {
    pub index: IndexId,
    pub index_version: u32,
    /// Without, nothing in it is trusted: the next process that opens it begins anew.
    pub closed_cleanly: bool,
    pub directory: PathBuf,
}

impl FoundReplica {
    /// Where it was closed; `None` for one that is open, or was not closed.
    pub fn closed_at(&self) -> Option<Place> {
        closed_at(&self.directory)
    }

    /// What its files take of the disk. One that goes meanwhile counts as nothing.
    pub fn bytes(&self) -> u64 {
        bytes_below(&self.directory)
    }

    /// When it was last closed; `None` for one that is open, or was not closed.
    pub fn last_closed(&self) -> Option<SystemTime> {
        fs::metadata(self.directory.join(CLEAN_MARKER)).ok()?.modified().ok()
    }
}

fn bytes_below(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// How the folder of a replica is called: `<index version>`, or `<index version>.<generation>` where it is not the base's first index.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ReplicaFolder {
    index_version: u32,
    generation: i32,
}

impl std::fmt::Display for ReplicaFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.generation {
            0 => write!(f, "{}", self.index_version),
            generation => write!(f, "{}.{generation}", self.index_version),
        }
    }
}

impl std::str::FromStr for ReplicaFolder {
    type Err = std::num::ParseIntError;

    fn from_str(name: &str) -> std::result::Result<Self, Self::Err> {
        let (index_version, generation) = name.split_once('.').unwrap_or((name, "0"));
        Ok(Self {
            index_version: index_version.parse()?,
            generation: generation.parse()?,
        })
    }
}

/// The folders whose names can be read as `T`.
fn folders<T: std::str::FromStr>(path: &Path) -> Vec<(T, PathBuf)> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect()
}

/// One process's own place for replicas, `root/<n>/`, held by a lock that the operating system releases when the
/// process ends, however it ends. The next process to start takes over what a finished one left there.
#[derive(Debug)]
pub struct Slot {
    directory: PathBuf,
    id: Uuid,
    _lock: File,
}

impl Slot {
    /// Takes the free slot in which most replicas were left, and with it those; where none has any, the first that is free, counted from 0.
    pub fn acquire(root: &Path) -> Result<Self> {
        let mut left: Vec<(usize, u32)> = folders::<u32>(root)
            .into_iter()
            .filter(|(number, _)| *number < MAX_SLOTS)
            .map(|(number, directory)| (replicas_in(&directory).len(), number))
            .filter(|(replicas, _)| *replicas > 0)
            .collect();
        left.sort_unstable_by_key(|(replicas, number)| (Reverse(*replicas), *number));
        // Looked at without their locks: whoever starts at the same moment would go past them.
        for (_, number) in left {
            if let Some(slot) = Self::take(root, number, |_| true)? {
                return Ok(slot);
            }
        }
        Self::first(root, |_| true)
    }

    /// Takes the first free slot in which no replica was left: those are for processes that search them.
    pub fn acquire_empty(root: &Path) -> Result<Self> {
        // Before it is locked as well: whoever looks for what was left there would go past it.
        Self::first(root, |directory| replicas_in(directory).is_empty())
    }

    fn first(root: &Path, suits: impl Fn(&Path) -> bool) -> Result<Self> {
        for number in 0..MAX_SLOTS {
            if let Some(slot) = Self::take(root, number, &suits)? {
                return Ok(slot);
            }
        }
        Err(Error::NoFreeSlot {
            root: root.to_path_buf(),
            tried: MAX_SLOTS,
        })
    }

    /// The slot, if it suits, and nobody holds it.
    fn take(root: &Path, number: u32, suits: impl Fn(&Path) -> bool) -> Result<Option<Self>> {
        let directory = root.join(number.to_string());
        if !suits(&directory) {
            return Ok(None);
        }
        fs::create_dir_all(&directory).map_err(Error::io(&directory))?;
        match lock_file(&directory.join("slot.lock")) {
            Ok(lock) if suits(&directory) => Self::holding(directory, lock).map(Some),
            Ok(_) | Err(Error::Locked(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The slots under `root` that no process holds, held from here on; none are made.
    pub fn acquire_idle(root: &Path) -> Result<Vec<Self>> {
        let mut idle = Vec::new();
        for number in 0..MAX_SLOTS {
            let directory = root.join(number.to_string());
            if !directory.join("slot.lock").is_file() {
                continue;
            }
            match lock_file(&directory.join("slot.lock")) {
                Ok(lock) => idle.push(Self::holding(directory, lock)?),
                Err(Error::Locked(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(idle)
    }

    fn holding(directory: PathBuf, lock: File) -> Result<Self> {
        let id = slot_id(&directory.join("slot.id"))?;
        Ok(Self {
            directory,
            id,
            _lock: lock,
        })
    }

    /// Names the slot wherever it is spoken of; kept in its directory, so that it outlives the process, and goes with the directory.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What is on this slot's disk.
    pub fn replicas(&self) -> Vec<FoundReplica> {
        replicas_in(&self.directory)
    }

    /// Whether anything of the index is on this slot's disk. Only a disk that can be read says that nothing is: one that is away is not empty.
    pub fn holds(&self, index: IndexId) -> Result<bool> {
        let id = self.directory.join("slot.id");
        fs::metadata(&id).map_err(Error::io(&id))?;
        let directory = self.base_dir(index);
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            entries => entries.map_err(Error::io(&directory))?,
        };
        for entry in entries {
            let name = entry.map_err(Error::io(&directory))?.file_name();
            let folder = name.to_str().and_then(|name| name.parse::<ReplicaFolder>().ok());
            if folder.is_some_and(|folder| folder.generation == index.generation) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the replica of an index lives: `root/<n>/<tenant>/<knowledge base>/<index version>[.<generation>]/`.
    pub fn replica_dir(&self, index: IndexId, index_version: u32) -> PathBuf {
        let folder = ReplicaFolder {
            index_version,
            generation: index.generation,
        };
        self.base_dir(index).join(folder.to_string())
    }

    /// Where the replica of an index was closed; `None` where none of this version lies there, or it is open, or was not closed.
    pub fn closed_at(&self, index: IndexId, index_version: u32) -> Option<Place> {
        closed_at(&self.replica_dir(index, index_version))
    }

    /// Deletes every version of an index that no longer exists, and the base's directory when nothing is left in it; close its replica first.
    pub fn remove_index(&self, index: IndexId) -> Result<()> {
        self.remove_versions(index, |_| true)?;
        let directory = self.base_dir(index);
        match fs::remove_dir(&directory) {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
                Err(Error::io(&directory)(error))
            }
            _ => Ok(()),
        }
    }

    /// Deletes what other releases left of the index: nobody brings that up to date.
    pub fn remove_other_versions(&self, index: IndexId, index_version: u32) -> Result<()> {
        self.remove_versions(index, |version| version != index_version)
    }

    fn remove_versions(&self, index: IndexId, which: impl Fn(u32) -> bool) -> Result<()> {
        for (folder, directory) in folders::<ReplicaFolder>(&self.base_dir(index)) {
            if folder.generation == index.generation && which(folder.index_version) {
                fs::remove_dir_all(&directory).map_err(Error::io(&directory))?;
            }
        }
        Ok(())
    }

    /// Takes the slots under the same root that no process holds: what a process that is gone for good left there would otherwise keep
    /// deleted documents for ever.
    pub fn abandoned(&self) -> Result<Vec<Self>> {
        self.directory.parent().map_or(Ok(Vec::new()), Self::acquire_idle)
    }

    /// Deletes every replica in the slot.
    pub fn empty(&self) -> Result<()> {
        for (_, of_tenant) in folders::<Uuid>(&self.directory) {
            fs::remove_dir_all(&of_tenant).map_err(Error::io(&of_tenant))?;
        }
        Ok(())
    }

    fn base_dir(&self, index: IndexId) -> PathBuf {
        self.directory
            .join(index.tenant.to_string())
            .join(index.knowledge_base.to_string())
    }
}

/// The replicas in the directory of a slot.
fn replicas_in(directory: &Path) -> Vec<FoundReplica> {
    let mut found = Vec::new();
    for (tenant, of_tenant) in folders::<Uuid>(directory) {
        for (knowledge_base, of_base) in folders::<Uuid>(&of_tenant) {
            for (folder, directory) in folders::<ReplicaFolder>(&of_base) {
                found.push(FoundReplica {
                    index: IndexId {
                        tenant,
                        knowledge_base,
                        generation: folder.generation,
                    },
                    index_version: folder.index_version,
                    closed_cleanly: directory.join(CLEAN_MARKER).is_file(),
                    directory,
                });
            }
        }
    }
    found
}

/// Creates the file when needed and locks it for this handle alone, or answers [`Error::Locked`] at once.
pub(crate) fn lock_file(path: &Path) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(Error::io(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked(path.to_path_buf())),
        Err(TryLockError::Error(error)) => Err(Error::io(path)(error)),
    }
}

/// The id in the file, which is made where it is missing or cannot be read. Only who holds the slot's lock may call this.
fn slot_id(path: &Path) -> Result<Uuid> {
    if let Some(id) = fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(id);
    }
    let id = Uuid::new_v4();
    fs::write(path, id.to_string()).map_err(Error::io(path))?;
    Ok(id)
}
