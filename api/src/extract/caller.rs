use super::scope::{JobsRead, PUBLISHABLE_SCOPES, Scope};
use crate::http::RequestContext;
use crate::rate_limits::{RouteClass, client_address};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jobs::kinds::Viewer;
use std::sync::Arc;
use store::api_keys::FoundKey;
use store::{ApiKeyId, StoreError, TenantId};

/// Who makes the request, by the key. There is no other way to a [`TenantId`]: a route that takes no caller reaches no tenant's rows.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    found: Arc<FoundKey>,
    /// The page a publishable key was used from.
    origin: Option<Arc<str>>,
}

impl Caller {
    /// # Errors
    /// [`ProblemCode::OriginNotAllowed`] for a publishable key used from where it is not meant to be used.
    fn admit(found: FoundKey, origin: Option<&str>) -> Result<Self, Problem> {
        let caller = Self {
            found: Arc::new(found),
            origin: None,
        };
        if !caller.is_publishable() {
            return Ok(caller);
        }
        match origin {
            None if caller.found.allow_no_origin => Ok(caller),
            None => Err(Problem::new(
                ProblemCode::OriginNotAllowed,
                "This publishable key works from web pages only: the request names no Origin.",
            )),
            Some(origin)
                if caller
                    .found
                    .allowed_origins
                    .iter()
                    .any(|allowed| same_origin(allowed, origin)) =>
            {
                Ok(Self {
                    origin: Some(origin.into()),
                    ..caller
                })
            }
            Some(_) => Err(Problem::new(
                ProblemCode::OriginNotAllowed,
                "This publishable key is not for pages of this origin. Add the origin to the key's list, or use another key.",
            )),
        }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.found.tenant_id
    }

    pub(crate) fn key(&self) -> ApiKeyId {
        self.found.id
    }

    /// Anything but a secret key has the least rights.
    pub(crate) fn is_publishable(&self) -> bool {
        self.found.kind != "secret"
    }

    pub(crate) fn rate_tier(&self) -> Option<&str> {
        self.found.rate_tier.as_deref()
    }

    /// Whether the key's last use should be noted.
    pub(crate) fn is_stale(&self) -> bool {
        self.found.stale
    }

    /// The page that may read the response.
    pub(crate) fn allowed_origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// # Errors
    /// [`ProblemCode::Forbidden`], naming the scope.
    pub(crate) fn require(&self, scope: &str) -> Result<(), Problem> {
        let granted = self.found.scopes.iter().any(|has| has == "*" || has == scope);
        let allowed = if self.is_publishable() {
            // It may always see what became of its own requests.
            PUBLISHABLE_SCOPES.contains(&scope) && (granted || scope == JobsRead::NAME)
        } else {
            granted
        };
        if allowed {
            return Ok(());
        }
        let detail = if self.is_publishable() && !PUBLISHABLE_SCOPES.contains(&scope) {
            format!(
                "This needs the scope `{scope}`, which a publishable key cannot have. Use a secret key, from a server."
            )
        } else {
            format!("The key lacks the scope `{scope}`.")
        };
        Err(Problem::new(ProblemCode::Forbidden, detail))
    }

    /// # Errors
    /// [`ProblemCode::NotFound`]: to a publishable key, a job that it did not submit does not exist.
    pub(crate) fn may_see(&self, job: &store::jobs::Job) -> Result<(), Problem> {
        if self.is_publishable() && job.created_by != Some(self.key()) {
            return Err(Problem::not_found("job"));
        }
        Ok(())
    }

    /// # Errors
    /// [`ProblemCode::Forbidden`] for a publishable key: what concerns all of the tenant's work is not for web pages.
    pub(crate) fn refuse_publishable(&self) -> Result<(), Problem> {
        if self.is_publishable() {
            let detail = "This is not for publishable keys. Use a secret key, from a server.";
            return Err(Problem::new(ProblemCode::Forbidden, detail));
        }
        Ok(())
    }

