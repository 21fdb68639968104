//! VisualKit as it is deployed, to be done violence to: servers of its own, an API, three workers, and between each of them and each server a
//! network of its own.
use super::history::{Event, Fall, Recorder};
use super::plan::{API, Outage, Server, WORKERS};
use crate::app::make_tenant;
use crate::{Client, Process, Proxy, Servers, free_port, lasting_port, model_settings};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::Owner;

/// How long a process may take until it is ready, on a machine that does other things.
const START_LIMIT: Duration = Duration::from_secs(90);

/// How long one may take to end after SIGTERM: it drains for 2 s, and may have to give up servers that are silent.
const END_LIMIT: Duration = Duration::from_secs(45);

pub(crate) struct System {
    pub(crate) servers: Arc<Servers>,
    pub(crate) recorder: Arc<Recorder>,
    parts: HashMap<&'static str, Part>,
    settings: Vec<(String, String)>,
    logs: PathBuf,
    /// Makes a process's clock wrong: scripts/dev/skewed_clock.c, compiled. Without it clocks are right.
    skewed_clock: Option<PathBuf>,
    started: AtomicUsize,
    http: reqwest::Client,
}

/// A process of ours, with its networks.
struct Part {
    arguments: &'static [&'static str],
    postgres: Proxy,
    redis: Proxy,
    process: Mutex<Option<Process>>,
}

