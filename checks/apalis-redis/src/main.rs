//! Runs the reproductions of what `apalis_redis::RedisStorage` 1.0.0 does wrong, against a live Redis or Valkey.
mod finding;
mod late_replies;
mod reproductions;
mod scene;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;

use crate::finding::Finding;
use crate::scene::Scene;

/// Ends with 0 when every defect is still there as documented, and with 1 when one is not or could not be tried.
#[derive(Parser)]
struct Arguments {
    /// Which reproduction to run: one of the names that `list` prints, or `all`, which leaves the
    /// statistics out.
    name: String,
    /// The server to try it on. Only keys of queues named `apalis-check-…` are written, and they are removed again.
    #[arg(long, env = "REDIS_URL")]
    redis_url: String,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let names: Vec<&str> = match arguments.name.as_str() {
        "list" => {
            reproductions::NAMES
                .iter()
                .chain(&reproductions::STATISTICS)
                .for_each(|name| println!("{name}"));
            return Ok(ExitCode::SUCCESS);
        }
        "all" => reproductions::NAMES.to_vec(),
        name if reproductions::NAMES.contains(&name) || reproductions::STATISTICS.contains(&name) => vec![name],
        name => bail!("there is no reproduction {name}; `list` prints their names"),
    };
    let mut as_documented = 0;
    for name in &names {
        match run(name, &arguments.redis_url).await {
            Ok(finding) => {
                println!("{name}: {}\n  {}", finding.verdict(), finding.observed);
                as_documented += usize::from(finding.reproduced);
            }
            Err(error) => println!("{name}: could not be tried\n  {error:#}"),
        }
    }
    println!("{as_documented} of {} reproduced", names.len());
    Ok(if as_documented == names.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run(name: &str, redis_url: &str) -> anyhow::Result<Finding> {
    let scene = Scene::open(redis_url, name).await.context("no connection to Redis")?;
    let finding = reproductions::run(name, &scene).await;
    scene
        .clear()
        .await
        .context("the keys of the reproduction could not be removed")?;
    finding
}
