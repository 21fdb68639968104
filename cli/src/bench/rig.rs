use crate::process::{Connections, embedder, load_settings, outgoing_client};
use anyhow::Context as _;
use config::{Requirement, Settings};
use integrations::embedding::Embedder;
use jobs::Pool;
use std::sync::Arc;
use store::{Owner, System, TenantId, tenants};
use workers::{Context, Registry, Replicas, WorkerOptions, Workers};

/// The system in this process, with workers of the benchmark's choosing.
pub(super) struct Rig {
    pub(super) context: Context,
    pub(super) tenant: TenantId,
}

impl Rig {
    pub(super) async fn open() -> anyhow::Result<Self> {
        let needs = [
            Requirement::AppDatabase,
            Requirement::SystemDatabase,
            Requirement::OwnerDatabase,
            Requirement::Redis,
        ];
        let settings = load_settings(&needs)?;
        let connections = Connections::open(settings.clone()).await?;
        let mut owner = Owner::connect(&settings.database)
            .await
            .context("cannot use DATABASE_OWNER_URL")?;
        let tenant = tenants::find_by_name(&mut owner, "bench")
            .await
            .context("there is no tenant `bench`: run ./dev bench")?;
        let system = System::connect(&settings.database).await?;
        let embedder: Arc<dyn Embedder> = Arc::new(embedder(&settings));
        let model = embedder.model().clone();
        let replicas = Replicas::new(connections.store.clone(), &settings, &model.id, model.dimensions);
        let (store, queue) = (connections.store, connections.queue);
        let http = outgoing_client(&settings)?;
        Ok(Self {
            context: Context {
                store,
                system,
                queue,
                embedder,
                http,
                replicas,
                settings,
            },
            tenant: tenant.id,
        })
    }

    pub(super) fn workers(&self, registry: &Registry, pools: Vec<Pool>, change: impl FnOnce(&mut Settings)) -> Workers {
        let mut settings = (*self.context.settings).clone();
        change(&mut settings);
        workers::start(&self.context, registry, WorkerOptions::new(&settings, pools))
    }
}
