use std::path::{Path, PathBuf};

use answers::{SentenceKind, split_sentences};

/// One labelled pair.
#[derive(Clone)]
pub(crate) struct Example {
    pub(crate) source: String,
    pub(crate) claim: String,
    pub(crate) supported: bool,
}

/// The grounding sets. Weights and thresholds are fitted on some and reported on the others.
pub(crate) struct Sets {
    named: Vec<(&'static str, bool, Vec<Example>)>,
}

impl Sets {
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &[Example])> {
        self.named
            .iter()
            .map(|(name, _, examples)| (*name, examples.as_slice()))
    }

    pub(crate) fn is_fitted(&self, name: &str) -> bool {
        self.named.iter().any(|(own, fitted, _)| *own == name && *fitted)
    }

    pub(crate) fn fitting(&self) -> impl Iterator<Item = &Example> {
        self.named
            .iter()
            .filter(|(_, fitted, _)| *fitted)
            .flat_map(|(_, _, examples)| examples)
    }

    /// True sentences with the text they stand in, from sets that were not fitted on: what altered copies are made of.
    pub(crate) fn held_out_sentences(&self) -> Vec<(String, String)> {
        self.sentences(false)
    }

    pub(crate) fn fitting_sentences(&self) -> Vec<(String, String)> {
        self.sentences(true)
    }

    fn sentences(&self, fitted: bool) -> Vec<(String, String)> {
        let mut sources: Vec<&str> = self
            .named
            .iter()
            .filter(|set| set.1 == fitted)
            .flat_map(|set| &set.2)
            .map(|example| example.source.as_str())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        let mut found = Vec::new();
        for source in sources {
            let sentences = split_sentences(source)
                .into_iter()
                .filter(|sentence| sentence.kind == SentenceKind::Prose);
            let usable = sentences.filter(|sentence| (6..=40).contains(&sentence.text.split_whitespace().count()));
            found.extend(usable.take(2).map(|sentence| (sentence.text, source.to_owned())));
        }
        found
    }
}

pub(crate) fn load() -> Option<Sets> {
    let root = root().join("grounding");
    let whole = |_: &serde_json::Value| true;
    let split = |wanted: &'static str| {
        move |row: &serde_json::Value| row.pointer("/meta/split").is_some_and(|split| split == wanted)
    };
    let named = vec![
        (
            "fever-symmetric dev",
            true,
            read(&root.join("fever-symmetric"), split("dev"))?,
        ),
        (
            "fool-me-twice dev",
            true,
            read(&root.join("fool-me-twice"), split("dev"))?,
        ),
        (
            "fever-symmetric test",
            false,
            read(&root.join("fever-symmetric"), split("test"))?,
        ),
        (
            "fool-me-twice test",
            false,
            read(&root.join("fool-me-twice"), split("test"))?,
        ),
        ("q2-wow", false, read(&root.join("q2-wow"), whole)?),
        ("dialfact-small", false, read(&root.join("dialfact-small"), whole)?),
        ("scifact-claims", false, read(&root.join("scifact-claims"), whole)?),
    ];
    Some(Sets { named })
}

#[allow(
    clippy::disallowed_methods,
    reason = "an example has no configuration; only the place of the data comes from outside"
)]
fn root() -> PathBuf {
    std::env::var_os("VISUALKIT_DATA_EVAL_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"))
}

#[allow(
    clippy::indexing_slicing,
    reason = "indexing a JSON value by name gives null when it is absent"
)]
fn read(folder: &Path, keep: impl Fn(&serde_json::Value) -> bool) -> Option<Vec<Example>> {
    let text = std::fs::read_to_string(folder.join("examples.jsonl")).ok()?;
    let rows = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let examples = rows.filter(keep).filter_map(|row| {
        Some(Example {
            source: row["source"].as_str()?.to_owned(),
            claim: row["claim_or_response"].as_str()?.to_owned(),
            supported: row["label"] == "supported",
        })
    });
    Some(examples.collect())
}
