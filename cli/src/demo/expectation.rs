//! Whether what came out is what had to.

use std::collections::HashMap;

use uuid::Uuid;

use super::questions::{Kind, Question};
use super::sources::is_document;
use crate::answer::Answer;
use crate::claims::CheckReport;

/// `Ok` says what held, `Err` what did not.
pub(crate) type Verdict = Result<String, String>;

/// Checks an answer. `names` has the external id of each document.
pub(crate) fn check_answer(question: &Question, answer: &Answer, names: &HashMap<Uuid, String>) -> Verdict {
    match question.kind {
        Kind::Abstain if answer.outcome == "abstained" => Ok("it says that it does not know".into()),
        Kind::Abstain => Err(format!(
            "it should have abstained, but the outcome is {}",
            answer.outcome
        )),
        Kind::Answer if answer.outcome != "answered" => Err(format!("no answer: the outcome is {}", answer.outcome)),
        Kind::Answer if !answer.is_supported() => Err("a sentence is not supported by its source".into()),
        Kind::Answer => check_citation(question, answer, names),
    }
}

fn check_citation(question: &Question, answer: &Answer, names: &HashMap<Uuid, String>) -> Verdict {
    let Some(expected) = &question.expect_document else {
        return Ok("every sentence is supported".into());
    };
    let cited = answer
        .citations
        .iter()
        .filter_map(|citation| names.get(&citation.document_id));
    if cited.clone().any(|name| is_document(name, expected)) {
        return Ok(format!("cites {expected}, every sentence is supported"));
    }
    let mut cited: Vec<&str> = cited.map(String::as_str).collect();
    if cited.is_empty() {
        cited.push("nothing");
    }
    Err(format!("it should cite {expected}, but cites {}", cited.join(", ")))
}

/// Checks that an altered sentence was caught.
pub(crate) fn check_altered(report: &CheckReport) -> Verdict {
    match report.claims.iter().find(|claim| claim.verdict != "supported") {
        Some(claim) => Ok(format!("caught: {}", claim.verdict)),
        None => Err("the altered sentence passed the check".into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn question(kind: Kind) -> Question {
        Question {
            question: "q".into(),
            kind,
            expect_document: Some("refunds.md".into()),
        }
    }

    fn answer(outcome: &str, verdict: &str, document: u128) -> Answer {
        let document = Uuid::from_u128(document);
        serde_json::from_value(json!({
            "outcome": outcome, "sentences": [{"text": "x", "verdict": verdict, "score": 1.0}],
            "citations": [{"chunk_id": document, "document_id": document}],
        }))
        .unwrap()
    }

    #[test]
    fn an_answer_must_be_supported_and_cite_the_right_document() {
        let names = HashMap::from([
            (Uuid::from_u128(1), "help-centre/refunds.md".to_owned()),
            (Uuid::from_u128(2), "help-centre/plans.md".to_owned()),
        ]);
        let check = |answer: &Answer| check_answer(&question(Kind::Answer), answer, &names);
        assert!(check(&answer("answered", "supported", 1)).is_ok());
        let wrong = check(&answer("answered", "supported", 2)).unwrap_err();
        assert_eq!(wrong, "it should cite refunds.md, but cites help-centre/plans.md");
        assert!(
            check(&answer("answered", "supported", 3))
                .unwrap_err()
                .ends_with("cites nothing")
        );
        assert!(check(&answer("answered", "unsupported", 1)).is_err());
        assert!(check(&answer("abstained", "supported", 1)).is_err());
    }

    #[test]
    fn a_question_without_an_answer_must_not_get_one() {
        let check = |outcome| {
            check_answer(
                &question(Kind::Abstain),
                &answer(outcome, "supported", 1),
                &HashMap::new(),
            )
        };
        assert!(check("abstained").is_ok());
        assert!(check("answered").is_err());
    }

    #[test]
    fn an_altered_sentence_that_passes_is_a_failure() {
        let report = |verdict: &str| -> CheckReport {
            let claims = json!([{"text": "x", "verdict": verdict, "score": 0.5}]);
            serde_json::from_value(json!({"score": 0.5, "claims": claims})).unwrap()
        };
        assert!(check_altered(&report("contradicted")).is_ok());
        assert!(check_altered(&report("supported")).is_err());
    }
}
