use crate::outcome::Outcome;
use crate::process::{AdminAddress, AdminPart, Connections, Signals, Telemetry, WorkerPart, load_settings};
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
    let mut signals = Signals::listen()?;
    let connections = Connections::open(settings).await?;
    let admin_address = AdminAddress::bind(&connections.settings).await?;
    // Last of what may fail: a process that does not come up takes no jobs.
    let worker = WorkerPart::start(&connections, args.pools).await?;
    let admin = AdminPart::start(&connections, admin_address, Some(&worker), &telemetry);
    let stopped = tokio::select! {
        () = signals.told_to_stop() => Ok(()),
        () = worker.failed() => Err(anyhow::anyhow!("a worker ended by itself")),
    };
    admin.is_stopping();
    worker.stop().await;
    admin.stop().await;
    telemetry.stop();
    if let Err(error) = stopped {
        bail!(error);
    }
    Ok(Outcome::Done)
}
