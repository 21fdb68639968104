//! The check-up: what is wrong with an installation, what to do about it, and the repairs that are safe while it runs.
//!
//! A check is one file in `checks/` and one line in its list. It changes nothing unless it was asked to repair, and repairs only by what the
//! running system uses itself, or in one step of Redis.
mod checks;
mod report;
mod site;
mod twice;
mod verdict;

pub(crate) use self::report::Report;
pub(crate) use self::site::Site;
pub(crate) use self::verdict::{Health, Verdict};

use std::time::Duration;

/// A check that takes longer is given up.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs every check in turn, each to its end.
pub(crate) async fn examine(site: &Site) -> Report {
    let mut verdicts = Vec::with_capacity(checks::ALL.len());
    for check in checks::ALL {
        let verdict = match tokio::time::timeout(LIMIT, (check.run)(site)).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(unchecked)) => Verdict::new(Health::Skipped, unchecked.0),
            Err(_) => Verdict::new(Health::Skipped, format!("gave up after {} s", LIMIT.as_secs())),
        };
        verdicts.push((check.name, verdict));
    }
    Report::new(verdicts)
}
