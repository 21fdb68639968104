use anyhow::Context;
use serde::Deserialize;

const ROWS: &str = include_str!("../../readiness.toml");

/// A capability, and what is to show that it works.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) title: String,
    /// Names as the test runner prints them: `tests::it api::jobs::a_test`.
    #[serde(default)]
    pub(crate) tests: Vec<String>,
    /// What of it is not built, or met only a fake, or was never run.
    pub(crate) open: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Row>,
}

/// All rows, in order.
pub(crate) fn rows() -> anyhow::Result<Vec<Row>> {
    let file: File = toml::from_str(ROWS).context("readiness.toml cannot be read")?;
    Ok(file.row)
}
