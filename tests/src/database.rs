use crate::Environment;
use config::Settings;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// A database of one test's own, cloned from a migrated template: a clone keeps grants and policies, and takes milliseconds.
pub struct TestDatabase {
    pub name: String,
    pub owner_url: String,
    pub app_url: String,
    pub system_url: String,
    environment: Environment,
}

/// Any number: one process at a time makes the template.
const TEMPLATE_LOCK: i64 = 7_305_009;

impl TestDatabase {
    pub async fn create(environment: &Environment) -> Self {
        let template = template(environment).await;
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        let mut conn = connect(&environment.owner_url).await;
        conn.batch_execute(&format!(
            "CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
        ))
        .await
        .unwrap();
        Self {
            owner_url: with_database(&environment.owner_url, &name),
            app_url: with_database(&environment.app_url, &name),
            system_url: with_database(&environment.system_url, &name),
            environment: environment.clone(),
            name,
        }
    }

    /// A connection of the owner, for looking at everything.
    pub async fn owner(&self) -> AsyncPgConnection {
        connect(&self.owner_url).await
    }

    pub async fn drop_now(&self) {
        let mut owner = connect(&self.environment.owner_url).await;
        owner
            .batch_execute(&format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", self.name))
            .await
            .unwrap();
        // Pools that are still open: the owner may not end other roles' sessions, each role may end its own.
        let end = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}' AND usename = current_user",
            self.name
        );
        for url in [
            &self.environment.app_url,
            &self.environment.system_url,
            &self.environment.owner_url,
        ] {
            connect(url).await.batch_execute(&end).await.unwrap();
        }
        owner
            .batch_execute(&format!("DROP DATABASE IF EXISTS {}", self.name))
            .await
            .unwrap();
    }
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    found: bool,
}

/// The template for these very migrations, made by whoever comes first.
async fn template(environment: &Environment) -> String {
    let name = format!("vk_template_{}", migrations_hash());
    let mut conn = connect(&environment.owner_url).await;
    conn.batch_execute(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})"))
        .await
        .unwrap();
    let sql = format!("SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') AS found");
    let Found { found } = diesel::sql_query(sql).get_result(&mut conn).await.unwrap();
    if !found {
        let draft = format!("{name}_draft");
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"))
            .await
            .unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8'"))
            .await
            .unwrap();
        let url = with_database(&environment.owner_url, &draft);
        tokio::task::spawn_blocking(move || migrate(&url)).await.unwrap();
        conn.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}"))
            .await
            .unwrap();
    }
    conn.batch_execute(&format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})"))
        .await
        .unwrap();
    name
}

/// On a runtime of its own: migrating blocks its thread, and a test's runtime may have no other.
fn migrate(owner_url: &str) {
    let settings = Settings::with_overrides(&[("database.owner_url", owner_url)]).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let owner = store::Owner::connect(&settings.database).await.unwrap();
        store::migrate(owner, Duration::from_secs(60), |_| {}).await.unwrap();
    });
}

fn migrations_hash() -> String {
    let mut hash = Sha256::new();
    let mut folders: Vec<_> = std::fs::read_dir(crate::workspace_root().join("migrations"))
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    folders.sort();
    for file in folders
        .iter()
        .map(|folder| folder.join("up.sql"))
        .filter(|file| Path::exists(file))
    {
        hash.update(std::fs::read(file).unwrap());
    }
    hex(&hash.finalize()[..6])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn with_database(url: &str, name: &str) -> String {
    let mut url: Url = url.parse().unwrap();
    url.set_path(name);
    url.to_string()
}

async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to the test database: {error}"))
}
