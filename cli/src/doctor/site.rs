use super::verdict::Unchecked;
use config::{ConfigErrors, Settings};
use jobs::Queue;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Store, System};

/// What is examined: an installation as this machine's settings describe it. Whatever cannot be reached is remembered with the reason.
pub(crate) struct Site {
    pub(crate) settings: Result<Settings, ConfigErrors>,
    store: Result<Store, String>,
    system: Result<System, String>,
    queue: Result<Queue, String>,
    /// The check of Redis got no answer: those that follow do not wait for one each.
    redis_is_silent: AtomicBool,
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
                redis_is_silent: AtomicBool::new(false),
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
            redis_is_silent: AtomicBool::new(false),
            repair,
        }
    }

    pub(crate) fn note_silent_redis(&self) {
        self.redis_is_silent.store(true, Ordering::Relaxed);
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

    /// For checks that ask Redis: not where the check of it got no answer.
    pub(crate) fn answering_queue(&self) -> Result<&Queue, Unchecked> {
        if self.redis_is_silent.load(Ordering::Relaxed) {
            return Err(Unchecked("needs Redis, which does not answer".to_owned()));
        }
        self.queue()
    }

    pub(crate) fn queue(&self) -> Result<&Queue, Unchecked> {
        self.queue
            .as_ref()
            .map_err(|why| Unchecked(format!("needs REDIS_URL: {why}")))
    }
}