impl System {
    /// Servers, schema and tenants; nothing of ours runs yet. Logs go to `logs`. Returns a client for each tenant.
    pub(crate) async fn prepare(
        recorder: Arc<Recorder>,
        logs: PathBuf,
        lease_secs: u64,
        tenant_count: usize,
    ) -> (Self, Vec<(String, Client)>) {
        let servers = Arc::new(blocking(Servers::start).await);
        let url = format!("127.0.0.1:{}", lasting_port());
        let mut settings: Vec<(String, String)> = [
            ("SESSION_SECRET", "not-a-secret-because-only-tests-use-it"),
            ("VISUALKIT__SERVER__LISTEN", &url),
            ("VISUALKIT__DIAGNOSTICS__ENABLED", "true"),
            ("VISUALKIT__OUTGOING__ALLOW_LOOPBACK", "true"),
            ("VISUALKIT__OUTGOING__TIMEOUT_SECS", "5"),
            ("VISUALKIT__DATABASE__APP_CONNECTIONS", "12"),
            ("VISUALKIT__DATABASE__SYSTEM_CONNECTIONS", "6"),
            // Not above the lease: a process that is frozen in the middle of a transaction keeps its rows locked as long.
            ("VISUALKIT__DATABASE__SILENCE_TIMEOUT_SECS", &lease_secs.to_string()),
            ("VISUALKIT__DISPATCH__LEASE_SECS", &lease_secs.to_string()),
            ("VISUALKIT__DISPATCH__REDISPATCH_AFTER_SECS", "5"),
            ("VISUALKIT__WORKERS__GENERAL", "100"),
            ("VISUALKIT__WORKERS__DRAIN_SECS", "2"),
            (
                "VISUALKIT__STORAGE__DATA_DIR",
                &servers.directory().join("visualkit").display().to_string(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        settings.extend(model_settings());
        let owner_url = servers.get("DATABASE_OWNER_URL").to_owned();
        let migrated = owner_url.clone();
        let _ = blocking(move || Process::run(&["migrate"], &[("DATABASE_OWNER_URL", &migrated)])).await;
        let keys = make_tenants(&owner_url, tenant_count).await;
        let clients = keys
            .into_iter()
            .map(|(tenant, key)| (tenant, Client::new(&format!("http://{url}"), Some(&key))))
            .collect();
        let mut parts = HashMap::new();
        for name in WORKERS.into_iter().chain([API]) {
            let part = Part {
                arguments: if name == API {
                    &["serve"]
                } else {
                    &["worker", "--pools", "general"]
                },
                postgres: Proxy::before(servers.get("DATABASE_URL")).await,
                redis: Proxy::before(servers.get("REDIS_URL")).await,
                process: Mutex::default(),
            };
            parts.insert(name, part);
        }
        let system = Self {
            servers,
            recorder,
            parts,
            settings,
            logs,
            skewed_clock: crate::environment::variable("CHAOS_SKEWED_CLOCK").map(PathBuf::from),
            started: AtomicUsize::new(0),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(2))
                .build()
                .unwrap(),
        };
        (system, clients)
    }

    pub(crate) async fn start_all(&self) {
        for part in WORKERS.into_iter().chain([API]) {
            self.start(part, 0).await;
        }
    }

    /// Starts the part's process with a clock that is wrong by `skew_ms`, and waits until it is ready. One that gives up while a server is away
    /// is started again, as a supervisor would.
    ///
    /// # Panics
    /// When it does not become ready.
    pub(crate) async fn start(&self, name: &str, skew_ms: i64) {
        let begun = Instant::now();
        let mut admin = self.spawn(name, skew_ms);
        while !self.is_ready(&admin).await {
            assert!(
                begun.elapsed() < START_LIMIT,
                "{name} is not ready after {START_LIMIT:?}: see {}",
                self.logs.display()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
            let gone = self.parts[name]
                .process
                .lock()
                .unwrap()
                .as_mut()
                .is_none_or(Process::has_ended);
            if gone {
                admin = self.spawn(name, skew_ms);
            }
        }
    }

    /// Starts the part's process; where it will say whether it is ready.
    fn spawn(&self, name: &str, skew_ms: i64) -> String {
        let part = &self.parts[name];
        let skew_ms = if self.skewed_clock.is_some() { skew_ms } else { 0 };
        let (admin, offset) = (format!("127.0.0.1:{}", free_port()), skew_ms.to_string());
        let clock = self.skewed_clock.as_ref().map(|library| library.display().to_string());
        let through = [
            ("DATABASE_URL", part.postgres.url(self.servers.get("DATABASE_URL"))),
            (
                "DATABASE_SYSTEM_URL",
                part.postgres.url(self.servers.get("DATABASE_SYSTEM_URL")),
            ),
            ("REDIS_URL", part.redis.url(self.servers.get("REDIS_URL"))),
        ];
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut environment: Vec<(&str, &str)> = settings.collect();
        environment.extend(through.iter().map(|(name, value)| (*name, value.as_str())));
        environment.push(("VISUALKIT__SERVER__ADMIN_LISTEN", &admin));
        if let Some(library) = clock.as_ref().filter(|_| skew_ms != 0) {
            environment.extend([("LD_PRELOAD", library.as_str()), ("CLOCK_OFFSET_MS", offset.as_str())]);
        }
        let count = self.started.fetch_add(1, Ordering::Relaxed);
        let process = Process::start(
            part.arguments,
            &environment,
            &self.logs.join(format!("{count:04}-{name}.log")),
        );
        self.recorder.record(Event::Started {
            part: name.to_owned(),
            pid: process.id(),
            skew_ms,
        });
        *part.process.lock().unwrap() = Some(process);
        admin
    }

    async fn is_ready(&self, admin: &str) -> bool {
        let answered = self.http.get(format!("http://{admin}/health/ready")).send().await;
        answered.is_ok_and(|answer| answer.status().is_success())
    }

    pub(crate) fn kill(&self, name: &str) {
        self.note_crash(name);
        let process = self.parts[name].process.lock().unwrap().take();
        if let Some(mut process) = process {
            process.kill();
            self.fell(name, process.id(), Fall::Killed);
        }
    }

    /// SIGTERM, and its end; one that does not end counts as crashed.
    pub(crate) async fn terminate(&self, name: &str) {
        self.note_crash(name);
        let process = self.parts[name].process.lock().unwrap().take();
        if let Some(mut process) = process {
            self.fell(name, process.id(), Fall::Terminated);
            process.signal("TERM");
            let begun = Instant::now();
            while !process.has_ended() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if begun.elapsed() > END_LIMIT {
                    process.kill();
                    self.crashed(name, process.id());
                }
            }
        }
    }

    pub(crate) async fn freeze(&self, name: &str, hold: Duration) {
        let signal = |word: &str| {
            let process = self.parts[name].process.lock().unwrap();
            process.as_ref().map(|process| {
                process.signal(word);
                process.id()
            })
        };
        self.note_crash(name);
        let at = super::history::now();
        if let Some(pid) = signal("STOP") {
            let event = Event::Fell {
                part: name.to_owned(),
                pid,
                how: Fall::Frozen,
            };
            self.recorder.record_at(at, event);
            tokio::time::sleep(hold).await;
            let thawed = Event::Thawed {
                part: name.to_owned(),
                pid,
            };
            self.recorder.record(thawed);
            signal("CONT");
        }
    }

    fn fell(&self, part: &str, pid: u32, how: Fall) {
        self.recorder.record(Event::Fell {
            part: part.to_owned(),
            pid,
            how,
        });
    }

    /// Whether the part's process ended without having been told to.
    pub(crate) fn note_crash(&self, name: &str) -> bool {
        let mut process = self.parts[name].process.lock().unwrap();
        let crashed = process
            .as_mut()
            .and_then(|process| process.has_ended().then(|| process.id()));
        if let Some(pid) = crashed {
            *process = None;
            self.crashed(name, pid);
        }
        crashed.is_some()
    }

    fn crashed(&self, part: &str, pid: u32) {
        self.recorder.record(Event::Crashed {
            part: part.to_owned(),
            pid,
        });
    }

    /// The network between a part and a server fails for as long as `hold`.
    pub(crate) async fn disturb_network(&self, name: &str, server: Server, outage: Outage, hold: Duration) {
        let part = &self.parts[name];
        let network = match server {
            Server::Postgres => &part.postgres,
            Server::Redis => &part.redis,
        };
        match outage {
            // What was lost takes a while to be noticed and made anew.
            Outage::Cut => {
                network.cut();
                tokio::time::sleep(hold).await;
            }
            Outage::Strand => {
                network.strand("");
                tokio::time::sleep(hold).await;
            }
            Outage::Refuse => {
                network.refuse();
                network.cut();
                tokio::time::sleep(hold).await;
                network.accept();
            }
            Outage::Stall => {
                network.stall();
                tokio::time::sleep(hold).await;
                network.resume();
            }
            Outage::Slow(ms) => {
                network.delay(Duration::from_millis(ms));
                tokio::time::sleep(hold).await;
                network.delay(Duration::ZERO);
            }
        }
    }

    pub(crate) async fn wipe_redis(&self) {
        let client = redis::Client::open(self.servers.get("REDIS_URL")).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let _: () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
    }

    pub(crate) async fn with_servers<T: Send + 'static>(&self, act: impl FnOnce(&Servers) -> T + Send + 'static) -> T {
        let servers = self.servers.clone();
        blocking(move || act(&servers)).await
    }

    /// All of its processes, at once.
    pub(crate) fn kill_all(&self) {
        WORKERS.into_iter().chain([API]).for_each(|part| self.kill(part));
    }
}

/// What PostgreSQL and Redis said outlives them, also when the run gives up.
impl Drop for System {
    fn drop(&mut self) {
        for server in ["postgres", "redis"] {
            let name = format!("{server}.log");
            let _ = std::fs::copy(self.servers.directory().join("log").join(&name), self.logs.join(&name));
        }
    }
}

/// The tenants' names, with a secret key each.
async fn make_tenants(owner_url: &str, count: usize) -> Vec<(String, String)> {
    let settings = config::Settings::with_overrides(&[("database.owner_url", owner_url)]).unwrap();
    let mut owner = Owner::connect(&settings.database).await.unwrap();
    let mut made = Vec::with_capacity(count);
    for at in 0..count {
        let name = format!("tenant-{at}");
        let (_, key, _) = make_tenant(&mut owner, &name).await;
        made.push((name, key));
    }
    made
}

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(act).await.unwrap()
}
