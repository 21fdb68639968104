use anyhow::Context as _;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use store::batches::BatchState;
use uuid::Uuid;

use crate::client::{Client, ClientError, ServerArgs};
use crate::outcome::{Advised, Outcome};
use crate::render::{one_line, or_none, print, print_json};

/// Below the API's limits of 1,000 jobs and 1 MiB a request.
const JOBS_AT_ONCE: usize = 1000;
const BYTES_AT_ONCE: usize = 900_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List batches, newest first
    List {
        /// Only in this state
        #[arg(long, value_parser = BatchState::ALL.map(BatchState::as_str))]
        state: Option<String>,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where the last page ended
        #[arg(long)]
        cursor: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Show a batch: how many of its jobs have ended, and how
    Show(BatchArgs),
    /// Cancel every job of a batch that has not ended, and what follows it
    Cancel(BatchArgs),
    /// Submit the jobs of a file, one JSON object a line, as one batch
    Submit(SubmitArgs),
}

#[derive(clap::Args)]
struct Common {
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(clap::Args)]
struct BatchArgs {
    #[arg(value_name = "BATCH_ID")]
    id: Uuid,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct SubmitArgs {
    /// Lines such as {"kind": "diagnostics.noop", "payload": {}}
    file: PathBuf,
    #[arg(long)]
    name: Option<String>,
    /// What the first dead job does to the others
    #[arg(long, value_parser = ["continue", "cancel"], default_value = "continue")]
    on_failure: String,
    /// The job that follows, as JSON
    #[arg(long, value_name = "JSON")]
    on_complete: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::List {
            state,
            limit,
            cursor,
            common,
        } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(state.map(|state| ("state", state)));
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            list(&query, &common).await
        }
        Command::Show(args) => {
            let path = ["batches", &args.id.to_string()];
            show(&args.common, &args.common.server.connect()?.get(&path, &[]).await?)
        }
        Command::Cancel(args) => {
            let (client, id) = (args.common.server.connect()?, args.id.to_string());
            let send = || client.request(Method::POST, &["batches", &id, "cancel"]);
            let (_, batch): (_, Value) = client.call(send).await?;
            show(&args.common, &batch)
        }
        Command::Submit(args) => submit(args).await,
    }
}

async fn list(query: &[(&'static str, String)], common: &Common) -> anyhow::Result<Outcome> {
    let page: Value = common.server.connect()?.get(&["batches"], query).await?;
    if common.json {
        print_json(&page)?;
    } else {
        print(&lines(&page))?;
    }
    Ok(Outcome::Done)
}

/// A line for each batch of the page, and where the next one begins.
fn lines(page: &Value) -> String {
    let batches = page.get("data").and_then(Value::as_array).into_iter().flatten();
    let mut lines = or_none(batches.map(line).collect());
    if let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) {
        lines.push_str(&format!("more: --cursor {}\n", one_line(cursor, 1000)));
    }
    lines
}

fn show(common: &Common, batch: &Value) -> anyhow::Result<Outcome> {
    if common.json {
        print_json(batch)?;
    } else {
        print(&line(batch))?;
    }
    Ok(Outcome::Done)
}

/// Id, state and counts; then the name and what follows, where there is any.
fn line(batch: &Value) -> String {
    let text = |name: &str| one_line(batch.get(name).and_then(Value::as_str).unwrap_or_default(), 100);
    let count = |name: &str| {
        let counts = batch.get("counts").and_then(|counts| counts.get(name));
        counts.and_then(Value::as_i64).unwrap_or(0)
    };
    let mut line = format!(
        "{}  {}  {} of {} ended: {} succeeded, {} dead, {} cancelled",
        text("id"),
        text("state"),
        count("total") - count("pending"),
        count("total"),
        count("succeeded"),
        count("dead"),
        count("cancelled")
    );
    for (label, value) in [("", text("name")), ("then ", text("on_complete_state"))] {
        if !value.is_empty() {
            line.push_str(&format!("  {label}{value}"));
        }
    }
    line.push('\n');
    line
}

async fn submit(args: SubmitArgs) -> anyhow::Result<Outcome> {
    let file = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {file}"))?;
    let parts = parts(&text).with_context(|| format!("in {file}"))?;
    let mut body = Map::from_iter([("on_failure".to_owned(), json!(args.on_failure))]);
    if let Some(name) = args.name {
        body.insert("name".to_owned(), json!(name));
    }
    if let Some(step) = args.on_complete {
        let step: Value = serde_json::from_str(&step).context("--on-complete is not JSON")?;
        body.insert("on_complete".to_owned(), step);
    }
    let client = args.common.server.connect()?.for_bulk_work();
    let batch = send(&client, body, parts).await?;
    show(&args.common, &batch)
}

/// What one request takes of a file: its jobs, and the line that each stands on.
#[derive(Debug, Default)]
struct Part {
    jobs: Vec<Value>,
    lines: Vec<usize>,
}

fn parts(text: &str) -> anyhow::Result<Vec<Part>> {
    let (mut parts, mut bytes) = (vec![Part::default()], 0);
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let job: Value = serde_json::from_str(line).with_context(|| format!("line {} is not JSON", at + 1))?;
        let full = parts
            .last()
            .is_some_and(|part| part.jobs.len() >= JOBS_AT_ONCE || bytes + line.len() > BYTES_AT_ONCE);
        if full && bytes > 0 {
            parts.push(Part::default());
            bytes = 0;
        }
        bytes += line.len() + 1;
        if let Some(part) = parts.last_mut() {
            part.jobs.push(job);
            part.lines.push(at + 1);
        }
    }
    Ok(parts)
}

