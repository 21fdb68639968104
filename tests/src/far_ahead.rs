use chrono::{SubsecRound, TimeDelta, Utc};
use std::sync::LazyLock;

/// A time for `run_at` that no test lives to see: the same whenever a test asks for it.
pub fn far_ahead() -> &'static str {
    static FAR: LazyLock<String> = LazyLock::new(|| {
        let far = Utc::now().trunc_subsecs(0) + TimeDelta::days(300);
        far.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    });
    &FAR
}
