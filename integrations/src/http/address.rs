//! What an IP address is, as far as a request that a tenant asked for is concerned.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressKind {
    Public,
    /// This machine.
    Loopback,
    /// Networks of one's own: RFC 1918, RFC 4193 (unique local), RFC 6598 (carrier-grade NAT).
    Private,
    /// Nobody's business from here: cloud metadata, link-local, multicast, documentation, reserved, and tunnels to any
    /// of them.
    Never,
}

/// Follows the IANA special-purpose address registries (RFC 6890 and successors).
pub(super) fn kind(address: IpAddr) -> AddressKind {
    match address {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => kind_v6(v6),
    }
}

fn kind_v4(address: Ipv4Addr) -> AddressKind {
    let [a, b, c, d] = address.octets();
    match (a, b, c, d) {
        // Metadata of Alibaba Cloud lies in the carrier-grade range, Azure's wire server in public space.
        (100, 100, 100, 200) | (168, 63, 129, 16) => AddressKind::Never,
        (127, ..) => AddressKind::Loopback,
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) | (100, 64..=127, ..) => AddressKind::Private,
        // "This network", link-local (with most clouds' metadata), IETF protocols, documentation, 6to4 relays,
        // benchmarks.
        (0, ..) | (169, 254, ..) | (192, 0, 0 | 2, _) | (192, 88, 99, _) | (198, 18 | 19, ..) => AddressKind::Never,
        (198, 51, 100, _) | (203, 0, 113, _) => AddressKind::Never,
        // Multicast and reserved, broadcast included.
        (224..=255, ..) => AddressKind::Never,
        _ => AddressKind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> AddressKind {
    if address == Ipv6Addr::LOCALHOST {
        return AddressKind::Loopback;
    }
    match address.segments() {
        // v4-mapped, and the well-known NAT64 prefix that DNS64 gives out for any v4 host: what counts is the address
        // inside.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => kind_v4(embedded(high, low)),
        // Metadata of AWS.
        [0xfd00, 0x0ec2, ..] => AddressKind::Never,
        [0xfc00..=0xfdff, ..] => AddressKind::Private,
        // 6to4, and 2001::/23 with Teredo, ORCHID and others; documentation.
        [0x2002, ..] | [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] => AddressKind::Never,
        [0x3fff, 0..=0xfff, ..] => AddressKind::Never,
        // Only 2000::/3 is given out; the rest is unspecified, v4-compatible, local NAT64, discard, link-local,
        // multicast, segment routing.
        [0x2000..=0x3fff, ..] => AddressKind::Public,
        _ => AddressKind::Never,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_are(expected: AddressKind, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(kind(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        all_are(
            AddressKind::Public,
            &[
                "1.1.1.1",
                "8.8.8.8",
                "172.15.0.1",
                "172.32.0.1",
                "192.169.0.1",
                "100.63.0.1",
                "100.128.0.1",
            ],
        );
        all_are(
            AddressKind::Public,
            &[
                "2606:4700::1111",
                "2a00:1450::1",
                "::ffff:8.8.8.8",
                "64:ff9b::8.8.8.8",
                "2001:4860::8888",
            ],
        );
    }

    #[test]
    fn this_machine_is_known_in_every_notation() {
        all_are(
            AddressKind::Loopback,
            &[
                "127.0.0.1",
                "127.255.255.254",
                "::1",
                "::ffff:127.0.0.1",
                "64:ff9b::127.0.0.1",
            ],
        );
    }

    #[test]
    fn private_networks_are_known_in_every_notation() {
        all_are(
            AddressKind::Private,
            &[
                "10.0.0.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "100.64.0.1",
                "100.127.0.1",
            ],
        );
        all_are(
            AddressKind::Private,
            &["fc00::1", "fdff::1", "::ffff:10.0.0.1", "64:ff9b::192.168.0.1"],
        );
    }

    #[test]
    fn metadata_link_local_multicast_and_reserved_are_never_allowed() {
        all_are(
            AddressKind::Never,
            &[
                "169.254.169.254",
                "169.254.0.1",
                "100.100.100.200",
                "168.63.129.16",
                "192.0.0.192",
            ],
        );
        all_are(
            AddressKind::Never,
            &[
                "0.0.0.0",
                "0.1.2.3",
                "224.0.0.1",
                "255.255.255.255",
                "240.0.0.1",
                "198.18.0.1",
                "203.0.113.9",
            ],
        );
        all_are(
            AddressKind::Never,
            &[
                "::",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "fd00:ec2::254",
                "100::1",
                "2001:db8::1",
                "5f00::1",
            ],
        );
        all_are(
            AddressKind::Never,
            &["::ffff:169.254.169.254", "64:ff9b::169.254.169.254"],
        );
    }

    #[test]
    fn tunnels_are_never_allowed_whatever_they_lead_to() {
        // 6to4 to 127.0.0.1 and to a public address, Teredo, v4-compatible, local NAT64.
        all_are(
            AddressKind::Never,
            &[
                "2002:7f00:1::",
                "2002:808:808::1",
                "2001:0:7f00:1::",
                "::127.0.0.1",
                "::8.8.8.8",
                "64:ff9b:1::1",
            ],
        );
    }
}
