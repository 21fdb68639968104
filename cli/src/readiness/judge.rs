use super::{Results, Row, Sources};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// All evidence passed when it last ran, and nothing is known to be open.
    Validated,
    /// Nobody has shown it.
    Unvalidated,
    /// Some evidence failed, or is not there.
    Failing,
}

impl Standing {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::Unvalidated => "unvalidated",
            Self::Failing => "failing",
        }
    }
}

/// One test that a row names.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Evidence {
    pub(crate) test: String,
    /// `passed`, `failed`, `not_run`, or `missing`: there is no such test in the source.
    pub(crate) outcome: String,
    pub(crate) at: Option<String>,
    pub(crate) commit: Option<String>,
}

/// A row, and how it stands.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Judged {
    pub(crate) number: u32,
    pub(crate) title: String,
    pub(crate) standing: Standing,
    /// Why it is not validated; of a validated row, since when its oldest evidence is.
    pub(crate) reason: String,
    pub(crate) evidence: Vec<Evidence>,
}

/// A row is no better than its worst evidence. Without the source nobody can say whether a test is there; it then counts as it last ran.
pub(crate) fn judge(row: Row, results: &Results, sources: Option<&Sources>) -> Judged {
    let evidence: Vec<Evidence> = row.tests.iter().map(|test| look(test, results, sources)).collect();
    let first = |outcome: &str| {
        evidence
            .iter()
            .find(|one| one.outcome == outcome)
            .map(|one| one.test.as_str())
    };
    let count = |outcome: &str| evidence.iter().filter(|one| one.outcome == outcome).count();
    let (standing, reason) = if let Some(test) = first("missing") {
        (Standing::Failing, format!("there is no test {test}"))
    } else if let Some(test) = first("failed") {
        (Standing::Failing, format!("{test} failed"))
    } else if let Some(open) = row.open {
        (Standing::Unvalidated, open)
    } else if evidence.is_empty() {
        (Standing::Unvalidated, "no evidence is named".to_owned())
    } else if count("passed") < evidence.len() {
        let left = evidence.len() - count("passed");
        (
            Standing::Unvalidated,
            format!("{left} of {} tests have not run here", evidence.len()),
        )
    } else {
        let oldest = evidence.iter().filter_map(|one| one.at.as_deref()).min();
        let passed = format!(
            "{} tests passed, the oldest result is of {}",
            evidence.len(),
            oldest.unwrap_or("?")
        );
        (Standing::Validated, passed)
    };
    Judged {
        number: row.number,
        title: row.title,
        standing,
        reason,
        evidence,
    }
}

fn look(test: &str, results: &Results, sources: Option<&Sources>) -> Evidence {
    let result = results.tests.get(test);
    let missing = sources.is_some_and(|sources| !sources.has_test(test));
    let outcome = match result {
        _ if missing => "missing",
        Some(result) if result.outcome == "passed" => "passed",
        Some(result) if result.outcome == "failed" => "failed",
        _ => "not_run",
    };
    Evidence {
        test: test.to_owned(),
        outcome: outcome.to_owned(),
        at: result.map(|result| result.at.clone()),
        commit: result.map(|result| result.commit.clone()),
    }
}
