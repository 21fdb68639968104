use crate::{Client, Environment, HashingEmbedder, TestDatabase};
use api::{AdminState, ApiState};
use config::Settings;
use diesel_async::RunQueryDsl;
use integrations::embedding::Embedder;
use integrations::http::{GuardedClient, HttpLimits, OutboundPolicy};
use jobs::{Pool, Queue};
use std::sync::Arc;
use std::time::Duration;
use store::api_keys::{self, ApiKey, NewApiKey};
use store::{Owner, Store, System, TenantId, tenants};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workers::{Context, Registry, Replicas, WorkerOptions, Workers};

/// What differs from test to test.
pub struct TestOptions {
    /// The pools whose workers run.
    pub pools: Vec<Pool>,
    /// Settings beside those a test always has.
    pub settings: Vec<(&'static str, String)>,
    /// Words instead of meaning by default.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// The kinds the workers know: those of production by default.
    pub registry: Registry,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            pools: Pool::ALL.to_vec(),
            settings: Vec::new(),
            embedder: None,
            registry: workers::handlers::registry(),
        }
    }
}

/// The whole system for one test: router and workers in this process, a database, a Redis prefix and a data directory of its own.
pub struct TestApp {
    /// With a secret key of tenant A.
    pub client: Client,
    /// With a secret key of tenant B.
    pub client_b: Client,
    pub publishable_key: String,
    pub admin_url: String,
    pub tenant: TenantId,
    pub tenant_b: TenantId,
    pub database: TestDatabase,
    pub context: Context,
    pub words: Arc<HashingEmbedder>,
    pub data: TempDir,
    /// What workers that are started from here on know.
    pub registry: Registry,
    workers: Option<Workers>,
    state: ApiState,
    stop: CancellationToken,
}

/// The model id that test bases carry.
const MODEL: &str = "all-MiniLM-L6-v2";

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    pub async fn start_with(options: TestOptions) -> Self {
        let environment = Environment::read();
        let database = TestDatabase::create(&environment).await;
        let data = tempfile::tempdir().unwrap();
        let settings = Arc::new(settings(&environment, &database, &data, &options.settings));
        let store = Store::connect(&settings.database).await.unwrap();
        let system = System::connect(&settings.database).await.unwrap();
        let queue = Queue::open(&settings.redis).unwrap();
        let words = Arc::new(HashingEmbedder::new(MODEL));
        let embedder: Arc<dyn Embedder> = options.embedder.unwrap_or_else(|| words.clone());
        let model = embedder.model().clone();
        let replicas = Replicas::new(store.clone(), &settings, &model.id, model.dimensions);
        let context = Context {
            store: store.clone(),
            system,
            queue: queue.clone(),
            embedder,
            http: outgoing_client(&settings),
            replicas,
            settings: settings.clone(),
        };
        let workers = (!options.pools.is_empty()).then(|| {
            workers::start(
                &context,
                &options.registry,
                WorkerOptions::new(&settings, options.pools),
            )
        });

        let mut owner = Owner::connect(&settings.database).await.unwrap();
        let (tenant, key, publishable_key) = make_tenant(&mut owner, "dev").await;
        let (tenant_b, key_b, _) = make_tenant(&mut owner, "dev-b").await;

        let state = ApiState::new(store.clone(), queue.clone(), settings, model.id);
        let stop = CancellationToken::new();
        let url = listen(api::router(state.clone()), &stop).await;
        let admin_url = listen(
            api::admin_router(AdminState {
                store: Some(store),
                queue: Some(queue),
                metrics: None,
            }),
            &stop,
        )
        .await;
        let client = Client::new(&url, Some(&key));
        let client_b = client.with_key(Some(&key_b));
        Self {
            client,
            client_b,
            publishable_key,
            admin_url,
            tenant,
            tenant_b,
            database,
            context,
            words,
            data,
            registry: options.registry,
            workers,
            state,
            stop,
        }
    }

    /// Stops the workers as SIGTERM would.
    pub async fn stop_workers(&mut self) {
        if let Some(workers) = self.workers.take() {
            workers.shut_down().await;
        }
    }

    /// Starts workers, after [`stop_workers`](Self::stop_workers) or where a test began without.
    pub fn start_workers(&mut self, pools: Vec<Pool>) {
        let options = WorkerOptions::new(&self.context.settings, pools);
        self.workers = Some(workers::start(&self.context, &self.registry, options));
    }

    /// A new secret key of the tenant, with these scopes only.
    pub async fn secret_key(&self, tenant: TenantId, scopes: &[&str]) -> String {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let secret = format!("vk_secret_{}", uuid::Uuid::new_v4().simple());
        let new = NewApiKey {
            name: "test",
            kind: "secret",
            secret: &secret,
            scopes: &scopes,
            allowed_origins: &[],
            allow_no_origin: false,
            expires_at: None,
        };
        self.make_key(tenant, &new).await;
        secret
    }

    /// Any key.
    pub async fn make_key(&self, tenant: TenantId, new: &NewApiKey<'_>) -> ApiKey {
        let mut owner = Owner::connect(&self.context.settings.database).await.unwrap();
        api_keys::create(&mut owner, tenant, new).await.unwrap()
    }

    /// How many rows the query counts; it must name its column `count`. Runs as the owner, across tenants.
    pub async fn count(&self, sql: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let row: Row = diesel::sql_query(sql)
            .get_result(&mut self.database.owner().await)
            .await
            .unwrap();
        row.count
    }

    /// Ends the test: whatever was accepted must have ended well. Call it last in every test that is not about failure.
    pub async fn finish(self) {
        let unended = self
            .count(
                "SELECT count(*) AS count FROM jobs WHERE state NOT IN ('succeeded', 'cancelled') AND run_at <= now()",
            )
            .await;
        assert_eq!(unended, 0, "jobs were left undone or dead");
        self.abandon().await;
    }

    /// Ends a test that leaves jobs behind on purpose.
    pub async fn abandon(mut self) {
        self.state.stopping.cancel();
        self.stop_workers().await;
        self.context.replicas.close().await;
        self.stop.cancel();
        self.database.drop_now().await;
    }
}