    /// # Errors
    /// [`ProblemCode::Forbidden`] for a publishable key: what the field asks for is not for web pages.
    pub(crate) fn refuse_field_of_publishable(&self, field: &str) -> Result<(), Problem> {
        if self.is_publishable() {
            let detail = format!("A publishable key cannot ask for `{field}`. Leave it out, or use a secret key.");
            return Err(Problem::new(ProblemCode::Forbidden, detail));
        }
        Ok(())
    }

    /// For whom documents are looked at. Only a secret key may speak for someone.
    ///
    /// # Errors
    /// [`ProblemCode::Forbidden`] for a publishable key that names a principal.
    pub(crate) fn viewer(&self, principal: Option<(Option<String>, Vec<String>)>) -> Result<Viewer, Problem> {
        match principal {
            None if self.is_publishable() => Ok(Viewer::Public),
            None => Ok(Viewer::Tenant),
            Some(_) if self.is_publishable() => Err(Problem::new(
                ProblemCode::Forbidden,
                "A publishable key sees public documents only and cannot name a `principal`. Leave it out, or use a secret key.",
            )),
            Some((user, groups)) => Ok(Viewer::Principal { user, groups }),
        }
    }
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = identify(parts, state).await?;
        tracing::Span::current().record("tenant.id", tracing::field::display(caller.tenant()));
        if let Some(context) = parts.extensions.get::<RequestContext>() {
            context.set_caller(caller.clone());
        }
        count(&caller, parts, state).await?;
        Ok(caller)
    }
}

