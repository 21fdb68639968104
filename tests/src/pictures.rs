use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// A picture whose header is right, and whose pixels are noughts. What is on it stands in a comment, for a model that cannot look.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'w> {
    pub width: u32,
    pub height: u32,
    /// Words in lower case.
    pub shows: &'w str,
}

/// Begins the comment; ends it with a full stop.
const SHOWS: &str = "shows: ";

/// What is on a picture that is one of ours, whatever its kind.
#[must_use]
pub fn shown_on(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.split_once(SHOWS).and_then(|(_, rest)| rest.split_once('.'));
    shown.map_or(String::new(), |(shown, _)| shown.to_owned())
}

impl Picture<'_> {
    fn comment(&self) -> Vec<u8> {
        format!("{SHOWS}{}.", self.shows).into_bytes()
    }

    /// As small as such a picture is when it is packed.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        let pixels = u64::from(self.width) * u64::from(self.height);
        self.png_of(usize::try_from(pixels * 3 / 1000 + 16).unwrap())
    }

    /// With so many bytes of packed pixels.
    #[must_use]
    pub fn png_of(&self, packed: usize) -> Vec<u8> {
        let header = [
            &self.width.to_be_bytes()[..],
            &self.height.to_be_bytes(),
            &[8, 2, 0, 0, 0],
        ]
        .concat();
        let comment = [b"Comment\0".as_slice(), &self.comment()].concat();
        [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            png_chunk(b"IHDR", &header),
            png_chunk(b"tEXt", &comment),
            png_chunk(b"IDAT", &vec![0; packed]),
            png_chunk(b"IEND", b""),
        ]
        .concat()
    }

    #[must_use]
    pub fn jpeg(&self) -> Vec<u8> {
        let comment = self.comment();
        let mut jpeg = b"\xff\xd8\xff\xfe".to_vec();
        jpeg.extend(u16::try_from(comment.len() + 2).unwrap().to_be_bytes());
        jpeg.extend(comment);
        jpeg.extend(b"\xff\xc0\0\x0b\x08");
        jpeg.extend(u16::try_from(self.height).unwrap().to_be_bytes());
        jpeg.extend(u16::try_from(self.width).unwrap().to_be_bytes());
        jpeg.extend(b"\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0\0\0\xff\xd9");
        jpeg
    }

    #[must_use]
    pub fn gif(&self) -> Vec<u8> {
        let sides = [self.width, self.height].map(|side| u16::try_from(side).unwrap().to_le_bytes());
        let comment = self.comment();
        let mut gif = [b"GIF89a".as_slice(), &sides.concat(), b"\0\0\0!\xfe"].concat();
        gif.push(u8::try_from(comment.len()).unwrap());
        gif.extend(comment);
        gif.extend(b"\0,\0\0\0\0");
        gif.extend(sides.concat());
        gif.extend(b"\0\x02\x01\x01\0;");
        gif
    }

    #[must_use]
    pub fn webp(&self) -> Vec<u8> {
        let sides = (self.width - 1) | (self.height - 1) << 14;
        let pixels = [b"\x2f".as_slice(), &sides.to_le_bytes(), &[0; 3]].concat();
        let mut body = b"WEBP".to_vec();
        for (kind, data) in [(b"VP8L", pixels), (b"XMP ", self.comment())] {
            body.extend(kind);
            body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
            body.extend(&data);
            body.extend(vec![0; data.len() % 2]);
        }
        [
            b"RIFF".as_slice(),
            &u32::try_from(body.len()).unwrap().to_le_bytes(),
            &body,
        ]
        .concat()
    }
}

/// A whole PNG of these pixels, a byte each, row by row.
#[must_use]
pub fn grey_png(width: u32, grey: &[u8]) -> Vec<u8> {
    let height = u32::try_from(grey.len()).unwrap() / width;
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for row in grey.chunks(width as usize) {
        packed.write_all(&[0]).unwrap();
        packed.write_all(row).unwrap();
    }
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(b"IHDR", &header),
        png_chunk(b"IDAT", &packed.finish().unwrap()),
        png_chunk(b"IEND", b""),
    ]
    .concat()
}

fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, kind.as_slice(), data, &crc.sum().to_be_bytes()].concat()
}
