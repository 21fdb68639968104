use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cancel_jobs::{CancelArgs, JobFilterArgs};
use super::job_effects::{Effect, effect_lines};
use crate::client::{Client, ClientError, Job, JobState, Page, ServerArgs, Step, watch};
use crate::job_text::{details, line, step_lines, why_text};
use crate::outcome::Outcome;
use crate::render::{Reader, one_line, or_none, print, print_json, print_to_reader};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List jobs, newest first
    List(ListArgs),
    /// Show a job: its attempts and steps, its result or error, and what it waits for
    Show(JobArgs),
    /// Submit a job
    Submit(super::submit_job::SubmitArgs),
    /// Cancel jobs that have not ended: those named, or all that match
    Cancel(CancelArgs),
    /// Start a dead or cancelled job again
    Retry {
        #[command(flatten)]
        job: JobArgs,
        /// For a job that died with `effect_unknown`: what to do about the call whose outcome is not known
        #[arg(long, value_parser = ["assume_done", "repeat"])]
        effect: Option<String>,
    },
    /// Sum up dead jobs by kind and error, with a warning where the same keeps dying
    Dead(super::dead_summary::Args),
    /// Start dead jobs again: those named, or all that match
    Replay(super::dead_letters::ReplayArgs),
    /// Give dead jobs up: those named, or all that match
    Discard(super::dead_letters::DiscardArgs),
    /// List all attempts at a job, newest first
    Attempts(super::attempts::AttemptsArgs),
    /// List a job's calls to the outside, and what became of each
    Effects(super::job_effects::EffectsArgs),
    /// List a job's steps: how each went last, and where it failed
    Steps(JobArgs),
    /// Say what a job waits for, and since when
    Why(JobArgs),
    /// Run a job that waits now, although it is not due, or paused other than by an operator for its tenant
    Run(JobArgs),
    /// Follow a job until it ends, or nobody reads any more; ends with 3 when the job does not succeed
    Watch(JobArgs),
}

