//! An answer with its citations and checks, as the API gives it and as people read it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::client::Finished;
use crate::render::{one_line, time, wrapped};

#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) answer: Option<String>,
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) sentences: Vec<Sentence>,
    #[serde(default)]
    pub(crate) citations: Vec<Citation>,
    #[serde(default)]
    pub(crate) support: Option<f64>,
    /// Why there is no answer: a code, a sentence, or an object with both.
    #[serde(default)]
    pub(crate) reason: Value,
    #[serde(default)]
    pub(crate) model: Option<String>,
    #[serde(default)]
    pub(crate) trace_id: Option<String>,
    /// What each step took, in milliseconds, where the system tells.
    #[serde(default)]
    pub(crate) timings: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) verdict: String,
    pub(crate) score: f64,
    #[serde(default)]
    pub(crate) citations: Vec<Uuid>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Citation {
    pub(crate) chunk_id: Uuid,
    pub(crate) document_id: Uuid,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) quote: String,
}

impl Answer {
    /// True when there is an answer and every sentence of it is supported.
    pub(crate) fn is_supported(&self) -> bool {
        self.outcome == "answered"
            && !self.sentences.is_empty()
            && self.sentences.iter().all(|sentence| sentence.verdict == "supported")
    }

    /// Each sentence with its verdict and citation numbers, then the sources by number; or why there is no answer.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for sentence in &self.sentences {
            let marks: String = sentence.citations.iter().filter_map(|id| self.number_of(*id)).collect();
            text.push_str(&wrapped(&format!("{}{marks}", sentence.text.trim_end()), 2));
            text.push_str(&format!(
                "      {} {:.2}\n",
                one_line(&sentence.verdict, 20),
                sentence.score
            ));
        }
        if self.sentences.is_empty() {
            text.push_str(&wrapped(self.answer.as_deref().unwrap_or_default(), 2));
        }
        if self.outcome != "answered" {
            let outcome = one_line(&self.outcome, 40);
            text.push_str(&wrapped(&format!("{outcome}: {}", sentence_of(&self.reason)), 2));
        }
        for (index, citation) in self.citations.iter().enumerate() {
            let (title, quote) = (one_line(&citation.title, 60), one_line(&citation.quote, 160));
            text.push_str(&format!("  [{}] {title}: “{quote}”\n", index + 1));
            if let Some(url) = &citation.url {
                text.push_str(&format!("      {}\n", one_line(url, 200)));
            }
        }
        text
    }

    fn number_of(&self, chunk: Uuid) -> Option<String> {
        let index = self.citations.iter().position(|citation| citation.chunk_id == chunk)?;
        Some(format!(" [{}]", index + 1))
    }

    /// One line: outcome, support, model, trace and time.
    pub(crate) fn summary(&self, finished: &Finished) -> String {
        let mut parts = vec![one_line(&self.outcome, 40)];
        parts.extend(self.support.map(|support| format!("support {support:.2}")));
        parts.extend(
            self.model
                .as_deref()
                .map(|model| format!("model {}", one_line(model, 60))),
        );
        parts.extend(self.trace_id.as_deref().map(|id| format!("trace {}", one_line(id, 64))));
        format!("  {} · {}\n", parts.join(" · "), self.steps(finished))
    }

    /// What each step took: waiting for a worker, what the worker did, and the whole call as seen from here.
    pub(crate) fn steps(&self, finished: &Finished) -> String {
        let job = &finished.job;
        let between = |from: Option<chrono::DateTime<chrono::Utc>>, to: Option<chrono::DateTime<chrono::Utc>>| {
            (to? - from?).to_std().ok().map(time)
        };
        let mut parts = Vec::new();
        parts.extend(between(job.created_at, job.started_at).map(|took| format!("queue {took}")));
        let timings = self.timings.iter().filter_map(|(step, ms)| Some((step, ms.as_f64()?)));
        parts.extend(timings.map(|(step, ms)| format!("{} {ms:.1} ms", one_line(step.trim_end_matches("_ms"), 30))));
        parts.extend(between(job.started_at, job.finished_at).map(|took| format!("worker {took}")));
        parts.push(format!("in all {}", time(finished.took)));
        parts.join(" · ")
    }
}

fn sentence_of(reason: &Value) -> String {
    let field = |name| reason.get(name).and_then(Value::as_str);
    match (reason.as_str(), field("message").or(field("detail")).or(field("code"))) {
        (Some(text), _) | (None, Some(text)) => text.to_owned(),
        (None, None) if reason.is_null() => "no reason was given".to_owned(),
        (None, None) => reason.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(value: Value) -> Answer {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn sentences_carry_their_verdict_and_the_numbers_of_their_sources() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let answer = answer(json!({
            "answer": "It runs for 36 hours. It does not float.", "outcome": "answered", "support": 0.97,
            "sentences": [
                {"text": "It runs for 36 hours.", "verdict": "supported", "score": 0.98, "citations": [two]},
                {"text": "It does not float.", "verdict": "supported", "score": 0.9, "citations": [one, two]},
            ],
            "citations": [
                {"chunk_id": one, "document_id": one, "title": "Lantern", "quote": "It does not\nfloat."},
                {"chunk_id": two, "document_id": one, "title": "Lantern", "quote": "36 hours", "url": "https://a.example/lantern"},
            ],
        }));
        assert!(answer.is_supported());
        assert_eq!(
            answer.text(),
            "  It runs for 36 hours. [2]\n      supported 0.98\n  It does not float. [1] [2]\n      supported 0.90\n\
             \x20 [1] Lantern: “It does not float.”\n  [2] Lantern: “36 hours”\n      https://a.example/lantern\n"
        );
    }

    #[test]
    fn an_abstention_gives_its_reason_in_whatever_form_it_came() {
        for reason in [
            json!("nothing fits"),
            json!({"code": "no_support", "message": "nothing fits"}),
        ] {
            let answer = answer(json!({"answer": null, "outcome": "abstained", "reason": reason}));
            assert_eq!(answer.text(), "  abstained: nothing fits\n");
            assert!(!answer.is_supported());
        }
    }

    #[test]
    fn steps_are_told_with_their_times() {
        let job = json!({"id": Uuid::from_u128(1), "kind": "answer", "state": "succeeded",
            "created_at": "2026-01-01T00:00:00.000Z", "started_at": "2026-01-01T00:00:00.002Z",
            "finished_at": "2026-01-01T00:00:00.050Z"});
        let took = std::time::Duration::from_millis(55);
        let finished = Finished {
            job: serde_json::from_value(job).unwrap(),
            took,
        };
        let answer = answer(json!({"outcome": "answered", "timings": {"retrieve_ms": 12.34, "note": "x"}}));
        assert_eq!(
            answer.steps(&finished),
            "queue 2.0 ms · retrieve 12.3 ms · worker 48 ms · in all 55 ms"
        );
    }
}
