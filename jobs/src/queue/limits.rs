use super::claim::now_ms;
use super::keys;
use crate::{Dispatch, Pool, Queue, QueueError};
use redis::{AsyncCommands, Script};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;
use store::{JobId, TenantId};

static LIMITS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("limits.lua")));
static CORRECT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("correct.lua")));

/// What limits a pool: how many turns a tenant has, and how many jobs may run at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolLimits {
    fields: BTreeMap<String, u32>,
}

/// How many jobs may run at once, of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit<'a> {
    /// A tenant's, in this pool.
    Tenant(TenantId),
    /// A kind's, of all tenants.
    Kind(&'a str),
    /// A tenant's of one kind.
    KindOfTenant(TenantId, &'a str),
}

impl Limit<'_> {
    fn field(&self) -> String {
        match self {
            Self::Tenant(tenant) => format!("tenant:{tenant}"),
            Self::Kind(kind) => format!("kind:{kind}"),
            Self::KindOfTenant(tenant, kind) => format!("kind:{tenant}:{kind}"),
        }
    }
}

impl PoolLimits {
    /// The lower one counts when it is set twice.
    pub fn set(&mut self, limit: Limit<'_>, at_once: u32) {
        let value = self.fields.entry(limit.field()).or_insert(at_once);
        *value = at_once.min(*value);
    }

    /// How many turns the tenant has before the next one's.
    pub fn set_weight(&mut self, tenant: TenantId, turns: u32) {
        self.fields.insert(format!("weight:{tenant}"), turns);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Differs where the limits differ, and is short however many there are; empty for none.
    fn name(&self) -> String {
        if self.fields.is_empty() {
            return String::new();
        }
        let mut hasher = Sha256::new();
        for (field, value) in &self.fields {
            hasher.update(format!("{field}={value} "));
        }
        format!("{:x}", hasher.finalize())
    }
}

/// A limit that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Jobs that may run at once.
    pub at_once: u32,
    /// Whose.
    pub of: ReachedOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReachedOf {
    Tenant,
    Kind,
    KindOfTenant,
}

impl Queue {
    /// Puts a pool's limits into force; says whether they were others before. Each process does so each second: what is in force already is only asked for.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn set_limits(&self, pool: Pool, limits: &PoolLimits) -> Result<bool, QueueError> {
        let mut connection = self.connection.clone();
        let base = keys::pool(&self.prefix, pool);
        let name = limits.name();
        let in_force: Option<String> = connection.hget(format!("{base}:limits"), "name").await?;
        if in_force.unwrap_or_default() == name {
            return Ok(false);
        }
        let mut call = LIMITS.key(base);
        call.arg(name);
        for (field, value) in &limits.fields {
            call.arg(field).arg(value);
        }
        Ok(call.invoke_async(&mut connection).await?)
    }

    /// The time by Redis' clock, to be read before Postgres is asked what runs, for [`correct`](Self::correct).
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn now_ms(&self) -> Result<i64, QueueError> {
        now_ms(&mut self.connection.clone()).await
    }

    /// Brings what counts under limits into line with what runs. `asked_ms`: when Postgres was asked; `before`: what ran at the
    /// look before this one.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn correct(
        &self,
        pool: Pool,
        asked_ms: i64,
        running: &[Dispatch],
        before: &HashSet<JobId>,
    ) -> Result<(), QueueError> {
        let mut call = CORRECT.key(keys::pool(&self.prefix, pool));
        call.arg(asked_ms);
        for job in running.iter().filter(|job| job.pool == pool) {
            call.arg(job.id.to_string())
                .arg(job.tenant.to_string())
                .arg(&job.kind)
                .arg(i32::from(before.contains(&job.id)));
        }
        Ok(call.invoke_async(&mut self.connection.clone()).await?)
    }

    /// The limit that keeps a job of this tenant and kind from running now.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn limit_reached(&self, pool: Pool, tenant: TenantId, kind: &str) -> Result<Option<Reached>, QueueError> {
        let mut connection = self.connection.clone();
        let base = keys::pool(&self.prefix, pool);
        for (of, limit) in [
            (ReachedOf::Tenant, Limit::Tenant(tenant)),
            (ReachedOf::KindOfTenant, Limit::KindOfTenant(tenant, kind)),
            (ReachedOf::Kind, Limit::Kind(kind)),
        ] {
            let field = limit.field();
            let at_once: Option<u32> = connection.hget(format!("{base}:limits"), &field).await?;
            let Some(at_once) = at_once else { continue };
            let running: u32 = connection.zcard(format!("{base}:held:{field}")).await?;
            if running >= at_once {
                return Ok(Some(Reached { at_once, of }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_of_two_limits_counts() {
        let mut limits = PoolLimits::default();
        limits.set(Limit::Kind("k"), 5);
        limits.set(Limit::Kind("k"), 3);
        limits.set(Limit::Kind("k"), 4);
        assert_eq!(limits.fields, BTreeMap::from([("kind:k".to_owned(), 3)]));
    }

    #[test]
    fn other_limits_have_another_name_and_none_has_a_long_one() {
        let mut limits = PoolLimits::default();
        assert_eq!(limits.name(), "");
        let mut names = HashSet::new();
        for i in 0..1000 {
            limits.set(Limit::Kind(&format!("kind_{i}")), 1);
            assert!(limits.name().len() == 64 && names.insert(limits.name()), "{i}");
        }
        limits.set(Limit::Kind("kind_0"), 0);
        assert!(names.insert(limits.name()));
    }
}
