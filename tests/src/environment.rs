use crate::workspace_root;
use std::path::PathBuf;

/// Where the servers are that `./dev test` started.
#[derive(Clone)]
pub struct Environment {
    pub owner_url: String,
    pub app_url: String,
    pub system_url: String,
    pub redis_url: String,
}

impl Environment {
    /// # Panics
    /// When the tests were not started by `./dev test`, or without its environment.
    #[must_use]
    pub fn read() -> Self {
        let get =
            |name: &str| variable(name).unwrap_or_else(|| panic!("{name} is not set: run the tests with ./dev test"));
        Self {
            owner_url: get("TEST_DATABASE_OWNER_URL"),
            app_url: get("TEST_DATABASE_APP_URL"),
            system_url: get("TEST_DATABASE_SYSTEM_URL"),
            redis_url: get("TEST_REDIS_URL"),
        }
    }
}

/// The public test collections, where they are; prints why not when they are not, and the test returns.
#[must_use]
pub fn evaluation_data(folder: &str) -> Option<PathBuf> {
    let root = variable("VISUALKIT_DATA_EVAL_DIR").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let path = workspace_root().join(root).join(folder);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there (set VISUALKIT_DATA_EVAL_DIR)", path.display());
    None
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests learn from ./dev test where the servers are"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
