#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use crate::{Format, ParseError, Said, parse};
use flate2::Crc;

fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, kind.as_slice(), data, &crc.sum().to_be_bytes()].concat()
}

fn png_header(width: u32, height: u32) -> Vec<u8> {
    let data = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    png_chunk(b"IHDR", &data)
}

fn png(width: u32, height: u32, packed: usize) -> Vec<u8> {
    let data = png_chunk(b"IDAT", &vec![0; packed]);
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &png_header(width, height),
        &data,
        &png_chunk(b"IEND", b""),
    ]
    .concat()
}

fn frame(marker: u8, width: u16, height: u16) -> Vec<u8> {
    let mut frame = vec![0xff, marker, 0, 11, 8];
    frame.extend(height.to_be_bytes());
    frame.extend(width.to_be_bytes());
    frame.extend([1, 1, 0x11, 0]);
    frame
}

/// With a thumbnail of its own in a segment, tables, two scans, a restart marker and what looks like one.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let thumbnail = [b"\xff\xd8".as_slice(), &frame(0xc0, 1, 1), b"\xff\xd9"].concat();
    let length = u16::try_from(thumbnail.len() + 2).unwrap().to_be_bytes();
    let scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\0\x34\xff\xd0\x56";
    let tables = b"\xff\xc4\0\x03\0";
    [
        b"\xff\xd8\xff\xe1".as_slice(),
        &length,
        &thumbnail,
        tables,
        b"\xff",
        &frame(0xc2, width, height),
        scan,
        scan,
        b"\xff\xd9",
    ]
    .concat()
}

fn gif(width: u16, height: u16, frame: (u16, u16)) -> Vec<u8> {
    let mut gif = b"GIF89a".to_vec();
    gif.extend(width.to_le_bytes());
    gif.extend(height.to_le_bytes());
    gif.extend([0x80, 0, 0, 0, 0, 0, 9, 9, 9]);
    gif.extend(b"!\xfe\x05hello\0,\0\0\0\0");
    gif.extend(frame.0.to_le_bytes());
    gif.extend(frame.1.to_le_bytes());
    gif.extend(b"\0\x02\x02\x4c\x01\0;");
    gif
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, data) in chunks {
        body.extend(*kind);
        body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        body.extend(data);
        body.extend(vec![0; data.len() % 2]);
    }
    [
        b"RIFF".as_slice(),
        &u32::try_from(body.len()).unwrap().to_le_bytes(),
        &body,
    ]
    .concat()
}

fn lossy(width: u16, height: u16) -> Vec<u8> {
    [
        b"\x10\0\0\x9d\x01\x2a".as_slice(),
        &width.to_le_bytes(),
        &height.to_le_bytes(),
        b"\0\0\0",
    ]
    .concat()
}

fn lossless(width: u32, height: u32) -> Vec<u8> {
    [
        b"\x2f".as_slice(),
        &((width - 1) | (height - 1) << 14).to_le_bytes(),
        b"\0\0",
    ]
    .concat()
}

fn extended(width: u32, height: u32) -> Vec<u8> {
    [
        &[0; 4],
        &(width - 1).to_le_bytes()[..3],
        &(height - 1).to_le_bytes()[..3],
    ]
    .concat()
}

fn measured(bytes: &[u8]) -> (Format, u32, u32) {
    let format = Format::detect(bytes, &Said::default()).unwrap();
    let image = parse(bytes, format).unwrap().image.unwrap();
    assert_eq!(image.format, format);
    (format, image.width, image.height)
}

