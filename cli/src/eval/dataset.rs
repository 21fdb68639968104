//! A data set in the layout of BEIR (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels.tsv.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;
use retrieval::evaluation::Judged;
use serde::Deserialize;

use crate::ingest::{Content, NewDocument};
use crate::outcome::Advised;

/// A data set as it was read.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// Name of its folder.
    pub(crate) name: String,
    pub(crate) documents: Vec<NewDocument>,
    /// The queries that have a relevant document, in the order of queries.jsonl.
    pub(crate) queries: Vec<QueryCase>,
}

#[derive(Debug, Clone)]
pub(crate) struct QueryCase {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) judged: Judged,
}

#[derive(Deserialize)]
struct CorpusLine {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
pub(super) struct QueryLine {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) text: String,
}

impl Dataset {
    /// Reads the three files.
    ///
    /// # Errors
    /// A file that is missing, or the first line that is not as it should be, by its number.
    pub(crate) fn read(dir: &Path) -> anyhow::Result<Self> {
        let root = dir
            .canonicalize()
            .with_context(|| format!("cannot open {}", dir.display()))?;
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut documents = Vec::new();
        each_line(&root.join("corpus.jsonl"), |_, line| {
            documents.extend(document(serde_json::from_str(line)?));
            Ok(())
        })?;
        let mut judgements = HashMap::new();
        read_judgements(&root.join("qrels.tsv"), &mut judgements)?;
        let mut queries = Vec::new();
        each_line(&root.join("queries.jsonl"), |_, line| {
            let QueryLine { id, text } = serde_json::from_str(line)?;
            let judged = judgements.remove(&id).unwrap_or_default();
            if judged.values().any(|relevance| *relevance > 0) {
                queries.push(QueryCase { id, text, judged });
            }
            Ok(())
        })?;
        if documents.is_empty() || queries.is_empty() {
            let help =
                "corpus.jsonl has {_id, title, text}, queries.jsonl {_id, text}, qrels.tsv query-id, corpus-id, score";
            return Err(Advised::new(format!("{} has no documents or no judged queries", dir.display()), help).into());
        }
        Ok(Self {
            name,
            documents,
            queries,
        })
    }
}

/// What a file of query-id, corpus-id and score, separated by tabs, says: by query.
///
/// # Errors
/// The first line that is not so, by its number; a header may come first.
pub(super) fn read_judgements(path: &Path, judgements: &mut HashMap<String, Judged>) -> anyhow::Result<()> {
    each_line(path, |number, line| {
        let mut fields = line.split('\t');
        let (Some(query), Some(document), Some(relevance)) = (fields.next(), fields.next(), fields.next()) else {
            anyhow::bail!("expected query-id, corpus-id and score, separated by tabs");
        };
        match relevance.trim().parse() {
            Ok(relevance) => drop(
                judgements
                    .entry(query.into())
                    .or_default()
                    .insert(document.into(), relevance),
            ),
            Err(_) if number == 1 => {} // the header
            Err(error) => return Err(error).with_context(|| format!("the score {relevance:?}")),
        }
        Ok(())
    })
}

/// A title or a text may be missing, but not both; what is missing is not made up beyond a name for the document.
fn document(line: CorpusLine) -> Option<NewDocument> {
    let CorpusLine { id, title, text } = line;
    let content = match (title.trim().is_empty(), text.trim().is_empty()) {
        (true, true) => return None,
        (true, false) => Content::Text {
            title: id.clone(),
            text,
        },
        (false, true) => Content::Text {
            text: title.clone(),
            title,
        },
        (false, false) => Content::Text { title, text },
    };
    Some(NewDocument {
        external_id: id,
        content,
    })
}

pub(super) fn each_line(path: &Path, mut read: impl FnMut(usize, &str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let here = || format!("{}, line {}", path.display(), index + 1);
        let line = line.with_context(here)?;
        if !line.trim().is_empty() {
            read(index + 1, &line).with_context(here)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    fn dir(corpus: &str, queries: &str, qrels: &str) -> TempDir {
        let dir = TempDir::new();
        dir.write("corpus.jsonl", corpus);
        dir.write("queries.jsonl", queries);
        dir.write("qrels.tsv", qrels);
        dir
    }

    #[test]
    fn a_data_set_is_read_and_unjudged_queries_are_left_out() {
        let dir = dir(
            "{\"_id\": \"d1\", \"title\": \"T\", \"text\": \"x\"}\n{\"_id\": \"d2\", \"text\": \"y\"}\n\n{\"_id\": \"d3\"}\n",
            "{\"_id\": \"q1\", \"text\": \"one\"}\n{\"_id\": \"q2\", \"text\": \"two\"}\n{\"_id\": \"q3\", \"text\": \"three\"}\n",
            "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq3\td2\t0\n",
        );
        let set = Dataset::read(dir.path()).unwrap();
        assert_eq!(set.documents.len(), 2);
        assert_eq!(
            set.documents[1].content,
            Content::Text {
                title: "d2".into(),
                text: "y".into()
            }
        );
        assert_eq!(set.queries.len(), 1);
        assert_eq!(
            set.queries[0].judged,
            Judged::from([("d1".into(), 2), ("d2".into(), 0)])
        );
    }

    #[test]
    fn a_broken_line_is_named_by_its_number() {
        let dir = dir("{\"_id\": \"d1\", \"text\": \"x\"}\nnonsense\n", "", "");
        assert!(format!("{:#}", Dataset::read(dir.path()).unwrap_err()).contains("corpus.jsonl, line 2"));
    }

    #[test]
    fn a_score_that_is_no_number_is_refused_below_the_header() {
        let dir = dir(
            "{\"_id\": \"d1\", \"text\": \"x\"}\n",
            "",
            "query-id\tcorpus-id\tscore\nq1\td1\tmuch\n",
        );
        let error = format!("{:#}", Dataset::read(dir.path()).unwrap_err());
        assert!(error.contains("qrels.tsv, line 2: the score \"much\""), "{error}");
    }

    #[test]
    fn the_public_sets_are_read_whole() {
        #[allow(
            clippy::disallowed_methods,
            reason = "where test data lies is no setting of the product"
        )]
        let given = std::env::var_os("VISUALKIT_DATA_EVAL_DIR").map(std::path::PathBuf::from);
        let data = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
        for (name, documents, queries) in [("beir-scifact", 5183, 300), ("stackfaq", 719, 1249)] {
            let dir = data.join("retrieval").join(name);
            if !dir.is_dir() {
                println!("skipped: {} is not there", dir.display());
                continue;
            }
            let set = Dataset::read(&dir).unwrap();
            assert_eq!(
                (set.name.as_str(), set.documents.len(), set.queries.len()),
                (name, documents, queries)
            );
        }
    }
}
