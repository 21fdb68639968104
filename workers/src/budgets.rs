use crate::{Context, JobError};
use jobs::BudgetLimits;
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::{TenantId, provider_budgets};

const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// A change of a budget is heeded after this time at the latest.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// The declared budgets that were read last; cheap to clone.
#[derive(Clone)]
pub struct Budgets(Arc<Mutex<Read>>);

type Read = LruCache<(TenantId, String), (Instant, BudgetLimits)>;

impl Default for Budgets {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(KEPT))))
    }
}

impl Budgets {
    /// What calls with the credential may take.
    pub(crate) async fn limits(
        &self,
        app: &Context,
        tenant: TenantId,
        credential: &str,
    ) -> Result<BudgetLimits, JobError> {
        let key = (tenant, credential.to_owned());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some((_, limits)) = known.filter(|(read, _)| read.elapsed() < TRUSTED_FOR) {
            return Ok(limits);
        }
        let read = Instant::now();
        let declared = app
            .store
            .tenant(tenant, async |tx| provider_budgets::find(tx, credential).await)
            .await?;
        let limits = BudgetLimits::of(declared.as_ref(), &app.settings.governor);
        let mut budgets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.put(key, (read, limits));
        Ok(limits)
    }
}
