use super::policy::OutboundPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

/// Asks the system's resolver and gives only addresses the policy allows, so that the connection goes to an address
/// that was checked: a name that answers differently the second time gains nothing.
pub(super) struct GuardedResolver {
    pub(super) policy: OutboundPolicy,
}

/// A name all of whose addresses are refused.
#[derive(Debug, thiserror::Error)]
#[error("{host} has no address that may be asked")]
pub(super) struct AddressRefused {
    pub(super) host: String,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let allowed = allowed(policy, found).ok_or(AddressRefused { host })?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// `None` where nothing is left.
fn allowed(policy: OutboundPolicy, found: impl Iterator<Item = SocketAddr>) -> Option<Vec<SocketAddr>> {
    let allowed: Vec<SocketAddr> = found.filter(|address| policy.allows(address.ip())).collect();
    (!allowed.is_empty()).then_some(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(addresses: &[&str]) -> Option<Vec<String>> {
        let found = addresses.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0));
        let left = allowed(OutboundPolicy::default(), found)?;
        Some(left.iter().map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn a_name_with_a_public_and_a_private_address_is_asked_at_the_public_one() {
        assert_eq!(names(&["127.0.0.1", "8.8.8.8", "fd00::1"]).unwrap(), ["8.8.8.8"]);
        assert_eq!(names(&["127.0.0.1", "10.0.0.1"]), None);
        assert_eq!(names(&[]), None);
    }
}
