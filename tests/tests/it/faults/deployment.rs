use jobs::{EnqueueOptions, Kind};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use store::{Store, System, TenantId};
use tests::{Client, Process, Servers, free_port, model_settings};

/// VisualKit as it is deployed: servers of its own, one process a part, a tenant with a key.
pub(super) struct Deployment {
    pub(super) servers: Servers,
    pub(super) client: Client,
    pub(super) tenant: TenantId,
    settings: Vec<(String, String)>,
    started: AtomicUsize,
}

impl Deployment {
    /// Servers, the schema and a tenant; none of our processes runs yet. Leases last 2 s.
    pub(super) async fn start(settings: &[(&str, &str)]) -> Self {
        let servers = Servers::start();
        let url = format!("127.0.0.1:{}", free_port());
        let own = |name: &str| (name.to_owned(), servers.get(name).to_owned());
        let mut all = vec![own("DATABASE_URL"), own("DATABASE_SYSTEM_URL"), own("REDIS_URL")];
        all.extend(model_settings());
        let fixed = [
            ("SESSION_SECRET", "not-a-secret-because-only-tests-use-it"),
            ("VISUALKIT_MASTER_KEY", "not-a-master-key-because-only-tests-use-it"),
            ("VISUALKIT__SERVER__LISTEN", &url),
            ("VISUALKIT__DIAGNOSTICS__ENABLED", "true"),
            ("VISUALKIT__OUTGOING__ALLOW_LOOPBACK", "true"),
            ("VISUALKIT__RATE_LIMITS__DEFAULT_TIER", "trusted"),
            ("VISUALKIT__DISPATCH__LEASE_SECS", "2"),
            ("VISUALKIT__WORKERS__GENERAL", "100"),
            (
                "VISUALKIT__STORAGE__DATA_DIR",
                &servers.directory().join("visualkit").display().to_string(),
            ),
        ];
        all.extend(
            fixed
                .iter()
                .chain(settings)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );

        let owner = [("DATABASE_OWNER_URL", servers.get("DATABASE_OWNER_URL"))];
        let _ = Process::run(&["migrate"], &owner);
        let made: Value = serde_json::from_str(&Process::run(&["tenants", "create", "dev", "--json"], &owner)).unwrap();
        let tenant = TenantId(made["id"].as_str().unwrap().parse().unwrap());
        let made: Value =
            serde_json::from_str(&Process::run(&["keys", "create", "--tenant", "dev", "--json"], &owner)).unwrap();
        let client = Client::new(&format!("http://{url}"), made["key"].as_str());
        Self {
            servers,
            client,
            tenant,
            settings: all,
            started: AtomicUsize::new(0),
        }
    }

    /// The API.
    pub(super) async fn serve(&self) -> Process {
        self.launch(&["serve"], &[]).await
    }

    /// A worker of the general pool.
    pub(super) async fn worker(&self, settings: &[(&str, &str)]) -> Process {
        self.launch(&["worker", "--pools", "general"], settings).await
    }

    /// Everything in one process.
    pub(super) async fn up(&self) -> Process {
        self.launch(&["up"], &[]).await
    }

    /// Starts a process and waits until it is ready.
    pub(super) async fn launch(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Process {
        let (process, ready) = self.spawn(arguments, settings);
        let start = Instant::now();
        while !reqwest::get(&ready)
            .await
            .is_ok_and(|answered| answered.status().is_success())
        {
            let said = || std::fs::read_to_string(&process.log).unwrap_or_default();
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "visualkit {arguments:?} is not ready: {}",
                said()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process
    }

    /// Starts a process; the URL tells whether it is ready.
    pub(super) fn spawn(&self, arguments: &[&str], settings: &[(&str, &str)]) -> (Process, String) {
        let admin = format!("127.0.0.1:{}", free_port());
        let log = self.servers.directory().join(format!(
            "visualkit-{}.log",
            self.started.fetch_add(1, Ordering::Relaxed)
        ));
        let mut environment: Vec<(&str, &str)> = self
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        environment.push(("VISUALKIT__SERVER__ADMIN_LISTEN", &admin));
        environment.extend(settings);
        (
            Process::start(arguments, &environment, &log),
            format!("http://{admin}/health/ready"),
        )
    }

    /// Submits `count` jobs over HTTP; each is accepted. Returns their ids.
    pub(super) async fn submit(&self, kind: &str, payload: Value, count: usize) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let answered = self
                .client
                .post("/v1/jobs", json!({"kind": kind, "payload": payload}))
                .await;
            assert_eq!(answered.status, 202, "{}", answered.text);
            ids.push(answered.body["id"].as_str().unwrap().to_owned());
        }
        ids
    }

    /// The store as the app role, with a pool of its own.
    pub(super) async fn store(&self) -> Store {
        let settings = config::Settings::with_overrides(&[("database.url", self.servers.get("DATABASE_URL"))]).unwrap();
        Store::connect(&settings.database).await.unwrap()
    }

    /// PostgreSQL as its superuser, which the product never is.
    pub(super) fn superuser_url(&self) -> String {
        let secrets = std::fs::read_to_string(self.servers.directory().join("secrets/secrets.env")).unwrap();
        let password = secrets
            .lines()
            .find_map(|line| line.strip_prefix("POSTGRES_PASSWORD="))
            .unwrap()
            .trim_matches(['\'', '"']);
        let (_, server) = self.servers.get("DATABASE_OWNER_URL").split_once('@').unwrap();
        format!("postgres://postgres:{password}@{server}")
    }

    /// The system role, with a pool of its own.
    pub(super) async fn system(&self) -> System {
        let url = self.servers.get("DATABASE_SYSTEM_URL");
        let settings = config::Settings::with_overrides(&[("database.system_url", url)]).unwrap();
        System::connect(&settings.database).await.unwrap()
    }

    /// Inserts a job that clients may not submit; the reconciler finds it.
    pub(super) async fn insert<K: Kind + Clone>(&self, kind: &K, options: &EnqueueOptions) {
        let (kind, options) = (kind.clone(), options.clone());
        let enqueued: Result<_, jobs::EnqueueError> = self
            .store()
            .await
            .tenant(self.tenant, async move |tx| jobs::enqueue(tx, &kind, options).await)
            .await;
        enqueued.unwrap();
    }
}