fn settings(
    environment: &Environment,
    database: &TestDatabase,
    data: &TempDir,
    more: &[(&'static str, String)],
) -> Settings {
    let prefix = format!("t{}", uuid::Uuid::new_v4().simple());
    let data_dir = data.path().display().to_string();
    let mut all: Vec<(&str, &str)> = vec![
        ("database.url", &database.app_url),
        ("database.system_url", &database.system_url),
        ("database.owner_url", &database.owner_url),
        ("database.app_connections", "8"),
        ("database.system_connections", "4"),
        ("redis.url", &environment.redis_url),
        ("redis.prefix", &prefix),
        ("storage.data_dir", &data_dir),
        ("diagnostics.enabled", "true"),
        ("outgoing.allow_loopback", "true"),
        ("models.embedding", MODEL),
        ("workers.drain_secs", "2"),
    ];
    all.extend(more.iter().map(|(key, value)| (*key, value.as_str())));
    Settings::with_overrides(&all).unwrap()
}

/// Allowed to reach this machine, where the fakes are.
fn outgoing_client(settings: &Settings) -> GuardedClient {
    let policy = OutboundPolicy {
        allow_loopback: settings.outgoing.allow_loopback,
        allow_private: settings.outgoing.allow_private,
    };
    let limits = HttpLimits {
        total_timeout: Duration::from_secs(settings.outgoing.timeout_secs),
        ..HttpLimits::default()
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    GuardedClient::new(policy, limits).unwrap()
}

/// A tenant with a secret key for everything, and a publishable one for http://localhost.
async fn make_tenant(owner: &mut Owner, name: &str) -> (TenantId, String, String) {
    let tenant = tenants::create(owner, name).await.unwrap();
    let mut keys = Vec::new();
    for (kind, scopes) in [
        ("secret", vec!["*".to_owned()]),
        ("publishable", vec!["search:read".to_owned(), "answers:read".to_owned()]),
    ] {
        let secret = format!("vk_{kind}_{}", uuid::Uuid::new_v4().simple());
        let new = NewApiKey {
            name: "test",
            kind,
            secret: &secret,
            scopes: &scopes,
            allowed_origins: &["http://localhost".to_owned()],
            allow_no_origin: false,
            expires_at: None,
        };
        api_keys::create(owner, tenant.id, &new).await.unwrap();
        keys.push(secret);
    }
    let publishable = keys.pop().unwrap();
    (tenant.id, keys.pop().unwrap(), publishable)
}

async fn listen(router: axum::Router, stop: &CancellationToken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = stop.clone();
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            served = axum::serve(listener, router) => served.unwrap(),
        }
    });
    url
}

/// Waits until `condition` holds; panics with `what` when it has not within `limit`.
pub async fn eventually<F: Future<Output = bool>>(what: &str, limit: Duration, mut condition: impl FnMut() -> F) {
    let start = std::time::Instant::now();
    while !condition().await {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
