use crate::outcome::Outcome;
use crate::process::{AdminAddress, AdminPart, ApiAddress, ApiPart, Connections, Signals, Telemetry, load_settings};
use config::Requirement;

/// Runs the HTTP API.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[Requirement::AppDatabase, Requirement::Redis, Requirement::SessionSecret])?;
    let telemetry = Telemetry::start(&settings)?;
    let mut signals = Signals::listen()?;
    let connections = Connections::open(settings).await?;
    let settings = &connections.settings;
    let (address, admin_address) = (ApiAddress::bind(settings).await?, AdminAddress::bind(settings).await?);
    let api = ApiPart::start(&connections, address);
    let admin = AdminPart::start(&connections, admin_address, None, &telemetry);
    signals.told_to_stop().await;
    admin.is_stopping();
    signals.let_others_notice(settings.server.shutdown_delay()).await;
    api.stop().await;
    admin.stop().await;
    telemetry.stop();
    Ok(Outcome::Done)
}
