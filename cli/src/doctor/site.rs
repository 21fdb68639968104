use super::verdict::Unchecked;
use config::{ConfigErrors, Settings};
use jobs::Queue;
use store::{Store, System};

/// What is examined: an installation as this machine's settings describe it. Whatever cannot be reached is remembered with the reason.
pub(crate) struct Site {
    pub(crate) settings: Result<Settings, ConfigErrors>,
    store: Result<Store, String>,
    system: Result<System, String>,
    queue: Result<Queue, String>,
    /// Mend what can be mended.
    pub(crate) repair: bool,
}

/// Connections of each role for the check-up itself.
const CONNECTIONS: u32 = 2;

impl Site {
    pub(crate) async fn reach(settings: Result<Settings, ConfigErrors>, repair: bool) -> Self {
        let Ok(known) = &settings else {
            let unread = || "the settings cannot be read".to_owned();
            return Self {
                settings,
                store: Err(unread()),
                system: Err(unread()),
                queue: Err(unread()),
                repair,
            };
        };
        let mut database = known.database.clone();
        (database.app_connections, database.system_connections) = (CONNECTIONS, CONNECTIONS);
        Self {
            store: Store::connect(&database).await.map_err(|error| error.to_string()),
            system: System::connect(&database).await.map_err(|error| error.to_string()),
            queue: Queue::open(&known.redis).map_err(|error| error.to_string()),
            settings,
            repair,
        }
    }

    pub(crate) fn settings(&self) -> Result<&Settings, Unchecked> {
        self.settings
            .as_ref()
            .map_err(|_| Unchecked("the settings cannot be read".to_owned()))
    }

    /// Why the app role's connection could not be made, for the check that says so.
    pub(crate) fn try_store(&self) -> Result<&Store, &str> {
        self.store.as_ref().map_err(String::as_str)
    }

    pub(crate) fn store(&self) -> Result<&Store, Unchecked> {
        self.store
            .as_ref()
            .map_err(|why| Unchecked(format!("needs DATABASE_URL: {why}")))
    }

    pub(crate) fn try_system(&self) -> Result<&System, &str> {
        self.system.as_ref().map_err(String::as_str)
    }

    pub(crate) fn system(&self) -> Result<&System, Unchecked> {
        self.system
            .as_ref()
            .map_err(|why| Unchecked(format!("needs DATABASE_SYSTEM_URL: {why}")))
    }

    pub(crate) fn queue(&self) -> Result<&Queue, Unchecked> {
        self.queue
            .as_ref()
            .map_err(|why| Unchecked(format!("needs REDIS_URL: {why}")))
    }
}
