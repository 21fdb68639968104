use crate::connections::{MODEL, connect, proxy, settings, through};
use crate::environment::variable;
use crate::{Client, Environment, HashingEmbedder, Proxy, TestDatabase};
use api::{AdminState, ApiState};
use config::{ExposeSecret, Settings};
use diesel_async::RunQueryDsl;
use integrations::embedding::Embedder;
use jobs::Pool;
use redis::aio::MultiplexedConnection;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::api_keys::{self, ApiKey, NewApiKey};
use store::{Owner, TenantId, tenants};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workers::parser::Parser;
use workers::{Context, Registry, WorkerOptions, Workers};

/// The master key of a [`TestApp`].
pub const MASTER_KEY: &str = "not-a-master-key-because-only-tests-use-it";

/// What differs from test to test.
pub struct TestOptions {
    /// The pools whose workers run.
    pub pools: Vec<Pool>,
    /// Whether the installation has a master key, without which there are no webhooks.
    pub master_key: bool,
    /// Settings beside those a test always has.
    pub settings: Vec<(&'static str, String)>,
    /// Words instead of meaning by default.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// The kinds the workers know: those of production by default.
    pub registry: Registry,
    /// What is started to parse a document: `visualkit` by default.
    pub parser: Option<PathBuf>,
    /// Puts a [`Proxy`] before Postgres, for the app and the system role.
    pub postgres_proxy: bool,
    /// Puts a [`Proxy`] before Redis.
    pub redis_proxy: bool,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            pools: Pool::ALL.to_vec(),
            master_key: true,
            settings: Vec::new(),
            embedder: None,
            registry: workers::handlers::registry(),
            parser: None,
            postgres_proxy: false,
            redis_proxy: false,
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
    postgres: Option<Proxy>,
    redis: Option<Proxy>,
    direct: Arc<Settings>,
    workers: Option<Workers>,
    state: ApiState,
    stop: CancellationToken,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    pub async fn start_with(options: TestOptions) -> Self {
        let environment = Environment::read();
        let database = TestDatabase::create(&environment).await;
        let data = tempfile::tempdir().unwrap();
        let (postgres, redis) = (
            proxy(options.postgres_proxy, &environment.app_url).await,
            proxy(options.redis_proxy, &environment.redis_url).await,
        );
        let mut more = options.settings;
        if options.master_key {
            more.push(("secrets.master_key", MASTER_KEY.to_owned()));
        }
        let direct = Arc::new(settings(&environment, &database, &data, &more));
        let settings = Arc::new(through(&direct, postgres.as_ref(), redis.as_ref()));
        let words = Arc::new(HashingEmbedder::new(MODEL));
        let embedder: Arc<dyn Embedder> = options.embedder.unwrap_or_else(|| words.clone());
        let mut context = connect(settings.clone(), embedder).await;
        if let Some(program) = options.parser {
            context.parser = Parser::new(program, &settings);
        }
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

        let (store, queue) = (context.store.clone(), context.queue.clone());
        let model = context.embedder.model().id.clone();
        let state = ApiState::new(store.clone(), queue.clone(), settings, model);
        let stop = CancellationToken::new();
        let url = listen(api::router(state.clone()), &stop).await;
        let admin_url = listen(
            api::admin_router(AdminState {
                store: Some(store),
                queue: Some(queue),
                metrics: None,
                system: Some(context.system.clone()),
                workers: Some(context.settings.workers.clone()),
                stalled: workers.as_ref().map(|workers| {
                    let pulse = workers.pulse();
                    Arc::new(move || pulse.stalled()) as api::Stalled
                }),
                stopping: Arc::default(),
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
            postgres,
            redis,
            direct,
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

    /// What the app and the system role reach Postgres through.
    ///
    /// # Panics
    /// When the test did not ask for it.
    #[must_use]
    pub fn postgres(&self) -> &Proxy {
        self.postgres.as_ref().expect("TestOptions::postgres_proxy")
    }

    /// What Redis is reached through.
    ///
    /// # Panics
    /// When the test did not ask for it.
    #[must_use]
    pub fn redis(&self) -> &Proxy {
        self.redis.as_ref().expect("TestOptions::redis_proxy")
    }

    /// A connection of the test's own to Redis, past the proxy.
    pub async fn redis_connection(&self) -> MultiplexedConnection {
        let url = self.direct.redis.url.as_ref().unwrap();
        let client = redis::Client::open(url.expose_secret()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// What a `visualkit` process needs to be one of this system's, past the proxies.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let settings = &self.direct;
        let secret = |value: &Option<config::SecretString>| value.as_ref().unwrap().expose_secret().to_owned();
        let mut environment = vec![
            ("DATABASE_URL", secret(&settings.database.url)),
            ("DATABASE_SYSTEM_URL", secret(&settings.database.system_url)),
            ("DATABASE_OWNER_URL", secret(&settings.database.owner_url)),
            ("REDIS_URL", secret(&settings.redis.url)),
            ("SESSION_SECRET", "not-a-secret-because-only-tests-use-it".to_owned()),
            // As in the process of the tests: else what these submit is no kind there.
            ("VISUALKIT__DIAGNOSTICS__ENABLED", "true".to_owned()),
            ("VISUALKIT__REDIS__PREFIX", settings.redis.prefix.clone()),
            (
                "VISUALKIT__STORAGE__DATA_DIR",
                settings.storage.data_dir.display().to_string(),
            ),
        ];
        for (name, ours) in [
            ("VISUALKIT__MODELS__DIR", "VISUALKIT_MODELS_DIR"),
            ("VISUALKIT__MODELS__ONNXRUNTIME", "VISUALKIT_ONNXRUNTIME"),
        ] {
            environment.extend(variable(ours).map(|value| (name, value)));
        }
        environment
    }

    /// Another process's connections to the same system, past the proxies.
    pub async fn beside_proxies(&self) -> Context {
        connect(self.direct.clone(), self.context.embedder.clone()).await
    }

    /// A client of a second API process on the same servers, with tenant A's key.
    pub async fn second_api(&self) -> Client {
        let context = connect(self.context.settings.clone(), self.context.embedder.clone()).await;
        let model = context.embedder.model().id.clone();
        let state = ApiState::new(context.store, context.queue, context.settings, model);
        let url = listen(api::router(state), &self.stop).await;
        Client::new(&url, self.client.key.as_deref())
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
            rate_tier: None,
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

    /// Runs SQL as the owner, across tenants.
    pub async fn execute(&self, sql: &str) {
        let mut conn = self.database.owner().await;
        diesel::sql_query(sql).execute(&mut conn).await.unwrap();
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

    /// What a query for one `text` a row gives, as the owner.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let rows: Vec<Row> = diesel::sql_query(sql)
            .load(&mut self.database.owner().await)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// How many backends of this test's database wait for a lock.
    pub async fn waiting_backends(&self) -> i64 {
        self.count(
            "SELECT count(DISTINCT a.pid) AS count FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND NOT l.granted
             WHERE a.datname = current_database()",
        )
        .await
    }

    /// Ends the test: whatever was accepted and is due must end well, or has. Call it last in every test that is not about failure.
    pub async fn finish(self) {
        eventually("every accepted job ends", Duration::from_secs(30), async || {
            let dead = "SELECT count(*) AS count FROM jobs WHERE state = 'dead' AND run_at <= now()";
            assert_eq!(self.count(dead).await, 0, "jobs died");
            let unended =
                "SELECT count(*) AS count FROM jobs WHERE state NOT IN ('succeeded', 'cancelled') AND run_at <= now()";
            self.count(unended).await == 0
        })
        .await;
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

/// A tenant with a secret key for everything, and a publishable one for http://localhost.
pub(crate) async fn make_tenant(owner: &mut Owner, name: &str) -> (TenantId, String, String) {
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
            rate_tier: None,
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
            served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()) => served.unwrap(),
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
