//! Statements that write something else to each of many jobs.
//!
//! They take columns, in the order of the jobs' ids, and find a job's place in them by `width_bucket(id, $1)`: a binary search. A join with
//! `unnest($1, …)` says the same, but its plan is made once, for any number of jobs, and then the planner likes to read the whole batch anew for each
//! job of it.
use crate::JobId;

/// `rows` in the order of their jobs' ids, in batches that have no job twice. There is one, unless a job was lost and taken again by the same process: then it is
/// there with either lease.
pub(super) fn batches<T>(rows: &[T], id: impl Fn(&T) -> JobId) -> Vec<Vec<&T>> {
    let mut left: Vec<&T> = rows.iter().collect();
    left.sort_by_key(|row| id(row));
    let mut batches = Vec::new();
    while !left.is_empty() {
        let mut batch: Vec<&T> = Vec::with_capacity(left.len());
        let mut again = Vec::new();
        for row in left {
            match batch.last() {
                Some(last) if id(last) == id(row) => again.push(row),
                _ => batch.push(row),
            }
        }
        batches.push(batch);
        left = again;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_in_order_and_have_no_job_twice() {
        let [a, b, c] = [1, 2, 3].map(|n| JobId(uuid::Uuid::from_u128(n)));
        let rows = [(c, 1), (a, 1), (b, 1), (a, 2), (a, 3), (c, 2)];
        let batches: Vec<Vec<(JobId, i32)>> = batches(&rows, |row| row.0)
            .into_iter()
            .map(|batch| batch.into_iter().copied().collect())
            .collect();
        assert_eq!(
            batches,
            [vec![(a, 1), (b, 1), (c, 1)], vec![(a, 2), (c, 2)], vec![(a, 3)]]
        );
        assert_eq!(
            super::batches(&[], |row: &(JobId, i32)| row.0),
            Vec::<Vec<&(JobId, i32)>>::new()
        );
    }
}
