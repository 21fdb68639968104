use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::delete::{ended, field, outcome};
use crate::client::ServerArgs;
use crate::outcome::Outcome;
use crate::render::{print, print_json};

#[derive(clap::Args)]
pub(super) struct ReingestArgs {
    #[arg(value_name = "DOCUMENT_ID")]
    id: Uuid,
    /// Wait until it is ingested, or has failed
    #[arg(long)]
    wait: bool,
    /// Print the job as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn reingest(args: ReingestArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let id = args.id.to_string();
    let send = || client.request(Method::POST, &["documents", &id, "reingest"]);
    let (_, mut job) = client.call::<Value>(send).await?;
    if args.wait {
        job = ended(&client, job).await?;
    }
    if args.json {
        print_json(&job)?;
    } else {
        print(&text(&job))?;
    }
    Ok(outcome(&job))
}

/// The job, what came of it, and why nothing did.
fn text(job: &Value) -> String {
    let mut text = format!("job  {}  {}\n", field(job, "id"), field(job, "state"));
    if let Some(result) = job.get("result").filter(|result| !result.is_null()) {
        let number = |name: &str| result.get(name).and_then(Value::as_u64).unwrap_or_default();
        text.push_str(&format!(
            "chunks  {} ({} embedded)\n",
            number("chunks"),
            number("embedded")
        ));
    }
    if let Some(error) = job.get("error").filter(|error| !error.is_null()) {
        text.push_str(&format!(
            "error  {}: {}\n",
            field(error, "code"),
            field(error, "message")
        ));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn who_waits_is_told_what_came_of_it() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(202, json!({"id": id, "state": "queued"})),
            reply(200, json!({"id": id, "state": "succeeded"})),
        ])
        .await;
        let args = ReingestArgs {
            id,
            wait: true,
            json: false,
            server: fake.server(),
        };
        assert_eq!(reingest(args).await.unwrap(), Outcome::Done);
        assert_eq!(fake.requests()[0].line, format!("POST /v1/documents/{id}/reingest"));
    }

    #[test]
    fn what_was_made_and_why_nothing_was_is_said() {
        let done = json!({"id": "a-job", "state": "succeeded", "result": {"chunks": 3, "embedded": 1}, "error": null});
        assert_eq!(text(&done), "job  a-job  succeeded\nchunks  3 (1 embedded)\n");
        let dead = json!({"id": "a-job", "state": "dead", "result": null, "error": {"code": "encrypted", "message": "It is locked."}});
        assert_eq!(text(&dead), "job  a-job  dead\nerror  encrypted: It is locked.\n");
    }
}
