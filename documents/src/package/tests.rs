#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::Package;
use super::sample::package;
use crate::ParseError;

#[test]
fn a_part_that_unpacks_to_too_much_is_refused_before_it_is_unpacked_whole() {
    let bomb = package(&[("a.xml", &" ".repeat(65 << 20))]);
    assert!(bomb.len() < 200_000);
    let error = Package::open(&bomb, "test").unwrap().part("a.xml").err().unwrap();
    assert!(matches!(error, ParseError::TooLarge { limit: "64 MiB", .. }), "{error}");
}

#[test]
fn what_all_parts_unpack_to_is_counted_each_time_they_are_read() {
    let bytes = package(&[("a.xml", &format!("<a>{}</a>", " ".repeat(60 << 20)))]);
    let mut package = Package::open(&bytes, "test").unwrap();
    let results: Vec<_> = (0..5)
        .map(|_| package.part("A.XML").map(|part| part.is_some()))
        .collect();
    assert_eq!(results[..4], [Ok(true), Ok(true), Ok(true), Ok(true)]);
    assert!(matches!(results[4], Err(ParseError::TooLarge { limit: "256 MiB", .. })));
}

#[test]
fn sizes_that_lie_do_not_matter() {
    let mut bytes = package(&[("a.xml", &" ".repeat(65 << 20))]);
    // The uncompressed size in the local header and in the directory.
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[22..26].copy_from_slice(&10_u32.to_le_bytes());
    bytes[directory + 24..directory + 28].copy_from_slice(&10_u32.to_le_bytes());
    let read = Package::open(&bytes, "test").and_then(|mut package| package.part("a.xml").map(|part| part.is_some()));
    assert!(matches!(read.unwrap_err().code(), "damaged" | "too_large"));
}

#[test]
fn encrypted_entries_and_packages_are_encrypted() {
    let mut bytes = package(&[("a.xml", "<a/>")]);
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[6] |= 1;
    bytes[directory + 8] |= 1;
    let error = Package::open(&bytes, "test").err().unwrap();
    assert_eq!(error, ParseError::Encrypted { format: "test" });
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let compound = [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 500], &name].concat();
    assert_eq!(
        Package::open(&compound, "test").err().unwrap(),
        ParseError::Encrypted { format: "test" }
    );
}

#[test]
fn overlapping_entries_are_refused() {
    let bytes = package(&[("a.xml", "<a/>"), ("b.xml", "<a/>")]);
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let second = directory
        + 1
        + bytes[directory + 1..]
            .windows(4)
            .position(|window| window == b"PK\x01\x02")
            .unwrap();
    let mut overlapping = bytes.clone();
    // The second entry of the directory points at the first file.
    overlapping[second + 42..second + 46].copy_from_slice(&0_u32.to_le_bytes());
    assert_eq!(Package::open(&overlapping, "test").err().unwrap().code(), "damaged");
}

#[test]
fn utf_16_parts_are_read() {
    let text = "\u{FEFF}<a>ü</a>";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let part = super::xml::Part::decode(bytes, "test").unwrap();
    assert_eq!(part.tree().unwrap().root_element().text(), Some("ü"));
}

#[test]
fn a_tag_of_endless_attributes_is_refused_and_words_that_look_like_them_are_not() {
    let read = |xml: &str| {
        let bytes = package(&[("a.xml", xml)]);
        let mut package = Package::open(&bytes, "test").unwrap();
        let part = package.part("a.xml").unwrap().unwrap();
        part.tree().map(|_| ())
    };
    let attributes = |count: usize| (0..count).map(|n| format!(" a{n} = 'x'")).collect::<String>();
    let start = std::time::Instant::now();
    let error = read(&format!("<r><p{}/></r>", attributes(80_000))).unwrap_err();
    assert_eq!(error.code(), "too_complex");
    assert!(
        start.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    let many = attributes(1_200);
    for xml in [
        format!("<r><p{}>{many}</p></r>", attributes(900)),
        format!("<r><!-- <p{many}> --><![CDATA[<p{many}>]]><?p <p{many}?></r>"),
        format!("<r a=\"<{}\"/>", many).replace("\"<", "\"&lt;"),
        format!("<r>{}</r>", "<p a='>' b='1'/>".repeat(1_000)),
    ] {
        assert_eq!(read(&xml), Ok(()));
    }
}
