use flate2::read::MultiGzDecoder;
use std::io::Read;

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inflated {
    Whole(Vec<u8>),
    /// More than was allowed.
    TooLarge,
    /// No gzip, or one that breaks off.
    Broken,
}

/// Whether the bytes begin as gzip does (RFC 1952).
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks up to `bytes_max`: a bomb costs no more than that.
#[must_use]
pub fn gunzip(bytes: &[u8], bytes_max: usize) -> Inflated {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    match MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut unpacked) {
        Ok(_) if unpacked.len() > bytes_max => Inflated::TooLarge,
        Ok(_) => Inflated::Whole(unpacked),
        Err(_) => Inflated::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = gzip(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        assert_eq!(gunzip(&bomb, 1_000_000), Inflated::TooLarge);
        assert_eq!(gunzip(&gzip(b"hello"), 5), Inflated::Whole(b"hello".to_vec()));
        assert_eq!(gunzip(b"hello", 5), Inflated::Broken);
        let cut = gzip(b"hello");
        assert_eq!(gunzip(&cut[..cut.len() - 9], 5), Inflated::Broken);
    }
}
