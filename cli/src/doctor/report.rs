use super::{Health, Verdict};
use crate::outcome::Outcome;
use crate::render::{number_of, printable};
use serde_json::{Value, json};

/// All verdicts, in the order of the checks.
pub(crate) struct Report {
    verdicts: Vec<(&'static str, Verdict)>,
}

impl Report {
    pub(super) fn new(verdicts: Vec<(&'static str, Verdict)>) -> Self {
        Self { verdicts }
    }

    fn count(&self, health: Health) -> usize {
        self.verdicts
            .iter()
            .filter(|(_, verdict)| verdict.health == health)
            .count()
    }

    /// Problems left: 1. None, but something could not be looked at: 3.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.count(Health::Problem) > 0 {
            Outcome::Failed
        } else {
            Outcome::done_if(self.count(Health::Skipped) == 0)
        }
    }

    pub(crate) fn json(&self) -> Value {
        let checks: Vec<Value> = self
            .verdicts
            .iter()
            .map(|(name, verdict)| {
                let mut check = json!(verdict);
                if let Some(fields) = check.as_object_mut() {
                    fields.insert("name".to_owned(), json!(name));
                }
                check
            })
            .collect();
        json!({
            "checks": checks,
            "problems": self.count(Health::Problem),
            "warnings": self.count(Health::Warning),
            "repaired": self.count(Health::Repaired),
            "skipped": self.count(Health::Skipped),
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (name, verdict) in &self.verdicts {
            text.push_str(&format!(
                "{:<9} {name:<22} {}\n",
                verdict.health.as_str(),
                printable(&verdict.found)
            ));
            for example in &verdict.examples {
                text.push_str(&format!("{:34}{}\n", "", printable(example)));
            }
            let more = verdict.count.saturating_sub(verdict.examples.len());
            if more > 0 && !verdict.examples.is_empty() {
                text.push_str(&format!("{:34}and {more} more\n", ""));
            }
            if let Some(advice) = &verdict.advice {
                text.push_str(&format!("{:32}> {}\n", "", printable(advice)));
            }
        }
        text.push_str(&format!(
            "\n{}, {}, {} repaired, {} skipped, {} in order\n",
            number_of(self.count(Health::Problem) as u64, "problem"),
            number_of(self.count(Health::Warning) as u64, "warning"),
            self.count(Health::Repaired),
            self.count(Health::Skipped),
            self.count(Health::Ok)
        ));
        text
    }
}
