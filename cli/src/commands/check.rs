use serde_json::json;

use crate::claims::CheckReport;
use crate::client::{ServerArgs, run_interactive};
use crate::outcome::Outcome;
use crate::render::{print, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The text to check
    #[arg(long, value_name = "TEXT")]
    response: String,
    /// A text that it should rest on; may be given more than once
    #[arg(long, required = true, num_args = 1.., value_name = "TEXT")]
    source: Vec<String>,
    /// The question that the text answers
    #[arg(long, value_name = "TEXT")]
    question: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// A text that is not supported is a result, not a failure: it ends with 0 too.
pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let mut body = json!({"response": args.response, "sources": args.source});
    if let (Some(question), Some(fields)) = (args.question, body.as_object_mut()) {
        fields.insert("question".into(), question.into());
    }
    let finished = run_interactive(&client, "checks", &body).await?;
    if args.json {
        print_json(&finished.result())?;
    } else {
        print(&finished.parse::<CheckReport>()?.text())?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[tokio::test]
    async fn the_text_its_sources_and_the_question_are_sent() {
        let result = json!({"score": 1.0, "claims": []});
        let job = json!({"id": uuid::Uuid::nil(), "kind": "check", "state": "succeeded", "result": result});
        let fake = Fake::answering(vec![reply(200, job)]).await;
        let args = Args {
            response: "r".into(),
            source: vec!["a".into(), "b".into()],
            question: Some("q".into()),
            json: true,
            server: fake.server(),
        };
        assert_eq!(run(args).await.unwrap(), Outcome::Done);
        let body: serde_json::Value = serde_json::from_str(&fake.requests()[0].body).unwrap();
        assert_eq!(body, json!({"response": "r", "sources": ["a", "b"], "question": "q"}));
    }
}
