use super::why::{Blocker, Class, Reason, due_since};
use chrono::TimeDelta;
use jobs::{Position, Standing};
use std::time::Duration;
use store::jobs::Why;

/// A job that nothing holds back ought to run within this time. As long without any job of the pool having been taken, and what its workers said of their slots, each
/// few seconds, is of the time after: only then nothing but a fault explains that it waits.
const DISPATCH_TAKES: TimeDelta = TimeDelta::seconds(10);

/// It could run, and waits for its turn.
pub(super) fn turn(why: &Why, standing: Option<Standing>) -> Blocker {
    let since = due_since(why);
    let busy = busy(why);
    let dispatching = |class, detail: String| Blocker {
        reason: Reason::Dispatching,
        class,
        detail,
        since,
    };
    let starved = |detail: String| Blocker {
        reason: Reason::TenantShare,
        class: Class::Starved,
        detail,
        since,
    };
    let Some(Standing { position, last_taken }) = standing else {
        return dispatching(
            Class::Stuck,
            "The dispatch index (Redis) cannot be reached; jobs start again when it can.".to_owned(),
        );
    };
    let overdue = why.now - since > DISPATCH_TAKES;
    // Whoever takes others will come to this one: other priorities, kinds and tenants have turns too.
    let moves = last_taken.is_some_and(|ago| !is_long(ago));
    let late = if overdue && !moves {
        Class::Stuck
    } else {
        Class::Waiting
    };
    match position {
        Position::Queued { ahead, tenants } if ahead > 0 || is_full(why) => starved(format!(
            "{}{ahead} jobs of this tenant, kind and priority are before it; {tenants} tenant(s) take turns; {busy}.",
            if ahead < Position::LOOKED_AT { "" } else { "At least " }
        )),
        Position::Queued { tenants, .. } if overdue && moves => starved(format!(
            "It is the next of its tenant, kind and priority, and others had their turns; {tenants} tenant(s) take turns; {busy}."
        )),
        Position::Queued { .. } => dispatching(
            late,
            format!("It is next, and a worker should take it at once; {busy}."),
        ),
        Position::Popped { ago } => dispatching(
            if is_long(ago) { Class::Stuck } else { Class::Waiting },
            "A worker has taken it and is about to start it.".to_owned(),
        ),
        Position::Absent if why.put_aside => dispatching(
            Class::Waiting,
            "A pause that held it back is over; it is offered to workers with the others that were.".to_owned(),
        ),
        Position::Absent => dispatching(
            late,
            "It is not in the dispatch index; workers put it there within a second or two.".to_owned(),
        ),
    }
}

fn is_long(ago: Duration) -> bool {
    TimeDelta::from_std(ago).is_ok_and(|ago| ago > DISPATCH_TAKES)
}

/// Whether no slot is free that the job could have.
fn is_full(why: &Why) -> bool {
    why.running >= why.slots - if why.tenant_runs { why.reserved } else { 0 }
}

fn busy(why: &Why) -> String {
    let kept = match why.reserved {
        0 => String::new(),
        reserved => format!(" ({reserved} of them are for tenants that hold no other)"),
    };
    format!(
        "{} of {} slots of the pool {} are busy{kept}",
        why.running, why.slots, why.pool
    )
}