#[derive(clap::Args)]
struct ListArgs {
    #[command(flatten)]
    filter: JobFilterArgs,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
    /// Print the page as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(clap::Args)]
struct JobArgs {
    #[arg(value_name = "JOB_ID")]
    id: Uuid,
    /// Print the job as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
        Command::Submit(args) => super::submit_job::run(args).await,
        Command::Cancel(args) => cancel(args).await,
        Command::Retry { job, effect } => act(job, "retry", effect.map(|effect| json!({ "effect": effect }))).await,
        Command::Dead(args) => super::dead_summary::run(args).await,
        Command::Replay(args) => super::dead_letters::replay(args).await,
        Command::Discard(args) => super::dead_letters::discard(args).await,
        Command::Attempts(args) => super::attempts::run(args).await,
        Command::Effects(args) => super::job_effects::run(args).await,
        Command::Steps(args) => list_steps(args).await,
        Command::Why(args) => explain(args).await,
        Command::Run(args) => act(args, "run", None).await,
        Command::Watch(args) => follow(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<Outcome> {
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(args.filter.given());
    query.extend(args.cursor.map(|cursor| ("cursor", cursor)));
    let page: Value = args.server.connect()?.get(&["jobs"], &query).await?;
    if args.json {
        print_json(&page)?;
        return Ok(Outcome::Done);
    }
    let page: Page<Job> = parse(page)?;
    let mut text = or_none(page.data.iter().map(|job| format!("{}\n", line(job))).collect());
    if let Some(cursor) = page.next_cursor {
        text.push_str(&format!("more: --cursor {}\n", one_line(&cursor, 1000)));
    }
    print(&text)?;
    Ok(Outcome::Done)
}

/// One job as it is now, or what became of many.
async fn cancel(args: CancelArgs) -> anyhow::Result<Outcome> {
    let Some(id) = args.only_job() else {
        return super::cancel_jobs::run(args).await;
    };
    let job = JobArgs {
        id,
        json: args.json,
        server: args.server,
    };
    act(job, "cancel", None).await
}

async fn show(args: JobArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let id = args.id.to_string();
    let value: Value = client.get(&["jobs", &id], &[]).await?;
    if args.json {
        print_json(&value)?;
        return Ok(Outcome::Done);
    }
    let job: Job = parse(value)?;
    let mut text = details(&job);
    text.push_str(&document(&client, &job).await?);
    text.push_str(&steps(&client, &id).await?);
    text.push_str(&effects(&client, &id).await?);
    if !job.state.has_ended() {
        text.push_str(&blockers(&client, &id).await?);
    }
    print(&text)?;
    Ok(Outcome::Done)
}

/// What the document is called that the job is about; nothing where it is gone, or the key may not see it.
async fn document(client: &Client, job: &Job) -> Result<String, ClientError> {
    let Some(id) = job.document_id else {
        return Ok(String::new());
    };
    let document: Value = match client.get(&["documents", &id.to_string()], &[]).await {
        Err(ClientError::Problem(_)) => return Ok(String::new()),
        document => document?,
    };
    let field = |name: &str| one_line(document.get(name).and_then(Value::as_str).unwrap_or_default(), 200);
    let line = format!("document  {}  {}", field("title"), field("external_id"));
    Ok(format!("{}\n", line.trim_end()))
}

/// A line for each of the job's steps; nothing where the server cannot say.
async fn steps(client: &Client, id: &str) -> Result<String, ClientError> {
    let listed: Result<Page<Step>, ClientError> = client.get(&["jobs", id, "steps"], &[]).await;
    match listed {
        Err(ClientError::Problem(_)) => Ok(String::new()),
        listed => Ok(step_lines(&listed?.data)),
    }
}

/// A line for each of the job's calls to the outside; nothing where the server cannot say.
async fn effects(client: &Client, id: &str) -> Result<String, ClientError> {
    let listed: Result<Page<Effect>, ClientError> = client.get(&["jobs", id, "effects"], &[]).await;
    match listed {
        Err(ClientError::Problem(_)) => Ok(String::new()),
        listed => Ok(effect_lines(&listed?.data)),
    }
}

async fn list_steps(args: JobArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let page: Value = client.get(&["jobs", &args.id.to_string(), "steps"], &[]).await?;
    if args.json {
        print_json(&page)?;
        return Ok(Outcome::Done);
    }
    let page: Page<Step> = parse(page)?;
    if page.data.is_empty() {
        print("its kind is one piece, without steps\n")?;
    }
    print(&step_lines(&page.data))?;
    Ok(Outcome::Done)
}

/// What a waiting job waits for; nothing where the server cannot say.
async fn blockers(client: &Client, id: &str) -> Result<String, ClientError> {
    let why: Value = match client.get(&["jobs", id, "why"], &[]).await {
        Err(ClientError::Problem(_)) => return Ok(String::new()),
        why => why?,
    };
    let blockers = why.get("blocked_by").and_then(Value::as_array).into_iter().flatten();
    let field = |blocker: &Value, name| one_line(blocker.get(name).and_then(Value::as_str).unwrap_or_default(), 200);
    Ok(blockers
        .map(|blocker| {
            format!(
                "waits for  {}: {}\n",
                field(blocker, "reason"),
                field(blocker, "detail")
            )
        })
        .collect())
}

async fn explain(args: JobArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let id = args.id.to_string();
    let why: Value = client.get(&["jobs", &id, "why"], &[]).await?;
    if args.json {
        print_json(&why)?;
        return Ok(Outcome::Done);
    }
    print(&why_text(&why))?;
    Ok(Outcome::Done)
}

async fn act(args: JobArgs, verb: &str, body: Option<Value>) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let id = args.id.to_string();
    let send = || {
        let request = client.request(Method::POST, &["jobs", &id, verb]);
        if let Some(body) = &body {
            request.json(body)
        } else {
            request
        }
    };
    let (_, value): (_, Value) = client.call(send).await?;
    if args.json {
        print_json(&value)?;
    } else {
        let job: Job = parse(value)?;
        let stopping = verb == "cancel" && job.state == JobState::Running;
        let note = if stopping { "its worker is told to stop\n" } else { "" };
        print(&format!("{}\n{note}", line(&job)))?;
    }
    Ok(Outcome::Done)
}

async fn follow(args: JobArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let mut shown = String::new();
    let last = watch(&client, args.id, |value, job| {
        let text = if args.json { value.to_string() } else { line(job) };
        if text == shown {
            return Ok(Reader::There);
        }
        let reader = print_to_reader(&format!("{text}\n"))?;
        shown = text;
        Ok(reader)
    })
    .await?;
    let Some(last) = last else {
        return Ok(Outcome::Done);
    };
    if !args.json {
        print(&details(&last))?;
    }
    Ok(Outcome::done_if(last.state == JobState::Succeeded))
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ClientError> {
    let unreadable = |error: serde_json::Error| ClientError::Unreadable {
        route: "jobs".into(),
        detail: error.to_string(),
    };
    serde_json::from_value(value).map_err(unreadable)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, Received, Reply, reply};

    const ID: Uuid = Uuid::from_u128(6);

    fn job(state: &str) -> Value {
        json!({"id": ID, "kind": "ingest_document", "state": state})
    }

    async fn run_against(answer: fn(&Received) -> Reply, command: fn(JobArgs) -> Command) -> (Outcome, Vec<Received>) {
        let fake = Fake::serving(answer).await;
        let command = command(JobArgs {
            id: ID,
            json: false,
            server: fake.server(),
        });
        (run(Args { command }).await.unwrap(), fake.requests())
    }

    #[tokio::test]
    async fn a_list_sends_only_the_filters_that_were_given() {
        let fake = Fake::serving(|_| reply(200, json!({"data": [job("queued")], "next_cursor": "c"}))).await;
        let args = ListArgs {
            filter: JobFilterArgs {
                state: Some("queued".into()),
                created_after: Some("2026-01-01T00:00:00+01:00".into()),
                ..JobFilterArgs::default()
            },
            limit: 5,
            cursor: None,
            json: false,
            server: fake.server(),
        };
        assert_eq!(
            run(Args {
                command: Command::List(args)
            })
            .await
            .unwrap(),
            Outcome::Done
        );
        let expected = "GET /v1/jobs?limit=5&state=queued&created_after=2026-01-01T00%3A00%3A00%2B01%3A00";
        assert_eq!(fake.requests()[0].line, expected);
    }

    #[tokio::test]
    async fn showing_a_waiting_job_asks_what_it_waits_for() {
        let answer = |request: &Received| match request.line.rsplit('/').next() {
            Some("why") => reply(
                200,
                json!({"blocked_by": [{"reason": "paused", "detail": "pool ingest"}]}),
            ),
            Some("steps") => reply(
                200,
                json!({"data": [{"name": "fetch", "state": "pending"}], "next_cursor": null}),
            ),
            Some("effects") => reply(
                200,
                json!({"data": [{"step": "call", "state": "done", "calls": 1}], "next_cursor": null}),
            ),
            _ => reply(200, job("queued")),
        };
        let (outcome, requests) = run_against(answer, Command::Show).await;
        assert_eq!((outcome, requests.len()), (Outcome::Done, 4));
    }

    #[tokio::test]
    async fn showing_a_job_of_a_document_asks_what_that_is_called() {
        let answer = |request: &Received| match request.line.split('/').nth(2) {
            Some("documents") => reply(200, json!({"title": "Lantern", "external_id": "a.txt"})),
            _ if request.line.ends_with("/steps") || request.line.ends_with("/effects") => {
                reply(200, json!({"data": [], "next_cursor": null}))
            }
            _ => reply(
                200,
                json!({"id": ID, "kind": "ingest_document", "state": "dead", "document_id": ID}),
            ),
        };
        let (outcome, requests) = run_against(answer, Command::Show).await;
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(requests[1].line, format!("GET /v1/documents/{ID}"));
    }

    #[tokio::test]
    async fn a_server_that_cannot_say_why_or_in_which_steps_is_no_error() {
        let answer = |request: &Received| match request.line.rsplit('/').next() {
            Some("why" | "steps" | "effects") => reply(404, json!({})),
            _ => reply(200, job("queued")),
        };
        assert_eq!(run_against(answer, Command::Show).await.0, Outcome::Done);
    }

    #[tokio::test]
    async fn a_retry_has_a_body_only_when_an_effect_is_decided() {
        let answer = |_: &Received| reply(202, job("queued"));
        let (_, requests) = run_against(answer, |job| Command::Retry { job, effect: None }).await;
        assert_eq!(
            (requests[0].line.as_str(), requests[0].body.as_str()),
            (&*format!("POST /v1/jobs/{ID}/retry"), "")
        );
        let (_, requests) = run_against(answer, |job| Command::Retry {
            job,
            effect: Some("repeat".into()),
        })
        .await;
        assert_eq!(requests[0].body, r#"{"effect":"repeat"}"#);
    }

    #[tokio::test]
    async fn watching_a_job_that_dies_is_a_partial_failure() {
        let stream = format!(
            "event: state\ndata: {}\n\nevent: state\ndata: {}\n\n",
            job("running"),
            job("dead")
        );
        let route = format!("/v1/jobs/{ID}/events");
        let fake = Fake::start(axum::Router::new().route(&route, axum::routing::get(|| async { stream }))).await;
        let command = Command::Watch(JobArgs {
            id: ID,
            json: true,
            server: fake.server(),
        });
        assert_eq!(run(Args { command }).await.unwrap(), Outcome::PartlyFailed);
    }
}
