use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;
use uuid::Uuid;

use crate::answer::Answer;
use crate::claims::CheckReport;
use crate::client::{Client, ServerArgs, find_or_create, run_interactive};
use crate::demo::{Altered, Questions, Sources, check_altered, check_answer};
use crate::eval::documents_of;
use crate::ingest::{Bars, Place, ingest};
use crate::outcome::Outcome;
use crate::render::{print, printable, wrapped};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Ask this instead of the sample questions
    #[arg(value_name = "QUESTION")]
    question: Option<String>,
    /// Folder with help-centre/ and questions.json
    #[arg(long, value_name = "DIR", default_value = "samples")]
    samples: PathBuf,
    /// Folder with the project's own documentation
    #[arg(long, value_name = "DIR", default_value = "docs")]
    docs: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

/// Ends with 3 when a document does not arrive or an answer is not as it has to be.
pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let sources = Sources::find(&args.samples, &args.docs)?;
    print(&format!(
        "Ingesting {} documents into the knowledge base \"demo\"\n",
        sources.documents.len()
    ))?;
    let base = find_or_create(&client, "demo").await?.id;
    let tally = ingest(&client, Place::base(base), sources.documents.clone(), Bars::new(false)).await?;
    print(&wrapped(&tally.text(), 2))?;

    if let Some(question) = &args.question {
        let (_, text) = ask(&client, base, question).await?;
        print(&format!("\n{text}"))?;
        return Ok(Outcome::done_if(tally.failed.is_empty()));
    }
    let asked = Questions::read(&args.samples)?;
    let names = documents_of(&client, base).await?;
    let misses = ask_all(&client, base, &asked, &names).await? + catch(&client, &sources, &asked.altered).await?;
    let held = asked.questions.len() + 1 - misses;
    print(&format!(
        "\n{held} of {} expectations hold\n",
        asked.questions.len() + 1
    ))?;
    Ok(Outcome::done_if(misses == 0 && tally.failed.is_empty()))
}

/// Asks every question and gives the number of answers that are not as they have to be.
async fn ask_all(
    client: &Client,
    base: Uuid,
    asked: &Questions,
    names: &HashMap<Uuid, String>,
) -> anyhow::Result<usize> {
    let mut misses = 0;
    for question in &asked.questions {
        let (answer, text) = ask(client, base, &question.question).await?;
        let verdict = check_answer(question, &answer, names);
        misses += usize::from(verdict.is_err());
        print(&format!("\n{text}{}", verdict_line(&verdict)))?;
    }
    Ok(misses)
}

async fn ask(client: &Client, base: Uuid, question: &str) -> anyhow::Result<(Answer, String)> {
    let body = json!({"knowledge_base_ids": [base], "question": question});
    let finished = run_interactive(client, "answers", &body)
        .await
        .with_context(|| format!("the question {question:?}"))?;
    let answer: Answer = finished.parse()?;
    let text = format!(
        "Q: {}\n{}{}",
        printable(question),
        answer.text(),
        answer.summary(&finished)
    );
    Ok((answer, text))
}

/// Has the altered sentence checked against its document; 1 when it is not caught.
async fn catch(client: &Client, sources: &Sources, altered: &Altered) -> anyhow::Result<usize> {
    let source = sources.text_of(&altered.source_document)?;
    let body = json!({"response": altered.response, "sources": [source]});
    let finished = run_interactive(client, "checks", &body)
        .await
        .context("the check of the altered sentence")?;
    let report: CheckReport = finished.parse()?;
    let verdict = check_altered(&report);
    let took = crate::render::time(finished.took);
    let title = format!(
        "Check of an altered sentence against {}",
        printable(&altered.source_document)
    );
    print(&format!(
        "\n{title}\n{}  in all {took}\n{}",
        report.text(),
        verdict_line(&verdict)
    ))?;
    Ok(usize::from(verdict.is_err()))
}

fn verdict_line(verdict: &Result<String, String>) -> String {
    match verdict {
        Ok(held) => format!("  ok: {}\n", printable(held)),
        Err(missed) => format!("  NOT AS EXPECTED: {}\n", printable(missed)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, Received, Reply, TempDir, reply};
    use serde_json::Value;

    const ID: Uuid = Uuid::from_u128(9);

    fn samples() -> TempDir {
        let dir = TempDir::new();
        dir.write("samples/help-centre/refunds.md", "Refunds take 5 days.");
        let asked = json!({
            "questions": [
                {"question": "How long do refunds take?", "expect_document": "refunds.md", "kind": "answer"},
                {"question": "Who is the king?", "kind": "abstain"},
            ],
            "altered": {"response": "Refunds take 9 days.", "source_document": "refunds.md"},
        });
        dir.write("samples/questions.json", asked.to_string());
        dir
    }

    fn system(request: &Received, altered_verdict: &str) -> Reply {
        let answered = json!({"outcome": "answered", "citations": [{"chunk_id": ID, "document_id": ID}],
            "sentences": [{"text": "Refunds take 5 days.", "verdict": "supported", "score": 1.0, "citations": [ID]}]});
        let checked = json!({"score": 0.0, "claims": [{"text": "x", "verdict": altered_verdict, "score": 0.0}]});
        let job = |result: Value| {
            reply(
                200,
                json!({"id": ID, "kind": "k", "state": "succeeded", "result": result}),
            )
        };
        let list = |row: Value| reply(200, json!({"data": [row], "next_cursor": null}));
        match request.line.split('?').next().unwrap() {
            "GET /v1/knowledge-bases" => list(json!({"id": ID, "name": "demo"})),
            line if line.starts_with("GET") && line.ends_with("/documents") => {
                list(json!({"id": ID, "external_id": "help-centre/refunds.md"}))
            }
            "POST /v1/answers" if request.body.contains("king") => job(json!({"outcome": "abstained", "reason": "?"})),
            "POST /v1/answers" => job(answered),
            "POST /v1/checks" => job(checked),
            _ => job(json!({})),
        }
    }

    async fn demo(altered_verdict: &'static str) -> Outcome {
        let fake = Fake::serving(move |request| system(request, altered_verdict)).await;
        let dir = samples();
        let (samples, docs) = (dir.path().join("samples"), dir.path().join("docs"));
        run(Args {
            question: None,
            samples,
            docs,
            server: fake.server(),
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn it_ends_well_when_every_expectation_holds() {
        assert_eq!(demo("contradicted").await, Outcome::Done);
    }

    #[tokio::test]
    async fn it_ends_with_a_failure_when_the_altered_sentence_passes() {
        assert_eq!(demo("supported").await, Outcome::PartlyFailed);
    }
}
