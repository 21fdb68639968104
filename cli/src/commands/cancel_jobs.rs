use super::all_pages::send_all;
use super::dead_letters::{items, more, skipped_text};
use super::named_jobs::all_done;
use crate::client::ServerArgs;
use crate::outcome::Outcome;
use crate::render::{one_line, print, print_json};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Which jobs, by everything that they can be listed by.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct JobFilterArgs {
    /// Only this state: scheduled, queued, running, retryable, succeeded, dead or cancelled
    #[arg(long)]
    pub(super) state: Option<String>,
    /// Only this kind, such as ingest_document
    #[arg(long)]
    pub(super) kind: Option<String>,
    /// Only this pool
    #[arg(long)]
    pub(super) pool: Option<String>,
    /// Only jobs of this batch
    #[arg(long, value_name = "BATCH_ID")]
    pub(super) batch: Option<Uuid>,
    /// Only jobs that this schedule made
    #[arg(long, value_name = "SCHEDULE_ID")]
    pub(super) schedule: Option<Uuid>,
    /// Only jobs of this document
    #[arg(long, value_name = "DOCUMENT_ID")]
    pub(super) document: Option<Uuid>,
    /// Only jobs made after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(super) created_after: Option<String>,
    /// Only jobs made before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(super) created_before: Option<String>,
}

impl JobFilterArgs {
    /// Those that were given, by the API's names.
    pub(super) fn given(&self) -> Vec<(&'static str, String)> {
        let id = |id: Option<Uuid>| id.map(|id| id.to_string());
        let all = [
            ("state", self.state.clone()),
            ("kind", self.kind.clone()),
            ("pool", self.pool.clone()),
            ("parent_id", id(self.batch)),
            ("schedule_id", id(self.schedule)),
            ("document_id", id(self.document)),
            ("created_after", self.created_after.clone()),
            ("created_before", self.created_before.clone()),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

#[derive(clap::Args)]
pub(super) struct CancelArgs {
    #[arg(value_name = "JOB_ID")]
    pub(super) ids: Vec<Uuid>,
    #[command(flatten)]
    pub(super) filter: JobFilterArgs,
    /// How many at most; without it all that match
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) limit: Option<u32>,
    /// Go on behind the jobs that a run before looked at, which named this
    #[arg(long)]
    pub(super) cursor: Option<String>,
    /// Change nothing, and show what would happen
    #[arg(long)]
    pub(super) dry_run: bool,
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

impl CancelArgs {
    /// The one job that is named and nothing else.
    pub(super) fn only_job(&self) -> Option<Uuid> {
        match self.ids.as_slice() {
            [id] if self.filter.given().is_empty() && !self.dry_run && self.cursor.is_none() => Some(*id),
            _ => None,
        }
    }

    fn body(&self) -> Map<String, Value> {
        let filters = self.filter.given().into_iter();
        let mut body: Map<String, Value> = filters.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        if !self.ids.is_empty() {
            body.insert("ids".to_owned(), json!(self.ids));
        }
        if let Some(limit) = self.limit {
            body.insert("limit".to_owned(), json!(limit));
        }
        if let Some(cursor) = &self.cursor {
            body.insert("cursor".to_owned(), json!(cursor));
        }
        body.insert("dry_run".to_owned(), json!(self.dry_run));
        body
    }
}

/// Cancels those named, or all that match.
pub(super) async fn run(args: CancelArgs) -> anyhow::Result<Outcome> {
    let (cancellation, broken_off) = send_all(&args.server.connect()?, &["jobs", "cancel"], args.body()).await?;
    let outcome = Outcome::done_if(all_done(&args.ids, &cancellation));
    if args.json {
        print_json(&cancellation)?;
    } else {
        print(&cancellation_text(&cancellation))?;
    }
    broken_off.map_or(Ok(outcome), Err)
}

fn cancellation_text(cancellation: &Value) -> String {
    let text = |of: &Value, name: &str| one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 100);
    let mut lines = String::new();
    for job in items(cancellation, "preview") {
        lines.push_str(&format!(
            "{}  {}  {}\n",
            text(job, "id"),
            text(job, "kind"),
            text(job, "state")
        ));
    }
    lines.extend(items(cancellation, "skipped").map(skipped_text));
    let count = |name| items(cancellation, name).count();
    let (cancelled, stopping) = (count("cancelled"), count("stopping"));
    let dry = cancellation.get("dry_run").and_then(Value::as_bool) == Some(true);
    lines.push_str(&match dry {
        true => format!("{cancelled} would be cancelled, {stopping} that run would be told to stop\n"),
        false => format!("{cancelled} cancelled, {stopping} that run are told to stop\n"),
    });
    lines.push_str(&more(cancellation));
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[test]
    fn a_preview_names_each_job_and_its_state() {
        let cancellation = json!({"dry_run": true, "cancelled": ["a"], "stopping": ["b"], "skipped": [{"id": "c", "reason": "deletion"}],
            "preview": [{"id": "a", "kind": "k", "state": "queued"}, {"id": "b", "kind": "k", "state": "running"}], "more": true, "next_cursor": "c"});
        assert_eq!(
            cancellation_text(&cancellation),
            "a  k  queued\nb  k  running\nskipped  c: deletion\n1 would be cancelled, 1 that run would be told to stop\nthere are more: run it again with --cursor c\n"
        );
    }

    #[tokio::test]
    async fn many_jobs_are_cancelled_by_what_was_said_of_them() {
        let fake = Fake::serving(|_| {
            reply(
                200,
                json!({"dry_run": false, "cancelled": [], "stopping": [], "skipped": []}),
            )
        })
        .await;
        let args = CancelArgs {
            ids: Vec::new(),
            filter: JobFilterArgs {
                kind: Some("ingest_document".into()),
                batch: Some(Uuid::from_u128(6)),
                ..JobFilterArgs::default()
            },
            limit: Some(5),
            cursor: None,
            dry_run: false,
            json: false,
            server: fake.server(),
        };
        assert_eq!(run(args).await.unwrap(), Outcome::Done);
        let sent = &fake.requests()[0];
        assert_eq!(sent.line, "POST /v1/jobs/cancel");
        let sent: Value = serde_json::from_str(&sent.body).unwrap();
        let expected =
            json!({"kind": "ingest_document", "parent_id": Uuid::from_u128(6), "limit": 5, "dry_run": false});
        assert_eq!(sent, expected);
    }

    #[tokio::test]
    async fn named_jobs_that_have_ended_are_a_partial_failure() {
        let [stopping, ended] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let skipped = json!([{"id": ended, "reason": "ended"}]);
        let answered = json!({"dry_run": false, "cancelled": [], "stopping": [stopping], "skipped": skipped});
        let fake = Fake::answering(vec![reply(200, answered)]).await;
        let args = CancelArgs {
            ids: vec![stopping, ended],
            filter: JobFilterArgs::default(),
            limit: None,
            cursor: None,
            dry_run: false,
            json: false,
            server: fake.server(),
        };
        assert_eq!(run(args).await.unwrap(), Outcome::PartlyFailed);
    }
}
