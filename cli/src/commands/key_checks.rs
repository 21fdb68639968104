//! What `keys create` refuses: keys that could never be used as they were asked for.
use crate::outcome::Advised;
use api::{PUBLISHABLE_SCOPES, SCOPES};
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use config::RateLimitSettings;

/// All scopes.
const ALL: &str = "*";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyKind {
    /// For servers: whatever its scopes say
    Secret,
    /// For web pages: searches and answers over public documents
    Publishable,
}

/// The scopes, or those that keys of the kind have by default.
pub(super) fn check_scopes(kind: KeyKind, scopes: Vec<String>) -> anyhow::Result<Vec<String>> {
    if scopes.is_empty() {
        let default: &[&str] = match kind {
            KeyKind::Secret => &[ALL],
            KeyKind::Publishable => &["search:read", "answers:read"],
        };
        return Ok(default.iter().map(|scope| (*scope).to_owned()).collect());
    }
    let (known, of_whom) = match kind {
        KeyKind::Secret => (
            std::iter::once(ALL).chain(SCOPES.iter().copied()).collect::<Vec<_>>(),
            "",
        ),
        // The API grants it no more, whatever is written of it.
        KeyKind::Publishable => (
            PUBLISHABLE_SCOPES.to_vec(),
            " of a publishable key, which stands in web pages for all to read",
        ),
    };
    match scopes.iter().find(|scope| !known.contains(&scope.as_str())) {
        Some(unknown) => Err(Advised::new(
            format!("`{unknown}` is no scope{of_whom}"),
            format!("there are {}", known.join(", ")),
        )
        .into()),
        None => Ok(scopes),
    }
}

/// A publishable key works from its origins only, and a secret key from everywhere.
pub(super) fn check_origins(kind: KeyKind, origins: &[String], allow_no_origin: bool) -> anyhow::Result<()> {
    let advised = |message: String, help: &str| Err(Advised::new(message, help).into());
    if kind == KeyKind::Secret {
        if origins.is_empty() && !allow_no_origin {
            return Ok(());
        }
        return advised(
            "a secret key is bound to no origin: whoever has it can use it from everywhere".to_owned(),
            "leave out --origins and --allow-no-origin, or make a key for web pages: --kind publishable",
        );
    }
    if origins.is_empty() && !allow_no_origin {
        return advised(
            "the key would work from nowhere".to_owned(),
            "name the pages' origins (--origins https://shop.example), or let it be used by what is no browser (--allow-no-origin)",
        );
    }
    match origins.iter().find_map(|origin| Some((origin, origin_fault(origin)?))) {
        Some((origin, fault)) => advised(
            format!("`{origin}` is no origin: {fault}"),
            "write it as browsers send it: scheme, host, and the port unless it is the scheme's own, such as https://shop.example or http://localhost:3000",
        ),
        None => Ok(()),
    }
}

/// Why no browser sends this as its `Origin` (RFC 6454, section 6.2). A slash at the end is forgiven.
fn origin_fault(origin: &str) -> Option<&'static str> {
    let origin = origin.strip_suffix('/').unwrap_or(origin);
    let Some((scheme, host)) = origin.split_once("://") else {
        return Some("it has no scheme, as https://");
    };
    let plain = |text: &str, more: &[u8]| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    if scheme.is_empty() || !plain(scheme, b"+-.") {
        return Some("its scheme is none");
    }
    if host.contains(['/', '?', '#']) {
        return Some("it has a path");
    }
    if host.contains('*') {
        return Some("there are no wildcards; each origin is named");
    }
    if !host.is_ascii() {
        return Some("browsers send such a host in its ASCII form, which begins with xn--");
    }
    if host.is_empty() || !plain(host, b"-._:[]") {
        return Some("its host is none");
    }
    let own_port = [("http", ":80"), ("https", ":443")];
    if own_port
        .iter()
        .any(|(of, port)| scheme.eq_ignore_ascii_case(of) && host.ends_with(port))
    {
        return Some("browsers leave out the port that is the scheme's own");
    }
    None
}

pub(super) fn check_expiry(expires: Option<DateTime<Utc>>) -> anyhow::Result<()> {
    match expires.filter(|at| *at <= Utc::now()) {
        Some(past) => Err(Advised::new(
            format!("{} is over: the key would never have worked", past.format("%F %R UTC")),
            "name a time to come, or leave --expires out: then it works until it is revoked",
        )
        .into()),
        None => Ok(()),
    }
}

pub(super) fn check_tier(limits: &RateLimitSettings, tier: Option<&str>) -> anyhow::Result<()> {
    match tier.filter(|tier| !limits.tiers.contains_key(*tier)) {
        Some(unknown) => Err(Advised::new(
            format!("`{unknown}` is no tier of rate_limits"),
            format!(
                "there are {}",
                limits.tiers.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        )
        .into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_knows_of_scopes_is_what_a_key_is_made_with() {
        let check = |kind, scope: &str| check_scopes(kind, vec![scope.to_owned()]);
        for scope in SCOPES {
            assert!(check(KeyKind::Secret, scope).is_ok(), "{scope}");
            let is_for_pages = PUBLISHABLE_SCOPES.contains(scope);
            assert_eq!(check(KeyKind::Publishable, scope).is_ok(), is_for_pages, "{scope}");
        }
        assert!(check(KeyKind::Secret, ALL).is_ok());
        for kind in [KeyKind::Secret, KeyKind::Publishable] {
            assert!(check(kind, "knowledge").is_err());
        }
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for good in [
            "https://shop.example",
            "https://shop.example/",
            "HTTPS://Shop.example",
            "http://localhost:3000",
            "http://[::1]:8080",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
        ] {
            assert_eq!(origin_fault(good), None, "{good}");
        }
        for bad in [
            "shop.example",
            "localhost:3000",
            "null",
            "",
            "*",
            "https://",
            "https:///",
            "https://shop.example/help",
            "https://shop.example//",
            "https://shop.example?a",
            "https://*.example",
            "https://ann@shop.example",
            "https://shop .example",
            "https://bücher.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "://shop.example",
        ] {
            assert!(origin_fault(bad).is_some(), "{bad}");
        }
    }
}
