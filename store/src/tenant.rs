use crate::TenantId;
use crate::connect::PooledConnection;

/// A transaction that Postgres has already scoped to one tenant.
///
/// Only [`crate::Store::tenant`] makes one, so a query that takes it cannot forget the tenant.
pub struct TenantTx {
    pub(crate) conn: PooledConnection,
    pub(crate) tenant: TenantId,
}

impl TenantTx {
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
}

/// `async |tx| …` whose future is `Send` (diesel-async keeps its own such trait private).
pub trait Work<T, R>: AsyncFnOnce(T) -> R + FnOnce(T) -> <Self as Work<T, R>>::Fut {
    type Fut: Future<Output = R>;
}

impl<F, T, Fut, R> Work<T, R> for F
where
    F: AsyncFnOnce(T) -> R + FnOnce(T) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}
