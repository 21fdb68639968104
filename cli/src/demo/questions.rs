//! samples/questions.json.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// What the demonstration asks.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Questions {
    pub(crate) questions: Vec<Question>,
    /// A sentence of a document with one detail changed, which the checker must not let pass.
    pub(crate) altered: Altered,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Question {
    pub(crate) question: String,
    pub(crate) kind: Kind,
    /// The document that must be cited: its path, or the end of it. Only for questions that have an answer.
    #[serde(default)]
    pub(crate) expect_document: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// There is an answer.
    Answer,
    /// Nothing supports an answer, and the system has to say so.
    Abstain,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Altered {
    pub(crate) response: String,
    pub(crate) source_document: String,
}

impl Questions {
    /// Reads `questions.json` in the folder of the samples.
    ///
    /// # Errors
    /// The file is missing or is not as described here.
    pub(crate) fn read(samples: &Path) -> anyhow::Result<Self> {
        let path = samples.join("questions.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not understood", path.display()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_committed_questions_are_understood_and_cover_every_case() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples");
        let asked = Questions::read(&samples).unwrap();
        assert!(asked.questions.iter().any(|question| question.kind == Kind::Abstain));
        let answers = asked.questions.iter().filter(|question| question.kind == Kind::Answer);
        assert!(answers.clone().count() > 0);
        assert!(answers.clone().all(|question| question.expect_document.is_some()));
    }
}
