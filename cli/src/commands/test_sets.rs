//! The part of `visualkit eval` that works with the test sets of knowledge bases.
use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;
use uuid::Uuid;

use super::weighing::number;
use crate::client::{
    Client, InBase, Page, ServerArgs, find_base, find_in_base, list_all, look_for_in_base, wait_for_end,
};
use crate::eval::{absent, comparison, evaluation, question_table, read_questions};
use crate::outcome::Outcome;
use crate::render::{number_of, one_line, print, print_json};

/// Questions that are sent in one request.
const AT_ONCE: usize = 100;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add questions to a test set, which is made if there is none
    Import(ImportArgs),
    /// List the test sets of a knowledge base
    Sets(SetsArgs),
    /// Draw questions that clients asked, for somebody to judge
    Sample(SampleArgs),
    /// Run a test set under one or two search configurations
    Run(RunArgs),
    /// Show an evaluation
    Show(ShowArgs),
    /// Show how the two configurations of an evaluation compare, and the questions that the second loses most on
    Compare(CompareArgs),
}

#[derive(clap::Args)]
struct SetName {
    /// The knowledge base, by name or id
    #[arg(long, value_name = "NAME")]
    kb: String,
    /// The test set, by name or id
    #[arg(long, value_name = "NAME")]
    name: String,
}

