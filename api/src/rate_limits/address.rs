use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Where a request comes from: the peer, or with `proxies` of our own in front of us what the first of them saw. An IPv6 network of 64 bits is
/// one address, since whoever has one has 2^64.
pub(crate) fn client_address(parts: &Parts, proxies: usize) -> String {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    match forwarded(&parts.headers, proxies).or(peer) {
        Some(address) => network(address),
        None => "unknown".to_owned(),
    }
}

/// Each proxy appends whom it saw: what stands before our own proxies' entries is the client's word, and not to be trusted.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let back = proxies.checked_sub(1)?;
    let entries: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let entry = entries.iter().rev().nth(back)?.trim();
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use axum::http::Request;

    fn of(peer: &str, forwarded: &[&str], proxies: usize) -> String {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts
            .extensions
            .insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        client_address(&parts, proxies)
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        assert_eq!(of("192.0.2.1:9", &["198.51.100.7"], 0), "192.0.2.1");
        assert_eq!(of("192.0.2.1:9", &["10.9.9.9, 198.51.100.7"], 1), "198.51.100.7");
        assert_eq!(
            of("192.0.2.1:9", &["10.9.9.9", "198.51.100.7, 192.0.2.2"], 2),
            "198.51.100.7"
        );
    }

    #[test]
    fn where_the_header_says_too_little_the_peer_counts() {
        assert_eq!(of("192.0.2.1:9", &["198.51.100.7"], 2), "192.0.2.1");
        assert_eq!(of("192.0.2.1:9", &["unknown"], 1), "192.0.2.1");
        assert_eq!(of("192.0.2.1:9", &[], 1), "192.0.2.1");
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        assert_eq!(of("[2001:db8:1:2:3::4]:9", &[], 0), "2001:db8:1:2::/64");
        assert_eq!(of("[::1]:9", &["[2001:db8:1:2:ffff::9]:443"], 1), "2001:db8:1:2::/64");
        assert_eq!(of("[::ffff:192.0.2.1]:9", &[], 0), "192.0.2.1");
    }
}