fn fault(bytes: &[u8]) -> String {
    let format = Format::detect(bytes, &Said::default()).unwrap();
    match parse(bytes, format).unwrap_err() {
        ParseError::Damaged { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

fn whole() -> Vec<(Vec<u8>, (Format, u32, u32))> {
    let still = riff(&[
        (b"VP8X", extended(70_000, 3)),
        (b"ICCP", vec![7; 3]),
        (b"ANMF", vec![0; 16]),
    ]);
    vec![
        (png(640, 480, 2000), (Format::Png, 640, 480)),
        (jpeg(4000, 3000), (Format::Jpeg, 4000, 3000)),
        (gif(30, 20, (30, 20)), (Format::Gif, 30, 20)),
        (riff(&[(b"VP8 ", lossy(300, 200))]), (Format::Webp, 300, 200)),
        (riff(&[(b"VP8L", lossless(16_384, 1))]), (Format::Webp, 16_384, 1)),
        (
            riff(&[(b"VP8X", extended(9, 5)), (b"ALPH", vec![1]), (b"VP8 ", lossy(9, 5))]),
            (Format::Webp, 9, 5),
        ),
        (still, (Format::Webp, 70_000, 3)),
    ]
}

#[test]
fn each_kind_is_measured() {
    for (bytes, expected) in whole() {
        assert_eq!(measured(&bytes), expected);
    }
}

#[test]
fn bytes_count_more_than_what_was_said_and_words_that_begin_as_a_picture_are_words() {
    let said = Said {
        media_type: "text/markdown",
        file_name: Some("a.md"),
    };
    for (bytes, (format, ..)) in whole() {
        assert_eq!(Format::detect(&bytes, &said), Ok(format));
    }
    for words in ["GIF89a is a format.", "RIFF....WEBP are letters."] {
        assert_eq!(Format::detect(words.as_bytes(), &said), Ok(Format::Markdown));
    }
}

#[test]
fn a_picture_that_is_cut_off_anywhere_is_damaged() {
    for (bytes, _) in whole() {
        // From where its kind shows.
        for end in 12..bytes.len() {
            let Ok(format) = Format::detect(&bytes[..end], &Said::default()) else {
                continue;
            };
            let error = parse(&bytes[..end], format).unwrap_err();
            assert_eq!(error.code(), "damaged", "{format:?} cut at {end} of {}", bytes.len());
        }
        let with_more = [bytes.as_slice(), b"\0more"].concat();
        assert_eq!(
            measured(&bytes),
            measured(&with_more),
            "what follows the end is none of it"
        );
    }
}

#[test]
fn headers_that_lie_are_damaged() {
    assert!(fault(&png(60_000, 60_000, 100)).contains("fewer pixels"));
    assert!(fault(&png(u32::MAX, u32::MAX, 100)).contains("fewer pixels"));
    assert!(fault(&png(0, 5, 100)).contains("no pixels"));
    let mut altered = png(640, 480, 2000);
    altered[19] ^= 1;
    assert!(fault(&altered).contains("checksum"));
    let twice = png(640, 480, 2000);
    let twice = [&twice[..33], &png_header(1, 1), &twice[33..]].concat();
    assert!(fault(&twice).contains("two headers"));
    let endless = [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &png_header(9, 9),
        b"\xff\xff\xff\xffIDATx",
    ]
    .concat();
    assert!(fault(&endless).contains("ends in the middle"));

    let two_sizes = jpeg(40, 30);
    let end = two_sizes.len() - 2;
    let two_sizes = [&two_sizes[..end], &frame(0xc0, 4, 3), b"\xff\xd9"].concat();
    assert!(fault(&two_sizes).contains("two sizes"));
    assert!(fault(&jpeg(40, 0)).contains("no pixels"));
    assert!(fault(b"\xff\xd8\xff\xe0\0\x01").contains("length"));
    assert!(fault(b"\xff\xd8\xff\xd9").contains("no picture data"));
    assert!(fault(b"\xff\xd8\xff\xda\0\x02\0\xff\xd9").contains("no frame header"));

    assert_eq!(
        measured(&gif(3, 2, (900, 700))),
        (Format::Gif, 900, 700),
        "a frame beyond its screen"
    );
    let other = riff(&[(b"VP8X", extended(9, 5)), (b"VP8L", lossless(900, 700))]);
    assert!(fault(&other).contains("two sizes"));
    assert!(fault(&riff(&[(b"VP8X", extended(9, 5)), (b"EXIF", vec![0; 4])])).contains("no picture data"));
}

#[test]
fn no_byte_that_is_changed_makes_it_panic_or_go_round_for_ever() {
    for (bytes, (format, ..)) in whole() {
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                drop(parse(&changed, format));
            }
        }
    }
}
