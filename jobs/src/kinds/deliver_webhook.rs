use crate::kind::RetryPolicy;
use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::WebhookDeliveryId;
use store::webhooks::{DELIVERY_ATTEMPTS, DELIVERY_KIND};

/// Tells one webhook of one event. Made by the statement that ends the job the event is about (`store/src/webhooks/events.rs`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliverWebhook {
    pub delivery_id: WebhookDeliveryId,
}

impl Kind for DeliverWebhook {
    const NAME: &'static str = DELIVERY_KIND;
    const POOL: Pool = Pool::Delivery;
    const RETRY: RetryPolicy = RetryPolicy {
        max_attempts: DELIVERY_ATTEMPTS,
        ..RetryPolicy::STANDARD
    };
}

/// Seconds between one attempt and the next: three days in all, as the Standard Webhooks specification suggests ("Deliverability and
/// reliability").
const LADDER_SECS: [u64; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3600,
    5 * 3600,
    10 * 3600,
    14 * 3600,
    20 * 3600,
    24 * 3600,
];

impl DeliverWebhook {
    /// How long to wait after failed attempt number `attempt` (from 1); `None`: it was the last. Up to a tenth is added, so that what failed
    /// together is not tried together. `random` is uniform in [0, 1).
    #[must_use]
    pub fn wait_after(attempt: i16, random: f64) -> Option<Duration> {
        let step = usize::try_from(attempt).ok()?.checked_sub(1)?;
        let wait = Duration::from_secs(*LADDER_SECS.get(step)?);
        Some(wait + wait.mul_f64(0.1 * random.clamp(0.0, 1.0)))
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryEnd {
    Delivered,
    /// No attempt succeeded, or none may be made: the log of the webhook says why.
    Failed,
    /// The webhook or the delivery was deleted, or the delivery was replayed: nothing was sent.
    Obsolete,
}

/// What delivering did. A delivery that failed for good has nevertheless ended: it is replayed from the webhook's log and is no dead letter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliveredWebhook {
    pub outcome: DeliveryEnd,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_has_a_step_after_each_attempt_but_the_last() {
        assert_eq!(DeliverWebhook::wait_after(1, 0.0), Some(Duration::from_secs(5)));
        assert_eq!(DeliverWebhook::wait_after(2, 1.0), Some(Duration::from_secs(330)));
        assert!(DeliverWebhook::wait_after(DELIVERY_ATTEMPTS - 1, 0.0).is_some());
        assert_eq!(DeliverWebhook::wait_after(DELIVERY_ATTEMPTS, 0.0), None);
        assert_eq!(DeliverWebhook::wait_after(0, 0.0), None);
    }
}
