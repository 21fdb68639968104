use super::jobs::parse;
use crate::client::{Job, JobState, ServerArgs, wait_for_end};
use crate::job_text::{details, line};
use crate::outcome::Outcome;
use crate::render::{print, print_json};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

#[derive(clap::Args)]
pub(super) struct SubmitArgs {
    /// The kind of job; what clients may submit stands in docs/API.md
    pub(super) kind: String,
    /// The payload, as JSON
    #[arg(long, value_name = "JSON")]
    pub(super) payload: Option<String>,
    /// Among the jobs of the tenant: 0 runs first, 2 last
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(super) priority: Option<u8>,
    /// Not before this time, such as 2026-12-24T18:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(super) run_at: Option<DateTime<Utc>>,
    /// While a job of this key has not ended, that one is shown, and no other made
    #[arg(long, value_name = "KEY")]
    pub(super) unique_key: Option<String>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=20))]
    pub(super) max_attempts: Option<u8>,
    /// Wait until it has ended; ends with 3 when it does not succeed
    #[arg(long)]
    pub(super) wait: bool,
    /// Print the job as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

impl SubmitArgs {
    fn body(&self) -> anyhow::Result<Value> {
        let payload = self.payload.as_deref().map(serde_json::from_str::<Value>);
        let given = [
            ("payload", payload.transpose().context("--payload is not JSON")?),
            ("priority", self.priority.map(Value::from)),
            ("run_at", self.run_at.map(|at| Value::from(at.to_rfc3339()))),
            ("unique_key", self.unique_key.clone().map(Value::from)),
            ("max_attempts", self.max_attempts.map(Value::from)),
        ];
        let mut body = Map::from_iter([("kind".to_owned(), json!(self.kind))]);
        body.extend(
            given
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
        Ok(body.into())
    }
}

/// Submits a job, once, however often the request has to be sent.
pub(super) async fn run(args: SubmitArgs) -> anyhow::Result<Outcome> {
    let body = args.body()?;
    let client = args.server.connect()?;
    let mut job: Value = client.post(&["jobs"], &body).await?;
    if args.wait {
        job = wait_for_end(&client, job).await?;
    }
    if args.json {
        print_json(&job)?;
    }
    let job: Job = parse(job)?;
    if !args.json {
        let text = if args.wait {
            details(&job)
        } else {
            format!("{}\n", line(&job))
        };
        print(&text)?;
    }
    Ok(Outcome::done_if(!args.wait || job.state == JobState::Succeeded))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    fn args(server: ServerArgs) -> SubmitArgs {
        SubmitArgs {
            kind: "diagnostics.sleep".into(),
            payload: Some("{\"ms\": 5}".into()),
            priority: Some(2),
            run_at: "2026-12-24T18:00:00Z".parse().ok(),
            unique_key: None,
            max_attempts: Some(1),
            wait: false,
            json: true,
            server,
        }
    }

    #[tokio::test]
    async fn what_is_given_is_submitted_and_what_is_no_json_is_not() {
        let id = uuid::Uuid::from_u128(7);
        let job = json!({"id": id, "kind": "diagnostics.sleep", "pool": "general", "state": "scheduled", "attempt": 0,
            "max_attempts": 1, "created_at": "2026-12-01T00:00:00Z"});
        let fake = Fake::answering(vec![reply(202, job)]).await;
        assert_eq!(run(args(fake.server())).await.unwrap(), Outcome::Done);
        let sent: Value = serde_json::from_str(&fake.requests()[0].body).unwrap();
        let expected = json!({"kind": "diagnostics.sleep", "payload": {"ms": 5}, "priority": 2,
            "run_at": "2026-12-24T18:00:00+00:00", "max_attempts": 1});
        assert_eq!(sent, expected);
        let wrong = SubmitArgs {
            payload: Some("{ms: 5}".into()),
            ..args(fake.server())
        };
        assert_eq!(run(wrong).await.unwrap_err().to_string(), "--payload is not JSON");
        assert_eq!(fake.requests().len(), 1);
    }
}
