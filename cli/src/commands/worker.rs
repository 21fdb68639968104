use crate::outcome::Outcome;
use crate::process::{AdminPart, Connections, Telemetry, WorkerPart, load_settings, until_told_to_stop};
use anyhow::bail;
use config::Requirement;
use jobs::Pool;

/// Runs worker pools: any of ingest, retrieval, general and delivery.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Comma-separated; all by default
    #[arg(long, value_delimiter = ',', default_value = "ingest,retrieval,general,delivery")]
    pools: Vec<Pool>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[
        Requirement::AppDatabase,
        Requirement::SystemDatabase,
        Requirement::Redis,
    ])?;
    let telemetry = Telemetry::start(&settings)?;
    let connections = Connections::open(settings).await?;
    let worker = WorkerPart::start(&connections, args.pools).await?;
    let admin = AdminPart::start(&connections, Some(&worker), &telemetry).await?;
    let stopped = tokio::select! {
        stopped = until_told_to_stop() => stopped,
        () = worker.failed() => Err(anyhow::anyhow!("a worker ended by itself")),
    };
    worker.stop().await;
    admin.stop().await;
    telemetry.stop();
    if let Err(error) = stopped {
        bail!(error);
    }
    Ok(Outcome::Done)
}
