use crate::error::Problems;
use crate::{ConfigErrors, Settings};

/// A setting without a default that some commands cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    AppDatabase,
    SystemDatabase,
    OwnerDatabase,
    Redis,
    SessionSecret,
}

impl Settings {
    /// Checks that what a command needs is set, naming everything that is missing.
    ///
    /// # Errors
    /// One entry per missing setting.
    pub fn require(&self, needs: &[Requirement]) -> Result<(), ConfigErrors> {
        let mut problems = Problems::default();
        for need in needs {
            match need {
                Requirement::AppDatabase => problems.check(
                    self.database.url.is_some(),
                    "database.url",
                    "is not set: give DATABASE_URL the app role's connection string",
                ),
                Requirement::SystemDatabase => problems.check(
                    self.database.system_url.is_some(),
                    "database.system_url",
                    "is not set: give DATABASE_SYSTEM_URL the system role's connection string",
                ),
                Requirement::OwnerDatabase => problems.check(
                    self.database.owner_url.is_some(),
                    "database.owner_url",
                    "is not set: give DATABASE_OWNER_URL the owner's connection string",
                ),
                Requirement::Redis => {
                    problems.check(
                        self.redis.url.is_some(),
                        "redis.url",
                        "is not set: give REDIS_URL, e.g. redis://127.0.0.1:6379",
                    );
                }
                Requirement::SessionSecret => problems.check(
                    self.secrets.session_secret.is_some(),
                    "secrets.session_secret",
                    "is not set: give SESSION_SECRET at least 32 random characters",
                ),
            }
        }
        if problems.0.is_empty() {
            Ok(())
        } else {
            Err(ConfigErrors(problems.0))
        }
    }
}
