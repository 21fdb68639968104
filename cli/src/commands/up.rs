use crate::outcome::Outcome;
use crate::process::{
    AdminAddress, AdminPart, ApiAddress, ApiPart, Connections, Signals, Telemetry, WorkerPart, load_settings,
};
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
    let mut signals = Signals::listen()?;
    let connections = Connections::open(settings).await?;
    let settings = &connections.settings;
    let (address, admin_address) = (ApiAddress::bind(settings).await?, AdminAddress::bind(settings).await?);
    // Last of what may fail: a process that does not come up takes no jobs.
    let worker = WorkerPart::start(&connections, Pool::ALL.to_vec()).await?;
    let api = ApiPart::start(&connections, address);
    let admin = AdminPart::start(&connections, admin_address, Some(&worker), &telemetry);
    let stopped = tokio::select! {
        () = signals.told_to_stop() => Ok(()),
        () = worker.failed() => Err(anyhow::anyhow!("a worker ended by itself")),
    };
    admin.is_stopping();
    if stopped.is_ok() {
        signals.let_others_notice(settings.server.shutdown_delay()).await;
    }
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
