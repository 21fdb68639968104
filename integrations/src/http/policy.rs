use super::address::{AddressKind, kind};
use std::net::IpAddr;
#[cfg(any(feature = "clients", test))]
use url::{Host, Url};

/// Which addresses beyond the public internet may be asked. The default allows none.
///
/// Link-local, metadata, multicast, reserved and tunnelled addresses are refused whatever is set here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboundPolicy {
    /// This machine: tests and `./dev up`.
    pub allow_loopback: bool,
    /// RFC 1918, unique local and carrier-grade NAT: an installation whose tenants may reach its own network.
    pub allow_private: bool,
}

impl OutboundPolicy {
    pub(super) fn allows(self, address: IpAddr) -> bool {
        match kind(address) {
            AddressKind::Public => true,
            AddressKind::Loopback => self.allow_loopback,
            AddressKind::Private => self.allow_private,
            AddressKind::Never => false,
        }
    }

    /// What can be said before the name is resolved. An address written out is judged here, since no resolver is asked
    /// for it; `Url` has already read `0x7f.1`, `017700000001` and their like as the addresses that they are.
    #[cfg(any(feature = "clients", test))]
    pub(super) fn check(self, url: &Url) -> Result<(), &'static str> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https are");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a user name or password must not stand in the address");
        }
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            // Judged by the resolver.
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err("the address names no host"),
        };
        if self.allows(address) { Ok(()) } else { Err(NOT_PUBLIC) }
    }
}

#[cfg(any(feature = "clients", test))]
pub(super) const NOT_PUBLIC: &str = "it is not an address on the public internet";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), &'static str> {
        OutboundPolicy::default().check(&Url::parse(url).unwrap())
    }

    #[test]
    fn loopback_is_refused_however_it_is_spelled() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "[::1]",
            "[::ffff:7f00:1]",
            "127.0.0.1.",
            "１２７.0.0.1",
        ] {
            assert_eq!(check(&format!("http://{host}:8080/x")), Err(NOT_PUBLIC), "{host}");
        }
    }

    #[test]
    fn only_http_without_credentials_is_allowed() {
        assert!(check("https://example.com/hook").is_ok());
        assert!(check("file:///etc/passwd").is_err());
        assert!(check("gopher://example.com/").is_err());
        assert!(check("https://user:secret@example.com/").is_err());
        assert!(check("https://example.com@8.8.8.8/").is_err());
    }

    #[test]
    fn a_policy_opens_what_it_says_and_nothing_else() {
        let loopback = OutboundPolicy {
            allow_loopback: true,
            allow_private: false,
        };
        let private = OutboundPolicy {
            allow_loopback: false,
            allow_private: true,
        };
        let [here, lan, metadata] = ["127.0.0.1", "10.1.2.3", "169.254.169.254"].map(|text| text.parse().unwrap());
        assert_eq!(
            [here, lan, metadata].map(|address| loopback.allows(address)),
            [true, false, false]
        );
        assert_eq!(
            [here, lan, metadata].map(|address| private.allows(address)),
            [false, true, false]
        );
    }
}