/// The batch is open until the last part is in, so that it does not end before.
async fn send(client: &Client, mut body: Map<String, Value>, parts: Vec<Part>) -> anyhow::Result<Value> {
    let more = parts.len() > 1;
    let last = parts.len().saturating_sub(1);
    let mut batch = Value::Null;
    for (at, part) in parts.into_iter().enumerate() {
        let id = batch.get("id").cloned();
        let path = match id.as_ref().and_then(Value::as_str) {
            None => vec!["batches"],
            Some(id) => vec!["batches", id, "jobs"],
        };
        if at == 0 {
            body.insert("open".to_owned(), json!(more));
        } else {
            body = Map::from_iter([("close".to_owned(), json!(at == last))]);
        }
        body.insert("jobs".to_owned(), json!(part.jobs));
        let sent = client.post(&path, &Value::Object(std::mem::take(&mut body))).await;
        batch = sent.map_err(|error| in_file(error, &part.lines, id.as_ref().and_then(Value::as_str)))?;
    }
    Ok(batch)
}

/// The error by the lines of the file; and, where the batch is there already, which it is and how it is ended.
fn in_file(error: ClientError, lines: &[usize], batch: Option<&str>) -> anyhow::Error {
    let error = by_line(error, lines);
    let Some(batch) = batch else {
        return error.into();
    };
    let (first, last) = (lines.first().unwrap_or(&0), lines.last().unwrap_or(&0));
    Advised::new(
        format!(
            "batch {batch} was begun and stays open, without lines {first} to {last} and all after: {:#}",
            anyhow::Error::from(error)
        ),
        format!(
            "what was taken runs. `visualkit batches cancel {batch}` cancels what has not ended, and what would follow; then mend the file and submit it again"
        ),
    )
    .into()
}