/// Whose key the request carries. An address that sends too many that do not work, or not from there, is refused for a while. That these do not count against the
/// key is on purpose: it stands in web pages, and whoever copies it from there would use up what its pages may ask.
async fn identify(parts: &Parts, state: &ApiState) -> Result<Caller, Problem> {
    let address = client_address(parts, state.settings.rate_limits.trusted_proxies);
    let secret = match bearer(&parts.headers) {
        Ok(secret) => secret,
        Err(problem) => return Err(state.limiter.failed(&address, problem).await),
    };
    let hash = store::api_keys::hash(secret);
    state.limiter.refuse_before_look_up(&address, &hash)?;
    match store::api_keys::find(&state.store, secret).await {
        Ok(found) => match Caller::admit(found, origin(&parts.headers)) {
            Ok(caller) => {
                state.limiter.worked(hash);
                Ok(caller)
            }
            Err(problem) => Err(state.limiter.failed(&address, problem).await),
        },
        Err(StoreError::NotFound { .. }) => {
            let problem = unauthenticated("The API key is unknown, expired or revoked.");
            Err(state.limiter.failed(&address, problem).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Counts the request against the key's limits, before anything is done for it.
async fn count(caller: &Caller, parts: &Parts, state: &ApiState) -> Result<(), Problem> {
    let class = RouteClass::of(&parts.method, parts.uri.path());
    let (quota, refused) = match state.limiter.admit(caller, class).await {
        Ok(quota) => (quota, None),
        Err((quota, problem)) => (quota, Some(problem)),
    };
    if let (Some(quota), Some(context)) = (quota, parts.extensions.get::<RequestContext>()) {
        context.set_quota(quota);
    }
    refused.map_or(Ok(()), Err)
}

/// The key of `Authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(unauthenticated("Send an API key: `Authorization: Bearer …`."));
    };
    let (scheme, key) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .unwrap_or(("", ""));
    let key = key.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || key.is_empty() || key.len() > 512 {
        return Err(unauthenticated(
            "The Authorization header is none that we read. Send `Authorization: Bearer …`.",
        ));
    }
    Ok(key)
}

/// The page that the request says to come from; one that cannot be read is no key's.
fn origin(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default())
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(ProblemCode::Unauthenticated, detail)
}

/// Origins are compared whole: scheme, host and port. Browsers send them in lower case, without a slash.
fn same_origin(allowed: &str, origin: &str) -> bool {
    let allowed = allowed.strip_suffix('/').unwrap_or(allowed);
    !allowed.is_empty() && allowed.eq_ignore_ascii_case(origin)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn key(kind: &str, scopes: &[&str], allow_no_origin: bool) -> FoundKey {
        FoundKey {
            tenant_id: TenantId::generate(),
            id: ApiKeyId::generate(),
            kind: kind.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            allowed_origins: vec!["https://shop.example".to_owned()],
            allow_no_origin,
            stale: false,
            rate_tier: None,
        }
    }

    fn caller(kind: &str, scopes: &[&str]) -> Caller {
        Caller::admit(key(kind, scopes, true), None).unwrap()
    }

    #[test]
    fn a_publishable_key_works_from_its_pages_only() {
        let admit = |origin| Caller::admit(key("publishable", &["*"], false), origin);
        assert_eq!(
            admit(Some("https://shop.example")).unwrap().allowed_origin(),
            Some("https://shop.example")
        );
        for elsewhere in [
            None,
            Some("https://evil.example"),
            Some("http://shop.example"),
            Some("https://shop.example:8443"),
            Some("null"),
            Some(""),
        ] {
            assert_eq!(
                admit(elsewhere).unwrap_err().code(),
                ProblemCode::OriginNotAllowed,
                "{elsewhere:?}"
            );
        }
    }

    #[test]
    fn a_key_that_allows_it_works_without_a_page_but_not_from_another() {
        assert!(Caller::admit(key("publishable", &[], true), None).is_ok());
        assert!(Caller::admit(key("publishable", &[], true), Some("https://evil.example")).is_err());
    }

    #[test]
    fn a_secret_key_does_not_care_for_origins_and_exposes_nothing_to_pages() {
        let caller = Caller::admit(key("secret", &["*"], false), Some("https://evil.example")).unwrap();
        assert_eq!(caller.allowed_origin(), None);
    }

    #[test]
    fn a_publishable_key_is_limited_whatever_its_scopes_say() {
        let caller = caller("publishable", &["*"]);
        assert!(caller.require("search:read").is_ok());
        for scope in ["knowledge:read", "knowledge:write", "jobs:write"] {
            assert_eq!(
                caller.require(scope).unwrap_err().code(),
                ProblemCode::Forbidden,
                "{scope}"
            );
        }
    }

    #[test]
    fn a_scope_that_the_key_lacks_is_refused() {
        let caller = caller("secret", &["search:read"]);
        assert!(caller.require("search:read").is_ok());
        assert!(caller.require("jobs:read").is_err());
    }

    #[test]
    fn a_kind_of_key_that_is_not_known_has_the_least_rights() {
        assert!(caller("admin", &["*"]).require("knowledge:write").is_err());
    }

    #[test]
    fn only_a_secret_key_speaks_for_a_principal() {
        let principal = || Some((Some("ada".to_owned()), vec![]));
        assert_eq!(caller("secret", &[]).viewer(None).unwrap(), Viewer::Tenant);
        assert_eq!(caller("publishable", &[]).viewer(None).unwrap(), Viewer::Public);
        assert_eq!(
            caller("publishable", &[]).viewer(principal()).unwrap_err().code(),
            ProblemCode::Forbidden
        );
        assert_eq!(
            caller("secret", &[]).viewer(principal()).unwrap(),
            Viewer::Principal {
                user: Some("ada".to_owned()),
                groups: vec![]
            }
        );
    }

    #[test]
    fn only_one_bearer_key_is_read() {
        let headers = |values: &[&str]| {
            values
                .iter()
                .map(|v| (header::AUTHORIZATION, v.parse().unwrap()))
                .collect::<HeaderMap>()
        };
        assert_eq!(bearer(&headers(&["bearer abc"])).unwrap(), "abc");
        for bad in [
            &[][..],
            &["abc"],
            &["Basic abc"],
            &["Bearer "],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(bearer(&headers(bad)).unwrap_err().code(), ProblemCode::Unauthenticated);
        }
    }
}
