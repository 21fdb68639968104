use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use ::workers::{IdleReplica, Unusable, idle_replicas};

pub(super) const CHECK: Check = Check {
    name: "indexes",
    run: |site| Box::pin(check(site)),
};

/// Search replicas on this machine's disk that no process holds: half-written, of bases that are gone, of another release.
async fn check(site: &Site) -> Looked {
    let (store, settings) = (site.store()?, site.settings()?);
    let unusable = idle_replicas(store, settings, site.repair).await?;
    if unusable.is_empty() {
        return Ok(Verdict::ok(
            "no replica of a process that is gone is half-written or without its base",
        ));
    }
    let gone = unusable.iter().any(|replica| replica.why == Unusable::BaseGone);
    // What a half-written one says is known already; of a base that is gone, words may be left on the disk.
    let health = if gone { Health::Problem } else { Health::Warning };
    let lines: Vec<String> = unusable.iter().map(line).collect();
    let found = Verdict::new(health, "search replicas that are of no more use").of(&lines);
    Ok(match site.repair {
        true => found.repaired(0),
        false => found.advise("--repair deletes them, which costs time at the next search of the base; so does the next retrieval process, in time"),
    })
}

fn line(replica: &IdleReplica) -> String {
    let why = match replica.why {
        Unusable::HalfWritten => "half-written",
        Unusable::BaseGone => "its base is gone",
        Unusable::OtherRelease => "written by another release",
    };
    format!("{}: {why}", replica.directory.display())
}
