//! What became of the documents of one command.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::collect::Skipped;
use crate::client::{Job, JobState};
use crate::render::one_line;

/// Counts, and each failure by name.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    /// Documents whose content is new to the base.
    pub(crate) ingested: usize,
    /// Documents that were there already with the same content.
    pub(crate) unchanged: usize,
    pub(crate) failed: Vec<Failed>,
    /// Files of folders that were not sent.
    #[serde(skip)]
    pub(crate) skipped: usize,
    pub(crate) seconds: f64,
    pub(crate) documents_per_second: f64,
}

/// A document that did not arrive, with the system's reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failed {
    pub(crate) document: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Tally {
    /// Counts a job that has ended.
    pub(super) fn count(&mut self, document: String, job: Job) {
        let unchanged = job
            .result
            .as_ref()
            .and_then(|result| result.get("unchanged"))
            .and_then(Value::as_bool);
        match job.state {
            JobState::Succeeded if unchanged == Some(true) => self.unchanged += 1,
            JobState::Succeeded => self.ingested += 1,
            state => {
                let ended = || {
                    (
                        state.as_str().to_owned(),
                        format!("job {} ended {}", job.id, state.as_str()),
                    )
                };
                let (code, message) = job.error.map_or_else(ended, |error| (error.code, error.message));
                self.fail(document, code, message);
            }
        }
    }

    pub(super) fn fail(&mut self, document: String, code: String, message: String) {
        self.failed.push(Failed {
            document,
            code,
            message,
        });
    }

    /// Counts files that were given by themselves and could not be sent.
    pub(crate) fn refuse(&mut self, refused: Vec<Skipped>) {
        for file in refused {
            self.fail(file.path, "not_sent".to_owned(), file.reason);
        }
        self.failed.sort_by(|a, b| a.document.cmp(&b.document));
    }

    pub(super) fn finish(mut self, took: Duration) -> Self {
        self.failed.sort_by(|a, b| a.document.cmp(&b.document));
        self.seconds = took.as_secs_f64();
        let arrived = u32::try_from(self.ingested + self.unchanged).unwrap_or(u32::MAX);
        self.documents_per_second = if self.seconds > 0.0 {
            f64::from(arrived) / self.seconds
        } else {
            0.0
        };
        self
    }

    /// For people: the failures, one a line, then one line of counts.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for failed in &self.failed {
            let (document, message) = (one_line(&failed.document, 120), one_line(&failed.message, 400));
            let hint = match failed.code.as_str() {
                "invalid_utf8" => "; if it is in another encoding, --charset names that, such as windows-1252",
                _ => "",
            };
            text.push_str(&format!(
                "failed   {document}: {message} ({}){hint}\n",
                one_line(&failed.code, 60)
            ));
        }
        let skipped = match self.skipped {
            0 => String::new(),
            skipped => format!(", {skipped} skipped"),
        };
        text.push_str(&format!(
            "{} ingested, {} unchanged, {} failed{skipped} in {:.1} s ({:.1} documents/s)\n",
            self.ingested,
            self.unchanged,
            self.failed.len(),
            self.seconds,
            self.documents_per_second
        ));
        text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(state: &str, result: Value, error: Value) -> Job {
        let id = "019a0000-0000-7000-8000-000000000001";
        serde_json::from_value(
            json!({"id": id, "kind": "ingest_document", "state": state, "result": result, "error": error}),
        )
        .unwrap()
    }

    #[test]
    fn each_end_is_counted_and_each_failure_named() {
        let mut tally = Tally::default();
        let encrypted = json!({"code": "encrypted", "message": "the file\u{1b}[31m is encrypted", "retryable": false});
        tally.count("a.md".into(), job("succeeded", json!({"chunks": 3}), Value::Null));
        tally.count("b.md".into(), job("succeeded", json!({"unchanged": true}), Value::Null));
        tally.count("d.md".into(), job("cancelled", Value::Null, Value::Null));
        tally.count("c.md".into(), job("dead", Value::Null, encrypted));
        tally.fail("e.txt".into(), "invalid_utf8".into(), "`file` is not UTF-8.".into());
        tally.skipped = 3;
        let text = tally.finish(Duration::from_secs(2)).text();
        assert_eq!(
            text,
            "failed   c.md: the file\u{fffd}[31m is encrypted (encrypted)\n\
             failed   d.md: job 019a0000-0000-7000-8000-000000000001 ended cancelled (cancelled)\n\
             failed   e.txt: `file` is not UTF-8. (invalid_utf8); if it is in another encoding, --charset names that, such as windows-1252\n\
             1 ingested, 1 unchanged, 3 failed, 3 skipped in 2.0 s (1.0 documents/s)\n"
        );
    }
}
