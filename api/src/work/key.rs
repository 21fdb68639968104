use super::Request;
use crate::{Problem, ProblemCode};
use sha2::{Digest, Sha256};
use store::idempotency_keys::{IdempotentRequest, KeyState, repoint, take};
use store::{StoreError, TenantTx};
use uuid::Uuid;

/// How long an idempotency key is kept.
const TTL_SECS: i64 = 24 * 3600;
const INTERACTIVE_TTL_SECS: i64 = 3600;

/// An idempotency key, with the request that it stands for.
pub(super) struct Key<'a> {
    route: String,
    key: &'a str,
    hash: [u8; 32],
    ttl_secs: i64,
}

impl<'a> Key<'a> {
    /// `None` when the request has no key.
    /// An interactive job's key lasts no longer than the job: behind it there would be nothing to repeat.
    pub(super) fn of(request: &Request<'a>, interactive_for: Option<u64>) -> Option<Self> {
        let key = request.options.key.as_ref()?.as_str();
        let ttl_secs = match interactive_for {
            Some(secs) => i64::try_from(secs)
                .unwrap_or(INTERACTIVE_TTL_SECS)
                .min(INTERACTIVE_TTL_SECS),
            None => TTL_SECS,
        };
        Some(Self {
            route: route(request),
            key,
            hash: hash(request),
            ttl_secs,
        })
    }

    /// Takes the key for `resource`; `Some` is the resource that this same request made before.
    ///
    /// # Errors
    /// [`ProblemCode::IdempotencyMismatch`].
    pub(super) async fn take(&self, tx: &mut TenantTx, resource: Uuid) -> Result<Option<Uuid>, Problem> {
        match take(tx, &self.request(), resource).await? {
            KeyState::New => Ok(None),
            KeyState::Replay(made) => Ok(Some(made)),
            KeyState::Mismatch => Err(Problem::new(
                ProblemCode::IdempotencyMismatch,
                "This Idempotency-Key was used for another request. Send the request as it was, or use a new key.",
            )),
        }
    }

    /// Makes the key stand for a resource that was there already.
    ///
    /// # Errors
    /// [`Problem`].
    pub(super) async fn repoint(&self, tx: &mut TenantTx, resource: Uuid) -> Result<(), Problem> {
        Ok(repoint(tx, &self.request(), resource).await?)
    }

    fn request(&self) -> IdempotentRequest<'_> {
        IdempotentRequest {
            route: &self.route,
            key: self.key,
            hash: self.hash,
            ttl_secs: self.ttl_secs,
        }
    }
}

/// Takes the request's key, if it has one, for a resource that is no job; `Some` is the resource that this same request made before.
///
/// # Errors
/// [`ProblemCode::IdempotencyMismatch`].
pub(crate) async fn take_key(
    tx: &mut TenantTx,
    request: &Request<'_>,
    resource: Uuid,
) -> Result<Option<Uuid>, Problem> {
    match Key::of(request, None) {
        Some(key) => key.take(tx, resource).await,
        None => Ok(None),
    }
}

/// What this same request made before, which may have been deleted since.
///
/// # Errors
/// [`ProblemCode::Conflict`] then: whoever repeats a request must not be told that it was answered when nothing of it is left.
pub(crate) fn still_there<T>(found: Result<T, StoreError>) -> Result<T, Problem> {
    found.map_err(|error| match error {
        StoreError::NotFound { what } => Problem::new(
            ProblemCode::Conflict,
            format!(
                "The {what} that this request made under its Idempotency-Key was deleted since. To make another, send it under a new key."
            ),
        ),
        error => error.into(),
    })
}

/// A publishable key is in many hands: what the tenant's servers asked must not be learned by guessing their idempotency keys.
fn route(request: &Request<'_>) -> String {
    let route = &request.options.route;
    if request.caller.is_publishable() {
        format!("{route} publishable:{}", request.caller.key())
    } else {
        route.clone()
    }
}

/// Path and body: what the request says.
fn hash(request: &Request<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(request.options.path.as_bytes());
    hasher.update([0]);
    hasher.update(request.body_hash);
    hasher.finalize().into()
}
