//! Nothing is left behind that belongs to no work.
use super::case::Case;
use super::verdict::{Rule, Violation};

pub(super) fn check(case: &Case<'_>, violations: &mut Vec<Violation>) {
    for (id, place) in &case.indexed {
        // Others that were not settled are corrected in time; they are counted, and harm nobody.
        if *place == "queued" || !case.jobs.contains_key(id) {
            let known = case.jobs.get(id).map_or("nobody knows", |job| job.state);
            let detail = format!("is {place} in Redis, and {known} in PostgreSQL");
            violations.push(Violation::new(Rule::Leftover, id, detail));
        }
    }
    for (part, pid) in &case.crashes {
        let detail = format!("process {pid} ended by itself, or not when it was told to");
        violations.push(Violation::new(Rule::Crash, part, detail));
    }
}
