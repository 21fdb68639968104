use super::Recovery;
use std::collections::BTreeMap;
use std::fmt;

/// What must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A submission that nobody accepts although everything runs, a job that was accepted and is gone, or has not ended.
    LostJob,
    /// Two jobs for one idempotency key, a job that nobody was told of, or two of one unique key at once.
    DoubleJob,
    /// A job ended otherwise than its payload asks for.
    WrongEnd,
    /// A client saw an end that is no more.
    ForgottenEnd,
    /// A call took effect twice.
    DoubleEffect,
    /// A job succeeded without its effect, or one that was refused for good had one.
    WrongEffect,
    /// A call came after its job had succeeded.
    StaleEffect,
    /// A call came that the ledger does not know, or under another key.
    UnwrittenCall,
    /// The ledger still does not know what came of a call.
    OpenEffect,
    /// Attempts overlap, or are not numbered one after the other.
    AttemptOrder,
    /// The attempts' outcomes do not add up to the job's end.
    AttemptCount,
    /// A worker that had lost the job ended it, or its result stands.
    FencedResult,
    /// A job waited for another worker longer than it should.
    LateRecovery,
    /// Something is left in Redis or on a row that belongs to no work.
    Leftover,
    /// A process ended without having been told to, or did not when it was.
    Crash,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub rule: Rule,
    /// A job, a submission or a process.
    pub subject: String,
    pub detail: String,
}

impl Violation {
    pub(super) fn new(rule: Rule, subject: &str, detail: impl Into<String>) -> Self {
        Self {
            rule,
            subject: subject.to_owned(),
            detail: detail.into(),
        }
    }
}

/// What the checker found.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub counts: BTreeMap<&'static str, usize>,
    pub violations: Vec<Violation>,
    pub recovery: Recovery,
}

/// How many violations of one rule are printed.
const SHOWN: usize = 5;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.counts {
            writeln!(f, "{name:<50} {count:>8}")?;
        }
        write!(f, "{}", self.recovery)?;
        let mut by_rule: BTreeMap<Rule, Vec<&Violation>> = BTreeMap::new();
        for violation in &self.violations {
            by_rule.entry(violation.rule).or_default().push(violation);
        }
        if by_rule.is_empty() {
            return writeln!(
                f,
                "verdict: nothing lost, nothing doubled, nothing written by who had lost the lease"
            );
        }
        for (rule, violations) in by_rule {
            writeln!(f, "VIOLATED {rule:?}: {} time(s)", violations.len())?;
            for Violation { subject, detail, .. } in violations.iter().take(SHOWN) {
                writeln!(f, "    {subject}: {detail}")?;
            }
        }
        Ok(())
    }
}