#[derive(clap::Args)]
struct Output {
    /// Print what the API answers
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(clap::Args)]
pub(crate) struct ImportArgs {
    /// A file with a JSON object {query, relevant: [{external_id or document_id, relevance}]} a line, or a folder with queries.jsonl and qrels/*.tsv
    path: PathBuf,
    #[command(flatten)]
    set: SetName,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
pub(crate) struct SetsArgs {
    /// The knowledge base, by name or id
    #[arg(long, value_name = "NAME")]
    kb: String,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
pub(crate) struct SampleArgs {
    #[command(flatten)]
    set: SetName,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    set: SetName,
    /// What is to be different from how the base is searched now, such as '{"alpha": 0.4}'; twice to compare the second with the first
    #[arg(long = "config", value_name = "JSON", value_parser = json_value)]
    configurations: Vec<Value>,
    /// What is found must be so like the query at least, from 0 to 1, in the configurations that do not say; not in keyword mode
    #[arg(long, value_name = "COSINE", value_parser = number)]
    min_similarity: Option<f64>,
    /// Do not wait for its end
    #[arg(long, visible_alias = "no-wait")]
    detach: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    id: Uuid,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
pub(crate) struct CompareArgs {
    id: Uuid,
    /// Questions to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    questions: usize,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Import(args) => import(args).await,
        Command::Sets(args) => sets(args).await,
        Command::Sample(args) => sample(args).await,
        Command::Run(args) => evaluate(args).await,
        Command::Show(args) => show(args).await,
        Command::Compare(args) => compare(args).await,
    }
}

async fn import(args: ImportArgs) -> anyhow::Result<Outcome> {
    let questions = read_questions(&args.path)?;
    let client = args.output.server.connect()?;
    let id = find_base(&client, &args.set.kb).await?.id;
    let base = id.to_string();
    let id = match look_for_in_base(&client, id, InBase::TestSet, &args.set.name).await? {
        Some(id) => id.to_string(),
        None => {
            let body = json!({"name": args.set.name});
            let made: Value = client.post(&["knowledge-bases", &base, "test-sets"], &body).await?;
            field(&made, "id")
        }
    };
    let (mut added, mut known) = (0, 0);
    for (at, some) in questions.chunks(AT_ONCE).enumerate() {
        let body = json!({"questions": some});
        let done: Value = client
            .post(&["test-sets", &id, "questions"], &body)
            .await
            .with_context(|| format!("the questions from number {} on", at * AT_ONCE + 1))?;
        let count = |name: &str| done.get(name).and_then(Value::as_u64).unwrap_or_default();
        added += count("added");
        known += count("known");
    }
    warn_of_absent(&client, &base, &questions).await?;
    let set: Value = client.get(&["test-sets", &id], &[]).await?;
    say(&args.output, &set, |set| {
        format!(
            "{}{} added, {known} known before\n",
            line(set),
            number_of(added, "question")
        )
    })
}

/// Says which relevant documents the base has not: such a one counts as not found, also where its name is only mistyped.
async fn warn_of_absent(client: &Client, base: &str, questions: &[Value]) -> anyhow::Result<()> {
    let text = absent(client, base, questions).await?;
    // Standard output is for the test set, or the evaluation.
    eprint!("{text}");
    Ok(())
}

async fn sets(args: SetsArgs) -> anyhow::Result<Outcome> {
    let client = args.output.server.connect()?;
    let base = find_base(&client, &args.kb).await?.id.to_string();
    let all: Vec<Value> = list_all(&client, &["knowledge-bases", &base, "test-sets"]).await?;
    say(&args.output, &all.into(), |all| {
        all.as_array().into_iter().flatten().map(line).collect()
    })
}

async fn sample(args: SampleArgs) -> anyhow::Result<Outcome> {
    let client = args.output.server.connect()?;
    let (_, set) = named(&client, &args.set).await?;
    let body = json!({"limit": args.limit});
    let drawn: Value = client.post(&["test-sets", &set, "sample"], &body).await?;
    say(&args.output, &drawn, |drawn| {
        let rows = drawn.get("data").and_then(Value::as_array).into_iter().flatten();
        rows.map(|row| format!("{}  {}\n", field(row, "id"), field(row, "query")))
            .collect()
    })
}

/// Without it clap would take the text for a JSON string.
fn json_value(text: &str) -> Result<Value, serde_json::Error> {
    text.parse()
}

/// The configurations to measure: how the base is searched now, where none is given.
fn asked(given: Vec<Value>, min_similarity: Option<f64>) -> Vec<Value> {
    let mut configurations = if given.is_empty() { vec![json!({})] } else { given };
    for configuration in &mut configurations {
        if let (Some(fields), Some(least)) = (configuration.as_object_mut(), min_similarity) {
            fields.entry("min_similarity").or_insert_with(|| least.into());
        }
    }
    configurations
}

async fn evaluate(args: RunArgs) -> anyhow::Result<Outcome> {
    let client = args.output.server.connect()?;
    let (base, set) = named(&client, &args.set).await?;
    let configurations = asked(args.configurations, args.min_similarity);
    // Of a large set the first page shows whether its names are those of the base.
    let limit = [("limit", "100".to_owned())];
    let questions: Page<Value> = client.get(&["test-sets", &set, "questions"], &limit).await?;
    warn_of_absent(&client, &base, &questions.data).await?;
    let body = json!({"configurations": configurations});
    let mut job: Value = client.post(&["test-sets", &set, "evaluations"], &body).await?;
    let id = field(&job, "id");
    if !args.detach {
        job = wait_for_end(&client, job).await?;
    }
    let error = job.pointer("/error/message").and_then(Value::as_str).map(str::to_owned);
    let found: Value = client.get(&["evaluations", &id], &[]).await?;
    say(&args.output, &found, |found| {
        let error = error.map(|error| format!("{}\n", one_line(&error, 300)));
        format!("{}{}", evaluation(found), error.unwrap_or_default())
    })?;
    Ok(Outcome::done_if(!matches!(
        field(&job, "state").as_str(),
        "dead" | "cancelled"
    )))
}

async fn show(args: ShowArgs) -> anyhow::Result<Outcome> {
    let client = args.output.server.connect()?;
    let found: Value = client.get(&["evaluations", &args.id.to_string()], &[]).await?;
    say(&args.output, &found, evaluation)
}

async fn compare(args: CompareArgs) -> anyhow::Result<Outcome> {
    let client = args.output.server.connect()?;
    let id = args.id.to_string();
    let mut found: Value = client.get(&["evaluations", &id], &[]).await?;
    let questions: Vec<Value> = list_all(&client, &["evaluations", &id, "questions"]).await?;
    let compared = comparison(&found);
    if compared.is_empty() {
        anyhow::bail!("the evaluation has not ended, or has one configuration only; `eval show` shows it");
    }
    let text = format!("{compared}{}", question_table(&questions, args.questions));
    if let Some(fields) = found.as_object_mut() {
        fields.insert("questions".to_owned(), questions.into());
    }
    say(&args.output, &found, |_| text)
}

fn say(output: &Output, answered: &Value, text: impl FnOnce(&Value) -> String) -> anyhow::Result<Outcome> {
    if output.json {
        print_json(answered)?;
    } else {
        print(&text(answered))?;
    }
    Ok(Outcome::Done)
}

/// The ids of the base and of the test set.
async fn named(client: &Client, set: &SetName) -> anyhow::Result<(String, String)> {
    let base = find_base(client, &set.kb).await?.id;
    let found = find_in_base(client, base, InBase::TestSet, &set.name).await?;
    Ok((base.to_string(), found.to_string()))
}

fn field(of: &Value, name: &str) -> String {
    one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 300)
}

fn line(set: &Value) -> String {
    let count = |name: &str| set.get(name).and_then(Value::as_u64).unwrap_or_default();
    format!(
        "{}  {}  {}, {} judged, {} with a relevant document\n",
        field(set, "id"),
        field(set, "name"),
        number_of(count("questions"), "question"),
        count("judged"),
        count("scorable")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_least_similarity_holds_in_the_configurations_that_do_not_say() {
        let given = vec![json!({"alpha": 0.5}), json!({"min_similarity": 0.25})];
        assert_eq!(
            asked(given.clone(), Some(0.5)),
            [
                json!({"alpha": 0.5, "min_similarity": 0.5}),
                json!({"min_similarity": 0.25})
            ]
        );
        assert_eq!(asked(given.clone(), None), given);
        assert_eq!(asked(vec![], Some(0.5)), [json!({"min_similarity": 0.5})]);
    }
}
