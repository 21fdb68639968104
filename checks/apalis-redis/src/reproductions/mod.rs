mod doorbell_loses_a_wake_up;
mod error_ends_the_worker;
mod fetch_fails_over_8000_due;
mod idle_hop_is_the_heartbeat;
mod lost_lease_completes_twice;
mod max_attempts_ignored;
mod pairs_wait_behind_a_doorbell;
mod priority_ignored;
mod pubsub_never_rings;
mod push_of_a_known_id_dropped;
mod restart_under_the_same_name_refused;
mod retry_after_ignored;
mod shutdown_hangs;

use anyhow::bail;

use crate::finding::Finding;
use crate::scene::Scene;

/// Every reproduction, in the order in which `all` runs them.
pub(crate) const NAMES: [&str; 12] = [
    "fetch_fails_over_8000_due",
    "idle_hop_is_the_heartbeat",
    "pubsub_never_rings",
    "doorbell_loses_a_wake_up",
    "error_ends_the_worker",
    "restart_under_the_same_name_refused",
    "max_attempts_ignored",
    "priority_ignored",
    "retry_after_ignored",
    "push_of_a_known_id_dropped",
    "lost_lease_completes_twice",
    "shutdown_hangs",
];

/// What shows a defect only now and then, in figures: to be run by name, as its absence from one run proves nothing.
pub(crate) const STATISTICS: [&str; 1] = ["pairs_wait_behind_a_doorbell"];

pub(crate) async fn run(name: &str, scene: &Scene) -> anyhow::Result<Finding> {
    match name {
        "fetch_fails_over_8000_due" => fetch_fails_over_8000_due::run(scene).await,
        "idle_hop_is_the_heartbeat" => idle_hop_is_the_heartbeat::run(scene).await,
        "pubsub_never_rings" => pubsub_never_rings::run(scene).await,
        "doorbell_loses_a_wake_up" => doorbell_loses_a_wake_up::run(scene).await,
        "pairs_wait_behind_a_doorbell" => pairs_wait_behind_a_doorbell::run(scene).await,
        "error_ends_the_worker" => error_ends_the_worker::run(scene).await,
        "restart_under_the_same_name_refused" => restart_under_the_same_name_refused::run(scene).await,
        "max_attempts_ignored" => max_attempts_ignored::run(scene).await,
        "priority_ignored" => priority_ignored::run(scene).await,
        "retry_after_ignored" => retry_after_ignored::run(scene).await,
        "push_of_a_known_id_dropped" => push_of_a_known_id_dropped::run(scene).await,
        "lost_lease_completes_twice" => lost_lease_completes_twice::run(scene).await,
        "shutdown_hangs" => shutdown_hangs::run(scene).await,
        _ => bail!("there is no reproduction {name}"),
    }
}
