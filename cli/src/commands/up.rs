use crate::outcome::Outcome;
use crate::process::{AdminPart, ApiPart, Connections, Telemetry, WorkerPart, load_settings, until_told_to_stop};
use anyhow::bail;
use config::Requirement;
use jobs::Pool;

/// Runs the whole system in one process: the API and every worker pool.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[
        Requirement::AppDatabase,
        Requirement::SystemDatabase,
        Requirement::Redis,
        Requirement::SessionSecret,
    ])?;
    let telemetry = Telemetry::start(&settings)?;
    let connections = Connections::open(settings).await?;
    let worker = WorkerPart::start(&connections, Pool::ALL.to_vec()).await?;
    let api = ApiPart::start(&connections).await?;
    let admin = AdminPart::start(&connections, Some(&worker), &telemetry).await?;
    let stopped = tokio::select! {
        stopped = until_told_to_stop() => stopped,
        () = worker.failed() => Err(anyhow::anyhow!("a worker ended by itself")),
    };
    // The API first: what it has accepted, the workers may still finish.
    api.stop().await;
    worker.stop().await;
    admin.stop().await;
    telemetry.stop();
    if let Err(error) = stopped {
        bail!(error);
    }
    Ok(Outcome::Done)
}
