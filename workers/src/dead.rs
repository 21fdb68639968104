//! Counts the jobs that have died, by what of: an operator is told of them, whatever ended them.

/// To be called once their end is committed. `code` is that of the job's error.
pub(crate) fn count_dead(kind: &str, code: &str) {
    let cause = match code {
        "worker_lost" => "worker_lost",
        "effect_unknown" => "effect_unknown",
        _ => "failed",
    };
    metrics::counter!("jobs_dead_total", "kind" => kind.to_owned(), "cause" => cause).increment(1);
}
