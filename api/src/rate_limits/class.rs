use axum::http::Method;
use config::RateTier;
use jobs::Rate;

/// What a request is, as far as limits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteClass {
    /// Looks at something.
    Read,
    /// Changes something, or starts work that nobody waits for.
    Write,
    /// Search, answers and checks: somebody waits, and they are the dearest.
    Interactive,
}

impl RouteClass {
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        match path {
            "/v1/search" | "/v1/answers" | "/v1/checks" => Self::Interactive,
            _ if method.is_safe() => Self::Read,
            _ => Self::Write,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Interactive => "interactive",
        }
    }

    pub(super) fn rate(self, tier: &RateTier) -> Rate {
        let (per_second, burst) = match self {
            Self::Read => (tier.read_per_second, tier.read_burst),
            Self::Write => (tier.write_per_second, tier.write_burst),
            Self::Interactive => (tier.interactive_per_second, tier.interactive_burst),
        };
        Rate {
            per_second: f64::from(per_second),
            burst,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_dearer_than_other_writes_and_those_than_reads() {
        let of = |method, path| RouteClass::of(&method, path);
        assert_eq!(of(Method::POST, "/v1/search"), RouteClass::Interactive);
        assert_eq!(of(Method::POST, "/v1/jobs"), RouteClass::Write);
        assert_eq!(of(Method::DELETE, "/v1/documents/x"), RouteClass::Write);
        assert_eq!(of(Method::GET, "/v1/jobs"), RouteClass::Read);
    }
}
