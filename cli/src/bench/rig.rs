use crate::process::{Connections, embedding_models, load_settings, outgoing_client, parser_program, rerankers};
use anyhow::Context as _;
use config::{Requirement, Settings};
use jobs::Pool;
use std::path::PathBuf;
use std::sync::Arc;
use store::{Owner, System, TenantId, tenants};
use tokio::sync::Mutex;
use workers::parser::Parser;
use workers::{Context, Registry, Replicas, WorkerOptions, Workers};

/// The system in this process, with workers of the benchmark's choosing.
pub(super) struct Rig {
    pub(super) context: Context,
    pub(super) tenant: TenantId,
    pub(super) owner: Mutex<Owner>,
    /// The binary that runs this, for workers in processes of their own.
    pub(super) program: PathBuf,
}

impl Rig {
    pub(super) async fn open() -> anyhow::Result<Self> {
        Self::open_with(|_| {}).await
    }

    /// With other settings than the environment's.
    pub(super) async fn open_with(change: impl FnOnce(&mut Settings)) -> anyhow::Result<Self> {
        let needs = [
            Requirement::AppDatabase,
            Requirement::SystemDatabase,
            Requirement::OwnerDatabase,
            Requirement::Redis,
        ];
        let mut settings = (*load_settings(&needs)?).clone();
        change(&mut settings);
        let settings = Arc::new(settings);
        let connections = Connections::open(settings.clone()).await?;
        let mut owner = Owner::connect(&settings.database)
            .await
            .context("cannot use DATABASE_OWNER_URL")?;
        let tenant = tenant(&mut owner, "bench").await?;
        let system = System::connect(&settings.database).await?;
        let (models, embedder) = embedding_models(&settings)?;
        let replicas = Replicas::new(connections.store.clone(), &settings, models.clone());
        let (store, queue) = (connections.store, connections.queue);
        let http = outgoing_client(&settings)?;
        Ok(Self {
            context: Context {
                store,
                system,
                queue,
                embedder,
                models,
                rerankers: rerankers(&settings)?,
                parser: Parser::new(parser_program(), &settings),
                http,
                replicas,
                budgets: workers::Budgets::default(),
                settings,
            },
            tenant,
            owner: Mutex::new(owner),
            program: std::env::current_exe().context("cannot find the program that runs this")?,
        })
    }

    /// A tenant beside the first.
    pub(super) async fn tenant(&self, name: &str) -> anyhow::Result<TenantId> {
        tenant(&mut *self.owner.lock().await, name).await
    }

    pub(super) fn workers(&self, registry: &Registry, pools: Vec<Pool>, change: impl FnOnce(&mut Settings)) -> Workers {
        let mut settings = (*self.context.settings).clone();
        change(&mut settings);
        workers::start(&self.context, registry, WorkerOptions::new(&settings, pools))
    }
}

async fn tenant(owner: &mut Owner, name: &str) -> anyhow::Result<TenantId> {
    let tenant = tenants::find_by_name(owner, name)
        .await
        .with_context(|| format!("there is no tenant `{name}`: run ./dev bench"))?;
    Ok(tenant.id)
}
