use serde::Deserialize;
use std::path::PathBuf;

/// Where this process keeps what it can rebuild.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageSettings {
    pub data_dir: PathBuf,
}
