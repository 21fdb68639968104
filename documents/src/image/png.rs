//! PNG (W3C Recommendation, third edition): chunks of length, type, data and checksum, from IHDR to IEND.
use super::bytes::{Bytes, length};
use super::{Fault, Size};
use flate2::Crc;

const SIGNATURE: usize = 8;
/// DEFLATE makes at most this many bytes of one.
const INFLATED_MAX: u64 = 1032;

pub(super) fn size(bytes: &[u8]) -> Result<Size, Fault> {
    let mut rest = Bytes(bytes);
    rest.take(SIGNATURE)?;
    let mut header: Option<Header> = None;
    let mut packed: u64 = 0;
    loop {
        let len = length(u32::from_be_bytes(rest.array()?));
        let kind: [u8; 4] = rest.array()?;
        let data = rest.take(len)?;
        let checksum = u32::from_be_bytes(rest.array()?);
        match (&kind, &header) {
            (b"IHDR", None) => header = Some(Header::read(data, checksum)?),
            (b"IHDR", Some(_)) => return Err("it has two headers"),
            (_, None) => return Err("it does not begin with its header"),
            (b"IDAT", Some(_)) => packed += data.len() as u64,
            (b"IEND", Some(header)) => return header.check(packed),
            _ => {}
        }
    }
}

struct Header {
    size: Size,
    bits_a_pixel: u64,
}

impl Header {
    fn read(data: &[u8], checksum: u32) -> Result<Self, Fault> {
        let mut crc = Crc::new();
        crc.update(b"IHDR");
        crc.update(data);
        if crc.sum() != checksum {
            return Err("its header does not agree with its checksum");
        }
        let mut data = Bytes(data);
        let size = (u32::from_be_bytes(data.array()?), u32::from_be_bytes(data.array()?));
        let depth = u64::from(data.byte()?);
        let samples = match data.byte()? {
            0 | 3 => 1,
            4 => 2,
            2 => 3,
            6 => 4,
            _ => return Err("its header names a colour type that PNG does not have"),
        };
        Ok(Self {
            size,
            bits_a_pixel: samples * depth,
        })
    }

    /// A header may claim any size: what follows has to be able to hold it.
    fn check(&self, packed: u64) -> Result<Size, Fault> {
        let (width, height) = (u64::from(self.size.0), u64::from(self.size.1));
        let needed = u128::from(width * height) * u128::from(self.bits_a_pixel) / 8;
        if packed == 0 || needed > u128::from(packed) * u128::from(INFLATED_MAX) {
            return Err("it holds fewer pixels than its header says");
        }
        Ok(self.size)
    }
}
