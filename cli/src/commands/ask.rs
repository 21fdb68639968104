use serde_json::json;
use uuid::Uuid;

use super::looked_at::LookedAt;
use crate::answer::Answer;
use crate::client::{KnowledgeBase, ServerArgs, find_bases, find_collections, run_interactive};
use crate::outcome::Outcome;
use crate::render::{print, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The question, as one argument
    #[arg(value_name = "QUESTION")]
    question: String,
    /// A knowledge base, by name or id; may be given more than once
    #[arg(long, required = true, value_name = "NAME")]
    kb: Vec<String>,
    /// Read only documents of this collection, by name or id; may be given more than once
    #[arg(long, value_name = "NAME")]
    collection: Vec<String>,
    #[command(flatten)]
    looked_at: LookedAt,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// An abstention is an honest answer: it ends with 0 too.
pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let bases: Vec<Uuid> = find_bases(&client, &args.kb)
        .await?
        .iter()
        .map(|base: &KnowledgeBase| base.id)
        .collect();
    let mut body = json!({"knowledge_base_ids": bases, "question": args.question});
    let collections = find_collections(&client, &bases, &args.collection).await?;
    if let Some(fields) = body.as_object_mut() {
        fields.extend((!collections.is_empty()).then(|| ("collection_ids".to_owned(), json!(collections))));
    }
    args.looked_at.add_to(&mut body);
    let finished = run_interactive(&client, "answers", &body).await?;
    if args.json {
        print_json(&finished.result())?;
    } else {
        let answer: Answer = finished.parse()?;
        print(&format!("{}\n{}", answer.text(), answer.summary(&finished)))?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[tokio::test]
    async fn the_question_goes_to_the_bases_that_were_named() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [{"id": id, "name": "docs"}], "next_cursor": null})),
            reply(
                200,
                json!({"id": id, "kind": "answer", "state": "succeeded", "result": {"outcome": "abstained"}}),
            ),
        ])
        .await;
        let args = Args {
            question: "Why?".into(),
            kb: vec!["docs".into()],
            collection: Vec::new(),
            looked_at: LookedAt::default(),
            json: false,
            server: fake.server(),
        };
        assert_eq!(run(args).await.unwrap(), Outcome::Done);
        let body: serde_json::Value = serde_json::from_str(&fake.requests()[1].body).unwrap();
        assert_eq!(body, json!({"knowledge_base_ids": [id], "question": "Why?"}));
    }
}
