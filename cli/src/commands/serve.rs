use crate::outcome::Outcome;
use crate::process::{AdminPart, ApiPart, Connections, Telemetry, load_settings, until_told_to_stop};
use config::Requirement;

/// Runs the HTTP API.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[Requirement::AppDatabase, Requirement::Redis, Requirement::SessionSecret])?;
    let telemetry = Telemetry::start(&settings)?;
    let connections = Connections::open(settings).await?;
    let api = ApiPart::start(&connections).await?;
    let admin = AdminPart::start(&connections, None, &telemetry).await?;
    until_told_to_stop().await?;
    api.stop().await;
    admin.stop().await;
    telemetry.stop();
    Ok(Outcome::Done)
}
