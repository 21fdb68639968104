use crate::bench;
use crate::outcome::Outcome;
use clap::Subcommand;
use std::path::PathBuf;

/// Measure this installation, on the database, Redis and models it is configured with. Run it through `./dev bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The job core: hop from commit to handler start, and throughput, beside the disk's sync cost
    Jobs {
        #[arg(long, default_value = ".dev/bench/jobs.json")]
        output: PathBuf,
        /// Paced jobs whose hop is measured
        #[arg(long, default_value_t = 500)]
        hops: usize,
        /// No-op jobs per concurrency
        #[arg(long, default_value_t = 20_000)]
        jobs: usize,
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
    match args.what {
        What::Jobs { output, hops, jobs } => bench::jobs::run(&output, hops, jobs).await?,
        What::Ingest { output, path } => bench::ingest::run(&output, &path).await?,
    }
    Ok(Outcome::Done)
}
