use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use store::ScheduleId;

/// How long after its tick a schedule fires: up to `max_secs`, to the millisecond, spread evenly over schedules and ticks. A function of
/// the two, so that every process comes to the same, and a restart does too.
#[must_use]
pub fn jitter(schedule: ScheduleId, tick: DateTime<Utc>, max_secs: i32) -> TimeDelta {
    let mut hasher = Sha256::new();
    hasher.update(schedule.0.as_bytes());
    hasher.update(tick.timestamp().to_be_bytes());
    let digest = hasher.finalize();
    let random = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let span_ms = u64::try_from(max_secs).unwrap_or(0) * 1000 + 1;
    TimeDelta::milliseconds(i64::try_from(random % span_ms).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn jitter_is_always_the_same_within_its_bounds_and_spread() {
        let spread: Vec<i64> = (0..1000)
            .map(|n| {
                let at = |n: u128| jitter(ScheduleId(Uuid::from_u128(n)), DateTime::UNIX_EPOCH, 60).num_milliseconds();
                assert_eq!(at(n), at(n));
                at(n)
            })
            .collect();
        assert!(spread.iter().all(|ms| (0..=60_000).contains(ms)));
        let mean = spread.iter().sum::<i64>() / 1000;
        assert!((27_000..33_000).contains(&mean), "{mean}");
        let schedule = ScheduleId(Uuid::from_u128(1));
        assert_ne!(
            jitter(schedule, DateTime::UNIX_EPOCH, 60),
            jitter(schedule, DateTime::UNIX_EPOCH + TimeDelta::minutes(1), 60)
        );
        assert_eq!(jitter(schedule, DateTime::UNIX_EPOCH, 0), TimeDelta::zero());
    }
}
