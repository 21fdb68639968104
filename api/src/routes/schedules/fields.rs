//! The bodies, as the OpenAPI document describes them; they are read field by field.
use serde_json::Value;
use utoipa::ToSchema;

/// A schedule to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body")]
pub(crate) struct CreateSchedule {
    /// Unique within the tenant; no control characters.
    #[schema(min_length = 1, max_length = 200, example = "nightly")]
    name: String,
    /// Minute, hour, day of month, month, day of week; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    #[schema(max_length = 200, example = "30 2 * * MON-FRI")]
    cron: String,
    /// Of the IANA database; `UTC` by default.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// One that clients may submit.
    #[schema(example = "diagnostics.noop")]
    kind: String,
    /// As the kind wants it, and at most 256 KiB as JSON; `{}` by default.
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// 0 runs first; 1 by default.
    #[schema(minimum = 0, maximum = 2)]
    priority: Option<i64>,
    /// The kind's own number by default.
    #[schema(minimum = 1, maximum = 20)]
    max_attempts: Option<i64>,
    /// Each tick fires up to so much later; 0 by default. Less than the time between two ticks.
    #[schema(minimum = 0, maximum = 3600)]
    jitter_secs: Option<i64>,
    /// What becomes of ticks that passed while no worker was there: `none` fires, the `last` (by default), or `all`, up to 100.
    catch_up: Option<String>,
    /// What becomes of a tick while an earlier job of the schedule has not ended: `skip` (by default) or `allow`.
    overlap: Option<String>,
    /// True by default.
    enabled: Option<bool>,
}

/// What is to be changed of a schedule; what is absent stays, and `null` is what it is by default.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body")]
pub(crate) struct UpdateSchedule {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(max_length = 200)]
    cron: Option<String>,
    time_zone: Option<String>,
    /// The payload, old or new, must be one of this kind.
    kind: Option<String>,
    /// At most 256 KiB as JSON.
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    #[schema(minimum = 0, maximum = 2)]
    priority: Option<i64>,
    #[schema(minimum = 1, maximum = 20)]
    max_attempts: Option<i64>,
    #[schema(minimum = 0, maximum = 3600)]
    jitter_secs: Option<i64>,
    catch_up: Option<String>,
    overlap: Option<String>,
    enabled: Option<bool>,
}
