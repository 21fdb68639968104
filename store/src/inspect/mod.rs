//! What an operator's check-up looks at: rows that nobody has moved for too long, and what the server says of itself and of its roles.
//! Nothing here changes anything.
mod batches;
mod catalogue;
mod deletions;
mod job;
mod rows;
mod server;
mod standing;
mod webhooks;

pub use self::batches::{BatchOf, miscounted_batches, neglected_batches};
pub use self::catalogue::{
    MigrationState, SYSTEM_READS, SYSTEM_READS_COLUMNS_OF, migration_state, missing_partitions, policy_faults,
    role_faults, system_login_faults,
};
pub use self::deletions::{ReplicaBehind, replicas_behind, resume_deletions, unerased_deletions};
pub use self::job::tenant_of_job;
pub use self::rows::{
    LOOKED_AT, dead_locks, expired_leases, kept_weeks, overdue_idempotency_keys, overdue_interactive_jobs, suspects,
    undispatched,
};
pub use self::server::{ServerState, server_state};
pub use self::standing::{Standing, standings};
pub use self::webhooks::{LostDelivery, lost_deliveries, tenants_with_webhooks};

use diesel::QueryableByName;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(rows: Vec<Line>) -> Vec<String> {
    rows.into_iter().map(|row| row.line).collect()
}
