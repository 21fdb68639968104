use anyhow::Context;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// How one test ended when it last ran.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TestResult {
    /// `passed` or `failed`.
    pub(crate) outcome: String,
    /// RFC 3339.
    pub(crate) at: String,
    /// Of which the source was; ends with `+` when files had been changed since.
    pub(crate) commit: String,
}

/// What `./dev test` kept of its runs: the latest result of each test.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Results {
    pub(crate) tests: HashMap<String, TestResult>,
    /// Whether there was a file to read them from.
    #[serde(skip)]
    pub(crate) found: bool,
}

impl Results {
    /// Nothing when there is no such file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => {
                let read: Self =
                    serde_json::from_slice(&bytes).with_context(|| format!("{} cannot be read", path.display()))?;
                Ok(Self { found: true, ..read })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }
}
