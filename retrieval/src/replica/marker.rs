use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::disk;
use super::options::ReplicaOptions;
use super::state::Remains;
use crate::change::Place;
use crate::documents::DocumentNumber;
use crate::error::Result;
use crate::language::Language;

/// Raised whenever files written by an older release can no longer be read or searched alike, text analysis included.
const FORMAT: u32 = 8;

/// What the directory was built for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BuiltFor {
    format: u32,
    language: Language,
    model: String,
    dimensions: usize,
    /// Whether a server has the vectors; written only where it has, so that no damage reads as if it had not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    served: bool,
}

impl BuiltFor {
    pub(super) fn now(options: &ReplicaOptions) -> Self {
        Self {
            format: FORMAT,
            language: options.language,
            model: options.model.clone(),
            dimensions: options.dimensions,
            served: options.served.is_some(),
        }
    }
}

/// Written last when a replica is closed and removed first when it is opened: with it, both legs and the table of
/// documents are whole and at one cursor; without it, nothing in the directory is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    #[serde(flatten)]
    pub(super) built_for: BuiltFor,
    pub(super) cursor: u64,
    /// That of [`crate::Place`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) era: Option<Uuid>,
    pub(super) next_number: DocumentNumber,
    /// Of a release that did not say: the most that there may be.
    #[serde(default)]
    pub(super) remains: Remains,
    pub(super) vectors_checksum: u32,
    pub(super) documents_checksum: u32,
    /// Of tantivy's list of segments, the one file of it that carries no checksum of its own.
    pub(super) keyword_checksum: u32,
}

/// Where the replica in the directory was closed; `None` for one that is open, or was not closed.
pub(crate) fn closed_at(directory: &Path) -> Option<Place> {
    let Marker { cursor, era, .. } = Marker::read(&directory.join(disk::CLEAN_MARKER))?;
    Some(Place { seq: cursor, era })
}

impl Marker {
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_vec(self).map_err(|error| crate::error::Error::io(path)(error.into()))?;
        disk::write_synced(path, &json)
    }
}
