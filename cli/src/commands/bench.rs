use crate::bench;
use crate::client::ServerArgs;
use crate::outcome::Outcome;
use crate::process::until_told_to_stop;
use anyhow::anyhow;
use clap::Subcommand;
use measure::Amounts;
use std::path::PathBuf;

/// Measure this installation, on the database, Redis and models it is configured with. Run it through `./dev bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The job core: enqueueing, throughput, and the hop from commit to handler start, idle and under load
    Jobs {
        #[arg(long, default_value = ".dev/bench/jobs.json")]
        output: PathBuf,
        /// Jobs whose hop is measured on an idle system
        #[arg(long, default_value_t = 300)]
        hops: u32,
        /// No-op jobs at concurrency 10 and 100; at 1, at most 3000
        #[arg(long, default_value_t = 20_000)]
        jobs: u32,
        /// How long each paced load lasts
        #[arg(long, default_value_t = 8.0)]
        paced_secs: f64,
        /// Also measure with so many worker processes
        #[arg(long, value_delimiter = ',', default_value = "2")]
        processes: Vec<usize>,
        /// Values of dispatch.backend: everything is measured with each, the first as ours
        #[arg(long, value_delimiter = ',', default_value = "own")]
        backends: Vec<String>,
    },
    /// What one tenant waits while another has a backlog, by its size and the length of its jobs
    Neighbours {
        #[arg(long, default_value = ".dev/bench/neighbours.json")]
        output: PathBuf,
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
        backlogs: Vec<usize>,
        /// How long the backlog's jobs take, in milliseconds; 0 for no-ops
        #[arg(long, value_delimiter = ',', default_value = "0,50,500")]
        lengths: Vec<u64>,
        /// Jobs timed in each case
        #[arg(long, default_value_t = 200)]
        probes: usize,
        /// Slots of the worker process for tenants that hold none there, beside its others: measured with each of these
        #[arg(long, value_delimiter = ',', default_value = "0,1")]
        reserves: Vec<usize>,
        /// Slots of the worker process
        #[arg(long, default_value_t = 10)]
        concurrency: usize,
        /// How long the flow of one tenant's jobs is watched, alone and beside an idle tenant
        #[arg(long, default_value_t = 4.0)]
        flow_secs: f64,
        /// A setting of the worker process, as SECTION.KEY=VALUE; may be repeated
        #[arg(long = "set", value_name = "SETTING", value_parser = parse_setting)]
        settings: Vec<(String, String)>,
    },
    /// Search: its rankings on data sets, how long it takes by the size of a base, and what a base's replica takes
    Retrieval {
        #[arg(long, default_value = ".dev/bench/retrieval.json")]
        output: PathBuf,
        /// Data sets: folders with corpus.jsonl, queries.jsonl and qrels.tsv (default: the public sets that figures are quoted of)
        #[arg(long, value_delimiter = ',')]
        path: Vec<PathBuf>,
        /// Where the public test collections lie
        #[arg(long, env = "VISUALKIT_DATA_EVAL_DIR", default_value = "../shared/data")]
        collections: PathBuf,
        /// Chunks of the bases whose speed is measured, made of the first data set's
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
        sizes: Vec<usize>,
        /// How many search at a time
        #[arg(long, value_delimiter = ',', default_value = "1,8")]
        clients: Vec<usize>,
        /// Searches timed in each case
        #[arg(long, default_value_t = 500)]
        probes: usize,
        /// Name of the API key's tenant
        #[arg(long, default_value = "dev")]
        tenant: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Ingestion end to end, beside the bare model on the same texts
    Ingest {
        #[arg(long, default_value = ".dev/bench/ingest.json")]
        output: PathBuf,
        /// Folder of Markdown and MDX pages
        #[arg(long, default_value = "samples/help-centre")]
        path: PathBuf,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    tokio::select! {
        measured = Box::pin(measure(args.what)) => measured,
        // What is dropped here takes its worker processes with it.
        stopped = until_told_to_stop() => Err(stopped.err().unwrap_or_else(|| anyhow!("stopped before everything was measured"))),
    }
}

async fn measure(what: What) -> anyhow::Result<Outcome> {
    match what {
        What::Jobs {
            output,
            hops,
            jobs,
            paced_secs,
            processes,
            backends,
        } => {
            let amounts = Amounts {
                singles: jobs.min(3000),
                jobs,
                concurrent: u32::MAX,
                hops,
                paced_secs,
            };
            bench::jobs::run(&output, amounts, &processes, &backends).await?;
        }
        What::Neighbours {
            output,
            backlogs,
            lengths,
            probes,
            reserves,
            concurrency,
            flow_secs,
            settings,
        } => {
            let options = bench::neighbours::Options {
                backlogs: &backlogs,
                lengths_ms: &lengths,
                probes,
                reserves: &reserves,
                concurrency,
                flow_secs,
                settings,
            };
            bench::neighbours::run(&output, &options).await?;
        }
        What::Retrieval {
            output,
            path,
            collections,
            sizes,
            clients,
            probes,
            tenant,
            server,
        } => {
            let quoted = || {
                vec![
                    collections.join("retrieval/beir-scifact"),
                    collections.join("retrieval/stackfaq"),
                ]
            };
            let options = bench::retrieval::Options {
                server,
                sets: if path.is_empty() { quoted() } else { path },
                sizes,
                clients,
                probes,
                tenant,
            };
            bench::retrieval::run(&output, &options).await?;
        }
        What::Ingest { output, path } => bench::ingest::run(&output, &path).await?,
    }
    Ok(Outcome::Done)
}

/// `section.key=value` as the environment says it.
fn parse_setting(setting: &str) -> Result<(String, String), String> {
    let (key, value) = setting.split_once('=').ok_or("must be SECTION.KEY=VALUE")?;
    let (section, key) = key.split_once('.').ok_or("must be SECTION.KEY=VALUE")?;
    let name = format!(
        "VISUALKIT__{}__{}",
        section.to_uppercase(),
        key.to_uppercase().replace('.', "__")
    );
    Ok((name, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_handed_on_as_the_environment_says_it() {
        let expected = ("VISUALKIT__WORKERS__GENERAL".to_owned(), "3".to_owned());
        assert_eq!(parse_setting("workers.general=3"), Ok(expected));
        assert!(parse_setting("workers=3").is_err() && parse_setting("workers.general").is_err());
    }
}
