use super::policy::OutboundPolicy;
use url::{Host, Url};

/// Longer than any receiver needs.
const BYTES_MAX: usize = 2048;
/// Names that end so never leave a network of somebody's own (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of `internal`).
const PRIVATE_SUFFIXES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];

/// Why an address cannot be told of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlFault {
    /// Stable, for programs.
    pub code: &'static str,
    pub message: String,
}

/// Everything that can be said against a webhook's address without asking a resolver; the client that sends to it judges what its name
/// resolves to. Plain http and odd ports are for addresses that `policy` opens beyond the public internet.
#[must_use]
pub fn webhook_url_faults(text: &str, policy: OutboundPolicy) -> Vec<UrlFault> {
    faults(text, policy, PlainHttp::WhereOpened)
}

/// Whether an address may begin with `http://`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PlainHttp {
    /// Where the policy opens addresses beyond the public internet.
    WhereOpened,
    Anywhere,
}

pub(super) fn faults(text: &str, policy: OutboundPolicy, plain: PlainHttp) -> Vec<UrlFault> {
    let fault = |code, message: &str| UrlFault {
        code,
        message: message.to_owned(),
    };
    if text.len() > BYTES_MAX {
        return vec![fault("length", "must have at most 2048 bytes")];
    }
    let Ok(url) = Url::parse(text) else {
        return vec![fault(
            "invalid",
            "must be a whole address, such as https://example.com/path",
        )];
    };
    let mut faults = Vec::new();
    if !matches!(url.scheme(), "http" | "https") {
        let message = match plain {
            PlainHttp::WhereOpened => "must begin with https://",
            PlainHttp::Anywhere => "must begin with https:// or http://",
        };
        faults.push(fault("scheme", message));
    }
    if !url.username().is_empty() || url.password().is_some() {
        faults.push(fault("credentials", "must not hold a user name or password"));
    }
    if url.fragment().is_some() {
        faults.push(fault("fragment", "must not have a fragment (`#…`): it is not sent"));
    }
    match place(&url, policy) {
        Place::Refused => faults.push(fault("not_public", "must be an address on the public internet")),
        Place::Nowhere => faults.push(fault("invalid", "must name a host")),
        Place::Opened => {}
        Place::Public => {
            if url.scheme() == "http" && plain == PlainHttp::WhereOpened {
                faults.push(fault("scheme", "must begin with https://"));
            }
        }
    }
    let port = url.port_or_known_default().unwrap_or(0);
    let usual = port >= 1024 || matches!(port, 80 | 443);
    if matches!(url.scheme(), "http" | "https") && !usual {
        faults.push(fault("port", "must use port 443, 80, or one from 1024 on"));
    }
    faults
}

enum Place {
    Public,
    /// This machine or a network of one's own, which the policy opens.
    Opened,
    Refused,
    Nowhere,
}

fn place(url: &Url, policy: OutboundPolicy) -> Place {
    let closed = OutboundPolicy::default();
    let address = match url.host() {
        Some(Host::Ipv4(v4)) => v4.into(),
        Some(Host::Ipv6(v6)) => v6.into(),
        Some(Host::Domain(name)) => return place_of_name(name, policy),
        None => return Place::Nowhere,
    };
    match (closed.allows(address), policy.allows(address)) {
        (true, _) => Place::Public,
        (false, true) => Place::Opened,
        (false, false) => Place::Refused,
    }
}

fn place_of_name(name: &str, policy: OutboundPolicy) -> Place {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let under = |suffix: &str| {
        name.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let (here, private) = (
        under("localhost"),
        PRIVATE_SUFFIXES.iter().any(|suffix| under(suffix)) || !name.contains('.'),
    );
    match (here, private) {
        (true, _) if policy.allow_loopback => Place::Opened,
        (false, true) if policy.allow_private => Place::Opened,
        (_, true) | (true, _) => Place::Refused,
        (false, false) => Place::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(url: &str, policy: OutboundPolicy) -> Vec<&'static str> {
        webhook_url_faults(url, policy)
            .into_iter()
            .map(|fault| fault.code)
            .collect()
    }

    fn public(url: &str) -> Vec<&'static str> {
        codes(url, OutboundPolicy::default())
    }

    #[test]
    fn a_public_https_address_is_fine() {
        for url in [
            "https://example.com/hook?x=1",
            "https://hooks.example.co.uk:8443/",
            "https://8.8.8.8/",
        ] {
            assert_eq!(public(url), [""; 0], "{url}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        assert_eq!(
            public("ftp://user:secret@127.0.0.1:22/#x"),
            ["scheme", "credentials", "fragment", "not_public"]
        );
        assert_eq!(public("http://user@example.com:25/"), ["credentials", "scheme", "port"]);
        assert_eq!(public("hook"), ["invalid"]);
        assert_eq!(public(&format!("https://example.com/{}", "x".repeat(2048))), ["length"]);
    }

    #[test]
    fn own_networks_are_refused_in_every_notation() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "[::1]",
            "[::ffff:7f00:1]",
            "127.0.0.1.",
            "10.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "[fd00::1]",
            "[fe80::1]",
            "0.0.0.0",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "metadata.google.internal",
            "printer.local",
            "intranet",
        ] {
            assert_eq!(public(&format!("https://{host}/")), ["not_public"], "{host}");
        }
    }

    #[test]
    fn a_policy_opens_http_and_ports_where_it_opens_addresses() {
        let here = OutboundPolicy {
            allow_loopback: true,
            allow_private: false,
        };
        let lan = OutboundPolicy {
            allow_loopback: false,
            allow_private: true,
        };
        assert_eq!(codes("http://127.0.0.1:8080/", here), [""; 0]);
        assert_eq!(codes("http://localhost:8080/", here), [""; 0]);
        assert_eq!(codes("http://intranet/hook", lan), [""; 0]);
        assert_eq!(codes("http://10.0.0.7/hook", lan), [""; 0]);
        assert_eq!(codes("http://10.0.0.7/hook", here), ["not_public"]);
        assert_eq!(codes("http://localhost/", lan), ["not_public"]);
        assert_eq!(codes("https://169.254.169.254/", lan), ["not_public"]);
        assert_eq!(codes("http://example.com/", here), ["scheme"]);
    }
}
