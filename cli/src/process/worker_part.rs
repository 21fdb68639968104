use super::{Connections, embedding_models, local_embedders, outgoing_client, refuse_other_weights, rerankers};
use anyhow::Context as _;
use jobs::Pool;
use std::path::PathBuf;
use store::System;
use workers::parser::Parser;
use workers::{Context, Pulse, Replicas, WorkerOptions, Workers};

/// This very program, also where its file was replaced or deleted since it was started: the two ends of the pipe agree.
pub(crate) fn parser_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// The worker pools of this process.
pub(crate) struct WorkerPart {
    workers: Workers,
    replicas: Replicas,
    pub(crate) system: System,
}

impl WorkerPart {
    pub(crate) async fn start(connections: &Connections, pools: Vec<Pool>) -> anyhow::Result<Self> {
        let settings = connections.settings.clone();
        let system = System::connect(&settings.database)
            .await
            .context("cannot use DATABASE_SYSTEM_URL")?;
        store::check_system_login(&system).await?;
        if pools.contains(&Pool::Delivery) && settings.secrets.master_key.is_none() {
            tracing::warn!("VISUALKIT_MASTER_KEY is not set: deliveries of webhooks wait for a worker that has it");
        }
        // Evaluations ask questions, and are of the pool `general`.
        let searches = pools.iter().any(|pool| matches!(pool, Pool::Retrieval | Pool::General));
        if searches || pools.contains(&Pool::Ingest) {
            for embedder in local_embedders(&settings) {
                refuse_other_weights(connections, embedder).await?;
            }
        }
        let (models, embedder) = embedding_models(&settings).context("cannot use the models of [models]")?;
        let replicas = match pools.contains(&Pool::Retrieval) {
            true => Replicas::new,
            false => Replicas::beside_searches,
        };
        let replicas = replicas(connections.store.clone(), &settings, models.clone());
        if searches {
            replicas.keep_fresh(&system);
        }
        let context = Context {
            store: connections.store.clone(),
            system: system.clone(),
            queue: connections.queue.clone(),
            embedder,
            models,
            rerankers: rerankers(&settings).context("cannot use the rerankers of [models]")?,
            parser: Parser::new(parser_program(), &settings),
            http: outgoing_client(&settings).context("cannot make calls to the outside")?,
            replicas: replicas.clone(),
            budgets: workers::Budgets::default(),
            settings: settings.clone(),
        };
        let workers = workers::start(
            &context,
            &workers::handlers::registry(),
            WorkerOptions::new(&settings, pools),
        );
        Ok(Self {
            workers,
            replicas,
            system,
        })
    }

    /// Whether its loops go round.
    pub(crate) fn pulse(&self) -> Pulse {
        self.workers.pulse()
    }

    /// Resolves when a worker has ended by itself.
    pub(crate) async fn failed(&self) {
        self.workers.failed().await;
    }

    pub(crate) async fn stop(self) {
        self.workers.shut_down().await;
        self.replicas.close().await;
    }
}
