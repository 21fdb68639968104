use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use std::path::Path;

pub(super) const CHECK: Check = Check {
    name: "disk",
    run: |site| Box::pin(check(site)),
};

const MIB: u64 = 1 << 20;
/// A replica that cannot be written fails the searches of its base.
const PROBLEM_BELOW: u64 = 256 * MIB;
const WARNING_BELOW: u64 = 1024 * MIB;

/// Room for replicas. PostgreSQL's disk is its own machine's.
async fn check(site: &Site) -> Looked {
    let wanted = &site.settings()?.storage.data_dir;
    let Some(there) = wanted.ancestors().find(|path| path.is_dir()).or(Some(Path::new("."))) else {
        return Ok(Verdict::ok("no data_dir"));
    };
    let volume = rustix::fs::statvfs(there)?;
    let free = volume.f_bavail.saturating_mul(volume.f_frsize);
    let found = format!("{} MiB free for storage.data_dir = {}", free / MIB, wanted.display());
    let health = match free {
        free if free < PROBLEM_BELOW => Health::Problem,
        free if free < WARNING_BELOW => Health::Warning,
        _ => return Ok(Verdict::ok(found)),
    };
    Ok(Verdict::new(health, found).advise("make room; deleting data_dir while nothing runs costs time, never data"))
}
