use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::replica::CLEAN_MARKER;

/// More processes than this on one machine point at a leak of slots, not at a need.
const MAX_SLOTS: u32 = 1024;

/// A replica's directory, as it is found on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundReplica {
    pub tenant: Uuid,
    pub knowledge_base: Uuid,
    pub index_version: u32,
    /// Without, nothing in it is trusted: the next process that opens it begins anew.
    pub closed_cleanly: bool,
    pub directory: PathBuf,
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
    _lock: File,
}

impl Slot {
    /// Takes the first free slot, counted from 0.
    pub fn acquire(root: &Path) -> Result<Self> {
        for number in 0..MAX_SLOTS {
            let directory = root.join(number.to_string());
            fs::create_dir_all(&directory).map_err(Error::io(&directory))?;
            match lock_file(&directory.join("slot.lock")) {
                Ok(lock) => return Ok(Self { directory, _lock: lock }),
                Err(Error::Locked(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::NoFreeSlot {
            root: root.to_path_buf(),
            tried: MAX_SLOTS,
        })
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
                Ok(lock) => idle.push(Self { directory, _lock: lock }),
                Err(Error::Locked(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(idle)
    }

    /// What is on this slot's disk: `<tenant>/<knowledge base>/<index version>/`.
    pub fn replicas(&self) -> Vec<FoundReplica> {
        let mut found = Vec::new();
        for (tenant, of_tenant) in folders::<Uuid>(&self.directory) {
            for (knowledge_base, of_base) in folders::<Uuid>(&of_tenant) {
                for (index_version, directory) in folders::<u32>(&of_base) {
                    found.push(FoundReplica {
                        tenant,
                        knowledge_base,
                        index_version,
                        closed_cleanly: directory.join(CLEAN_MARKER).is_file(),
                        directory,
                    });
                }
            }
        }
        found
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the replica of a base lives: `root/<n>/<tenant>/<knowledge base>/<index version>/`.
    pub fn replica_dir(&self, tenant: Uuid, knowledge_base: Uuid, index_version: u32) -> PathBuf {
        self.base_dir(tenant, knowledge_base).join(index_version.to_string())
    }

    /// Deletes every index version of a base that no longer exists; close its replicas first.
    pub fn remove_base(&self, tenant: Uuid, knowledge_base: Uuid) -> Result<()> {
        let directory = self.base_dir(tenant, knowledge_base);
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&directory)(error)),
            _ => Ok(()),
        }
    }

    /// Empties the slots under the same root that no process holds, and returns how many there were: what a process that is gone for
    /// good left there would otherwise keep deleted documents for ever. A slot is held while it is emptied.
    pub fn empty_abandoned(&self) -> Result<usize> {
        let Some(root) = self.directory.parent() else {
            return Ok(0);
        };
        let mut emptied = 0;
        for number in 0..MAX_SLOTS {
            let other = root.join(number.to_string());
            if other == self.directory || !other.exists() {
                continue;
            }
            let Ok(_lock) = lock_file(&other.join("slot.lock")) else {
                continue;
            };
            let folders = fs::read_dir(&other)
                .map_err(Error::io(&other))?
                .flatten()
                .map(|entry| entry.path());
            let folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
            for folder in &folders {
                fs::remove_dir_all(folder).map_err(Error::io(folder))?;
            }
            emptied += usize::from(!folders.is_empty());
        }
        Ok(emptied)
    }

    fn base_dir(&self, tenant: Uuid, knowledge_base: Uuid) -> PathBuf {
        self.directory.join(tenant.to_string()).join(knowledge_base.to_string())
    }
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
