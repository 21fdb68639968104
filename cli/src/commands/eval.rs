use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Subcommand;

use super::search::Mode;
use super::test_sets;
use crate::client::{ServerArgs, find_base, find_or_create};
use crate::eval::{Dataset, Report, Settings, documents_of, measure};
use crate::ingest::{Bars, Place, ingest};
use crate::outcome::Outcome;
use crate::render::{print, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Ingest a data set in BEIR's layout, run its queries and score the rankings
    Retrieval(RetrievalArgs),
    #[command(flatten)]
    TestSets(test_sets::Command),
}

#[derive(clap::Args)]
struct RetrievalArgs {
    /// Folder with corpus.jsonl, queries.jsonl and qrels.tsv
    dir: PathBuf,
    /// Mode to measure; may be given more than once (default: all)
    #[arg(long, value_enum)]
    mode: Vec<Mode>,
    /// Only the first N judged queries
    #[arg(long, value_name = "N")]
    limit_queries: Option<usize>,
    /// Name of the knowledge base (default: eval- and the folder's name)
    #[arg(long, value_name = "NAME")]
    kb: Option<String>,
    /// The vector leg's share of a hybrid score, 0 to 1 (default: the system's setting)
    #[arg(long, value_name = "F", value_parser = share)]
    alpha: Option<f64>,
    /// Use the base as it is; for repeated runs over a set that is there already
    #[arg(long)]
    skip_ingest: bool,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

fn share(text: &str) -> Result<f64, String> {
    let value = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("not between 0 and 1".to_owned())
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Retrieval(args) => Box::pin(retrieval(args)).await,
        Command::TestSets(command) => Box::pin(test_sets::run(command)).await,
    }
}

async fn retrieval(args: RetrievalArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let mut set = Dataset::read(&args.dir)?;
    set.queries.truncate(args.limit_queries.unwrap_or(usize::MAX));
    let name = args.kb.unwrap_or_else(|| format!("eval-{}", set.name));
    let bars = Bars::new(args.json);
    let documents = set.documents.len();
    let (base, tally) = if args.skip_ingest {
        (find_base(&client, &name).await?, None)
    } else {
        let base = find_or_create(&client, &name).await?;
        let tally = ingest(&client, Place::base(base.id), set.documents, bars).await?;
        (base, Some(tally))
    };

    let names = documents_of(&client, base.id).await?;
    let client = client.for_bulk_work();
    let settings = Settings {
        client: &client,
        base: base.id,
        names: &names,
        alpha: args.alpha,
    };
    let modes = if args.mode.is_empty() {
        vec![Mode::Keyword, Mode::Vector, Mode::Hybrid]
    } else {
        args.mode
    };
    let bar = bars.start("searching", modes.len() * set.queries.len());
    let mut runs = BTreeMap::new();
    for mode in modes {
        runs.insert(mode, measure(&settings, mode, &set.queries, &bar).await?);
    }
    bar.finish_and_clear();

    let mut report = Report::new(&set.name, documents, &runs, args.alpha);
    report.ingest = tally;
    let failed = report.ingest.as_ref().is_some_and(|tally| !tally.failed.is_empty());
    if args.json {
        print_json(&report)?;
    } else {
        let ingested = report
            .ingest
            .as_ref()
            .map(crate::ingest::Tally::text)
            .unwrap_or_default();
        print(&format!("{ingested}{}", report.text()))?;
    }
    Ok(Outcome::done_if(!failed))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, TempDir, reply};
    use serde_json::json;

    #[test]
    fn a_share_lies_between_nothing_and_all() {
        assert_eq!(share("0.7"), Ok(0.7));
        for wrong in ["-0.1", "1.1", "NaN", "half"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_set_is_ingested_and_then_searched_in_every_mode() {
        let id = uuid::Uuid::from_u128(8);
        let fake = Fake::serving(
            move |request| match request.line.split('?').next().unwrap_or_default() {
                "GET /v1/knowledge-bases" => reply(200, json!({"data": [], "next_cursor": null})),
                "POST /v1/knowledge-bases" => reply(201, json!({"id": id, "name": "eval-set"})),
                line if line.starts_with("GET") && line.ends_with("/documents") => reply(
                    200,
                    json!({"data": [{"id": id, "external_id": "d1"}], "next_cursor": null}),
                ),
                "POST /v1/search" => {
                    let result = json!({"results": [{"document_id": id, "score": 0.5}], "stale": false});
                    reply(
                        200,
                        json!({"id": id, "kind": "search", "state": "succeeded", "result": result}),
                    )
                }
                _ => reply(202, json!({"id": id, "kind": "ingest_document", "state": "succeeded"})),
            },
        )
        .await;
        let dir = TempDir::new();
        dir.write("set/corpus.jsonl", r#"{"_id": "d1", "title": "T", "text": "x"}"#);
        dir.write("set/queries.jsonl", r#"{"_id": "q1", "text": "x"}"#);
        dir.write("set/qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\n");
        let args = RetrievalArgs {
            dir: dir.path().join("set"),
            mode: vec![],
            limit_queries: None,
            kb: None,
            alpha: None,
            skip_ingest: false,
            json: true,
            server: fake.server(),
        };
        assert_eq!(
            run(Args {
                command: Command::Retrieval(args)
            })
            .await
            .unwrap(),
            Outcome::Done
        );
        let sent = |start: &str| {
            fake.requests()
                .iter()
                .filter(|request| request.line.starts_with(start))
                .count()
        };
        assert_eq!(sent(&format!("POST /v1/knowledge-bases/{id}/documents")), 1);
        assert_eq!(
            sent("POST /v1/search"),
            6,
            "one warm-up and one query for each of the three modes"
        );
    }
}
