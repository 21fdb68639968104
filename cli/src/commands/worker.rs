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

/// A pool that is named twice has its slots once, as the settings say.
fn each_once(pools: Vec<Pool>) -> Vec<Pool> {
    let mut once = Vec::new();
    for pool in pools {
        if !once.contains(&pool) {
            once.push(pool);
        }
    }
    once
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
    let worker = WorkerPart::start(&connections, each_once(args.pools)).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_is_named_twice_is_run_once() {
        let named = vec![Pool::Ingest, Pool::General, Pool::Ingest];
        assert_eq!(each_once(named), [Pool::Ingest, Pool::General]);
    }
}
