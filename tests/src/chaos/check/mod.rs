//! Judges a history. Pure: the same history gets the same verdict, also years later.
mod accepted;
mod attempts;
mod case;
mod effects;
mod leftovers;
mod recovery;
#[cfg(test)]
mod tests;
mod verdict;

use self::case::Case;
pub use self::recovery::{Bounds, Recovery};
pub use self::verdict::{Rule, Verdict, Violation};
use super::History;

/// Holds the history against every rule.
#[must_use]
pub fn check(history: &History, bounds: Bounds) -> Verdict {
    let case = Case::of(history);
    let mut violations = Vec::new();
    accepted::check(&case, &mut violations);
    attempts::check(&case, &mut violations);
    effects::check(&case, &mut violations);
    leftovers::check(&case, &mut violations);
    let recovery = recovery::check(&case, bounds, &mut violations);
    Verdict {
        counts: case.counts(),
        violations,
        recovery,
    }
}
