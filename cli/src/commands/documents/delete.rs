use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::client::{ServerArgs, wait_for_end};
use crate::outcome::Outcome;
use crate::render::{one_line, print, print_json};

#[derive(clap::Args)]
pub(super) struct DeleteArgs {
    #[arg(value_name = "DOCUMENT_ID")]
    id: Uuid,
    /// Wait until its rows, bytes, chunks and vectors are gone
    #[arg(long)]
    wait: bool,
    /// Print the job as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn delete(args: DeleteArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let id = args.id.to_string();
    let send = || client.request(Method::DELETE, &["documents", &id]);
    let (_, mut job) = client.call::<Value>(send).await?;
    if args.wait {
        job = wait_for_end(&client, job).await?;
    }
    if args.json {
        print_json(&job)?;
    } else {
        let deletion = field(&job, "id");
        print(&format!(
            "{id} is found no more; `visualkit deletions show {deletion}` tells when all of it is gone\n"
        ))?;
    }
    Ok(outcome(&job))
}

pub(super) fn outcome(job: &Value) -> Outcome {
    Outcome::done_if(!has_failed(job))
}

/// Whether it is a job that ended otherwise than it should.
pub(in crate::commands) fn has_failed(job: &Value) -> bool {
    matches!(field(job, "state").as_str(), "dead" | "cancelled")
}

pub(super) fn field(of: &Value, name: &str) -> String {
    one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 300)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn who_waits_is_told_how_it_ended() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(202, json!({"id": id, "state": "queued"})),
            reply(200, json!({"id": id, "state": "running"})),
            reply(200, json!({"id": id, "state": "dead"})),
        ])
        .await;
        let args = DeleteArgs {
            id,
            wait: true,
            json: false,
            server: fake.server(),
        };
        assert_eq!(delete(args).await.unwrap(), Outcome::PartlyFailed);
        let lines: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
        let job = format!("GET /v1/jobs/{id}");
        assert_eq!(lines, [format!("DELETE /v1/documents/{id}"), job.clone(), job]);
    }
}
