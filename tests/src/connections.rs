use crate::processes::{binary, dispatch_backend};
use crate::{Environment, Proxy, TestDatabase};
use config::{ExposeSecret, Settings};
use integrations::embedding::Embedder;
use integrations::http::{GuardedClient, HttpLimits, OutboundPolicy};
use jobs::Queue;
use std::sync::Arc;
use std::time::Duration;
use store::{Store, System};
use tempfile::TempDir;
use workers::parser::Parser;
use workers::{Budgets, Context, EmbeddingModels, Replicas, Rerankers};

/// The model id that test bases carry.
pub(crate) const MODEL: &str = "all-MiniLM-L6-v2";

pub(crate) async fn proxy(wanted: bool, url: &str) -> Option<Proxy> {
    match wanted {
        true => Some(Proxy::before(url).await),
        false => None,
    }
}

/// The same settings, with the proxies in front of the servers. The owner sees everything as it is.
pub(crate) fn through(direct: &Settings, postgres: Option<&Proxy>, redis: Option<&Proxy>) -> Settings {
    let mut settings = direct.clone();
    let (database, index) = (&mut settings.database, &mut settings.redis.url);
    for (url, proxy) in [
        (&mut database.url, postgres),
        (&mut database.system_url, postgres),
        (index, redis),
    ] {
        if let (Some(url), Some(proxy)) = (url, proxy) {
            *url = proxy.url(url.expose_secret()).into();
        }
    }
    settings
}

pub(crate) async fn connect(settings: Arc<Settings>, embedder: Arc<dyn Embedder>) -> Context {
    let store = Store::connect(&settings.database).await.unwrap();
    let http = outgoing_client(&settings);
    let models = EmbeddingModels::of(&settings.models, vec![embedder.clone()], &http).unwrap();
    Context {
        system: System::connect(&settings.database).await.unwrap(),
        queue: Queue::open(&settings.redis).unwrap(),
        replicas: Replicas::new(store.clone(), &settings, models.clone()),
        budgets: Budgets::default(),
        rerankers: Rerankers::of(&settings.models, &http).unwrap(),
        store,
        embedder,
        models,
        parser: Parser::new(binary(), &settings),
        http,
        settings,
    }
}

pub(crate) fn settings(
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
        ("rate_limits.default_tier", "trusted"),
        ("rate_limits.auth_failures_burst", "1000000"),
        ("outgoing.allow_loopback", "true"),
        ("models.embedding", MODEL),
        ("workers.drain_secs", "2"),
        // What this machine has installed is for the tests of it to use.
        ("recognition.mode", "off"),
        // A test that wants reserved slots says so.
        ("workers.ingest_reserved", "0"),
        ("workers.retrieval_reserved", "0"),
        ("workers.general_reserved", "0"),
        ("workers.delivery_reserved", "0"),
    ];
    // The same tests on another backend: see docs/TESTING.md.
    let backend = dispatch_backend();
    all.extend(backend.as_deref().map(|backend| ("dispatch.backend", backend)));
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
