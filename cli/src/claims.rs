//! The result of a check, as the API gives it and as people read it.

use serde::Deserialize;

use crate::render::{one_line, wrapped};

#[derive(Debug, Deserialize)]
pub(crate) struct CheckReport {
    pub(crate) score: f64,
    pub(crate) claims: Vec<Claim>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Claim {
    pub(crate) text: String,
    pub(crate) verdict: String,
    pub(crate) score: f64,
    #[serde(default)]
    pub(crate) evidence: Vec<Evidence>,
    /// What disagrees, where the checker tells: `number_mismatch`.
    #[serde(default)]
    pub(crate) reasons: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Evidence {
    /// Index into the sources of the request.
    pub(crate) source: usize,
    pub(crate) quote: String,
}

impl CheckReport {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for claim in &self.claims {
            text.push_str(&wrapped(&claim.text, 2));
            let reasons: Vec<String> = claim.reasons.iter().map(reason).collect();
            let because = if reasons.is_empty() {
                String::new()
            } else {
                format!(" ({})", reasons.join(", "))
            };
            text.push_str(&format!(
                "      {} {:.2}{because}\n",
                one_line(&claim.verdict, 20),
                claim.score
            ));
            for evidence in &claim.evidence {
                let quote = one_line(&evidence.quote, 160);
                text.push_str(&format!(
                    "      source {}: “{quote}”\n",
                    evidence.source.saturating_add(1)
                ));
            }
        }
        text.push_str(&format!("  score {:.2}\n", self.score));
        text
    }
}

fn reason(value: &serde_json::Value) -> String {
    let name = value
        .as_str()
        .or_else(|| value.get("code").and_then(serde_json::Value::as_str));
    one_line(
        &name.map_or_else(|| value.to_string(), |name| name.replace('_', " ")),
        80,
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_is_shown_with_its_verdict_reasons_and_evidence() {
        let report: CheckReport = serde_json::from_value(json!({"score": 0.1, "claims": [{
            "text": "It runs for 72 hours.", "verdict": "contradicted", "score": 0.1, "reasons": ["number_mismatch"],
            "evidence": [{"source": 0, "quote": "It runs for 36 hours."}],
        }]}))
        .unwrap();
        assert_eq!(
            report.text(),
            "  It runs for 72 hours.\n      contradicted 0.10 (number mismatch)\n      source 1: “It runs for 36 hours.”\n\
             \x20 score 0.10\n"
        );
    }
}
