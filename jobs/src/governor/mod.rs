//! The provider governor: one budget for each credential of a tenant, and one of all tenants together for each of the installation's, shared by all
//! workers through Redis.
//!
//! Redis holds what can be forgotten: buckets, calls in flight, places in line, what was learnt, the circuit. Declared budgets and what
//! was spent today are in Postgres.
mod ask;
mod budget_limits;
mod settle;
mod usage;

pub use self::ask::{Asked, Call, SpentToday, Wait};
pub use self::budget_limits::{BudgetLimit, BudgetLimits, Estimate, is_credential_name};
pub use self::settle::{CircuitChange, Observed, Reported, Settled};
pub use self::usage::{CircuitState, Use};
