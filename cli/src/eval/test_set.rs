//! Questions for a test set: from a file of JSON lines, or a folder in the layout of BEIR.
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use retrieval::evaluation::Judged;
use serde_json::{Value, json};

use super::dataset::{QueryLine, each_line, read_judgements};
use crate::outcome::Advised;

/// The questions as the API takes them. Of a folder, those of queries.jsonl that a file of qrels/ (or qrels.tsv) judges; documents by their
/// external id.
///
/// # Errors
/// A file that is missing, or the first line that is not as it should be, by its number.
pub(crate) fn read_questions(path: &Path) -> anyhow::Result<Vec<Value>> {
    let questions = if path.is_dir() {
        read_folder(path)?
    } else {
        let mut questions = Vec::new();
        each_line(path, |_, line| {
            questions.push(serde_json::from_str(line)?);
            Ok(())
        })?;
        questions
    };
    if questions.is_empty() {
        let help =
            "a file has lines of {query, relevant: [{external_id, relevance}]}, a folder queries.jsonl and qrels/*.tsv";
        return Err(Advised::new(format!("{} has no judged questions", path.display()), help).into());
    }
    Ok(questions)
}

fn read_folder(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let mut judgements: HashMap<String, Judged> = HashMap::new();
    for file in judgement_files(folder)? {
        read_judgements(&file, &mut judgements)?;
    }
    let mut questions = Vec::new();
    each_line(&folder.join("queries.jsonl"), |_, line| {
        let QueryLine { id, text } = serde_json::from_str(line)?;
        let Some(judged) = judgements.remove(&id) else {
            return Ok(());
        };
        let mut judged: Vec<(String, i64)> = judged.into_iter().collect();
        judged.sort();
        let relevant: Vec<Value> = judged
            .into_iter()
            .map(|(document, relevance)| json!({"external_id": document, "relevance": relevance.max(0)}))
            .collect();
        questions.push(json!({"query": text, "relevant": relevant}));
        Ok(())
    })?;
    Ok(questions)
}

/// Each *.tsv of qrels/, or qrels.tsv.
fn judgement_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let split = folder.join("qrels");
    if !split.is_dir() {
        return Ok(vec![folder.join("qrels.tsv")]);
    }
    let entries = std::fs::read_dir(&split).with_context(|| format!("cannot open {}", split.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tsv") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    #[test]
    fn a_folder_gives_the_questions_that_any_split_judges() {
        let dir = TempDir::new();
        dir.write("set/queries.jsonl", "{\"_id\": \"q1\", \"text\": \"one\"}\n{\"_id\": \"q2\", \"text\": \"two\"}\n{\"_id\": \"q3\", \"text\": \"three\"}");
        dir.write(
            "set/qrels/test.tsv",
            "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td0\t0\n",
        );
        dir.write("set/qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq3\td3\t1\n");
        let questions = read_questions(&dir.path().join("set")).unwrap();
        let relevant = json!([{"external_id": "d0", "relevance": 0}, {"external_id": "d1", "relevance": 2}]);
        assert_eq!(questions[0], json!({"query": "one", "relevant": relevant}));
        assert_eq!((questions.len(), &questions[1]["query"]), (2, &json!("three")));
    }

    #[test]
    fn a_file_is_taken_line_by_line_and_a_bad_line_is_named() {
        let dir = TempDir::new();
        let file = dir.write(
            "set.jsonl",
            "{\"query\": \"one\"}\n\n{\"query\": \"two\", \"relevant\": []}\n",
        );
        assert_eq!(read_questions(&file).unwrap().len(), 2);
        let file = dir.write("bad.jsonl", "{\"query\": \"one\"}\nnonsense\n");
        assert!(format!("{:#}", read_questions(&file).unwrap_err()).contains("line 2"));
        let file = dir.write("empty.jsonl", "\n");
        assert!(read_questions(&file).is_err());
    }
}
