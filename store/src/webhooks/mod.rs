//! Outgoing webhooks: where tenants want to be told, what they are told of, and what came of telling them.
mod attempts;
mod deliveries;
mod endpoints;
mod events;
mod older_secrets;
mod replay;
mod retention;
mod sealed;
mod secret;

pub use self::attempts::{Attempt, Health, ToDeliver, disable_failing, find_to_deliver, record_attempt};
pub use self::deliveries::{
    Delivery, DeliveryFilter, DeliveryState, LoggedAttempt, attempts_of, find_delivery, list_deliveries,
};
pub use self::endpoints::{Changes, Endpoint, NewEndpoint, change, create, delete, find, list, lock, rotate_secret};
pub(crate) use self::events::TELL_WEBHOOKS;
pub use self::events::{
    DELIVERY_ATTEMPTS, DELIVERY_KIND, DELIVERY_POOL, DELIVERY_PRIORITY, EVENT_PATTERNS, EVENT_TYPES, TEST_EVENT,
    send_test, tell_of_deleted,
};
pub(crate) use self::older_secrets::{OLDER_SECRETS, OLDER_SECRETS_UNTIL};
pub use self::replay::{Replayed, replay, replay_failed};
pub use self::retention::{DeliveryPlace, UnsettledSwept, sweep, sweep_unsettled};
pub use self::sealed::unopenable;
pub use self::secret::WebhookSecret;
pub(crate) use self::secret::binding;