/// `jobs.2.payload` of a part as the line that the job stands on.
fn by_line(error: ClientError, lines: &[usize]) -> ClientError {
    let ClientError::Problem(mut problem) = error else {
        return error;
    };
    let mut named = false;
    for error in &mut problem.errors {
        let Some(of_job) = error.field.strip_prefix("jobs.") else {
            continue;
        };
        let (place, field) = of_job.split_once('.').unwrap_or((of_job, ""));
        let line = place.parse::<usize>().ok().and_then(|place| lines.get(place));
        let Some(line) = line else { continue };
        error.field = format!("line {line}: {field}").trim_end_matches([':', ' ']).to_owned();
        named = true;
    }
    // Of one error it names the place in the part.
    if named {
        problem.detail.clear();
    }
    ClientError::Problem(problem)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[tokio::test]
    async fn a_long_file_is_added_part_by_part_and_closed_with_the_last() {
        let fake = Fake::serving(|_| reply(202, json!({"id": Uuid::from_u128(7), "state": "running"}))).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jobs.jsonl");
        std::fs::write(&file, "{\"kind\": \"diagnostics.noop\"}\n\n".repeat(2001)).unwrap();
        let args = SubmitArgs {
            file,
            name: Some("n".to_owned()),
            on_failure: "cancel".to_owned(),
            on_complete: Some("{\"kind\": \"k\"}".to_owned()),
            common: Common {
                json: false,
                server: fake.server(),
            },
        };
        let command = Command::Submit(args);
        assert_eq!(run(Args { command }).await.unwrap(), Outcome::Done);
        let requests = fake.requests();
        let bodies: Vec<Value> = requests
            .iter()
            .map(|request| serde_json::from_str(&request.body).unwrap())
            .collect();
        let jobs: Vec<usize> = bodies
            .iter()
            .map(|body| body["jobs"].as_array().unwrap().len())
            .collect();
        assert_eq!(jobs, [1000, 1000, 1]);
        assert_eq!(
            (&bodies[0]["open"], &bodies[1]["close"], &bodies[2]["close"]),
            (&json!(true), &json!(false), &json!(true))
        );
        assert_eq!(bodies[0]["on_complete"], json!({"kind": "k"}));
        assert_eq!(
            requests[2].line,
            format!("POST /v1/batches/{}/jobs", Uuid::from_u128(7))
        );
    }

    #[tokio::test]
    async fn of_a_part_that_is_refused_the_lines_are_named_and_the_batch_that_stays_open() {
        let batch = Uuid::from_u128(7);
        let refused = json!({"code": "invalid", "title": "Invalid request", "detail": "`jobs.1.payload.ms` is required.",
            "errors": [{"field": "jobs.1.payload.ms", "code": "required", "message": "is required"}]});
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jobs.jsonl");
        std::fs::write(&file, "{\"kind\": \"diagnostics.noop\"}\n\n".repeat(1500)).unwrap();
        let submitted = async |answers| {
            let fake = Fake::answering(answers).await;
            let args = SubmitArgs {
                file: file.clone(),
                name: None,
                on_failure: "continue".to_owned(),
                on_complete: None,
                common: Common {
                    json: false,
                    server: fake.server(),
                },
            };
            submit(args).await.unwrap_err()
        };
        let begun = reply(202, json!({"id": batch, "state": "running"}));
        let error = submitted(vec![begun, reply(422, refused.clone())]).await;
        assert_eq!(
            error.to_string(),
            format!(
                "batch {batch} was begun and stays open, without lines 2001 to 2999 and all after: \
                 422 invalid: Invalid request; line 2003: payload.ms: is required"
            )
        );
        let help = &error.downcast_ref::<Advised>().unwrap().help;
        assert!(help.contains(&format!("batches cancel {batch}")), "{help}");
        let error = submitted(vec![reply(422, refused)]).await;
        assert_eq!(
            error.to_string(),
            "422 invalid: Invalid request; line 3: payload.ms: is required"
        );
    }

    #[tokio::test]
    async fn a_page_says_where_the_next_one_begins() {
        let page = json!({"data": [{"id": "i", "state": "running"}], "next_cursor": "c"});
        assert!(lines(&page).ends_with("\nmore: --cursor c\n"));
        let fake = Fake::answering(vec![reply(200, page)]).await;
        let command = Command::List {
            state: Some("running".to_owned()),
            limit: 100,
            cursor: Some("b".to_owned()),
            common: Common {
                json: false,
                server: fake.server(),
            },
        };
        run(Args { command }).await.unwrap();
        assert_eq!(
            fake.requests()[0].line,
            "GET /v1/batches?limit=100&state=running&cursor=b"
        );
    }

    #[test]
    fn a_line_that_is_no_json_is_named() {
        let error = parts("{}\n\n{").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
    }

    #[test]
    fn a_batch_is_one_line() {
        let batch = json!({"id": "i", "state": "failed", "name": "night\nly", "on_complete_state": "queued",
            "counts": {"total": 4, "pending": 1, "succeeded": 1, "dead": 1, "cancelled": 1}});
        let expected = "i  failed  3 of 4 ended: 1 succeeded, 1 dead, 1 cancelled  night ly  then queued\n";
        assert_eq!(line(&batch), expected);
    }
}
