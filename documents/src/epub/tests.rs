#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::{part_of, unescaped};
use crate::package::sample::{mutations, package};
use crate::pictures::Pictures;
use crate::{ParseError, ParsedDocument};

const CONTAINER: &str = r#"<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"#;

fn opf(metadata: &str, manifest: &[(&str, &str, &str)], spine: &[&str], guide: &str) -> String {
    let items: String = manifest
        .iter()
        .map(|(id, href, more)| format!(r#"<item id="{id}" href="{href}" media-type="application/xhtml+xml" {more}/>"#))
        .collect();
    let spine: String = spine.iter().map(|id| format!(r#"<itemref idref="{id}"/>"#)).collect();
    format!(
        r#"<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="dc" xmlns:opf="opf"><metadata>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine><guide>{guide}</guide></package>"#
    )
}

fn page(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head><body>{body}</body></html>"#
    )
}

fn parse(parts: &[(&str, &str)]) -> Result<ParsedDocument, ParseError> {
    let parts: Vec<_> = [("mimetype", "application/epub+zip")]
        .iter()
        .chain(parts)
        .copied()
        .collect();
    super::parse(&package(&parts), &mut Pictures::default())
}

fn shown(document: &ParsedDocument) -> Vec<String> {
    let line = |block: &crate::Block| format!("{}|{}", block.headings.join("/"), block.text);
    document.blocks.iter().map(line).collect()
}

#[test]
fn the_pages_are_read_whole_in_the_order_of_the_spine_without_cover_and_contents() {
    let manifest = [
        ("two", "text/second%20part.xhtml", ""),
        ("nav", "nav.xhtml", r#"properties="nav""#),
        ("cover", "Cover_Page.xhtml", ""),
        ("one", "text/one.xhtml#top", ""),
        ("wrap", "wrap.xhtml", ""),
        ("gone", "text/gone.xhtml", ""),
        ("out", "../../../etc/passwd", ""),
        ("far", "https://a.example/b.xhtml", ""),
    ];
    let spine = [
        "cover", "wrap", "nav", "one", "two", "one", "gone", "out", "far", "unknown",
    ];
    let book = opf(
        "",
        &manifest,
        &spine,
        r#"<reference type="cover" href="wrap.xhtml"/><reference type="toc" href="text/one.xhtml#toc"/>"#,
    );
    let one = page(
        r##"<nav>aside</nav><header>Head</header><h1>One<a id="x"/></h1><p>Some words<sup><a href="notes.xhtml#n1">1</a></sup> and <a href="second%20part.xhtml">more</a>, <a href="https://a.example/">there</a><span/>.</p><div/><footer>Foot</footer>"##,
    );
    let document = parse(&[
        ("META-INF/container.xml", CONTAINER),
        ("OPS/book.opf", &book),
        ("OPS/text/one.xhtml", &one),
        (
            "OPS/text/second part.xhtml",
            &page("<h1>Two</h1><p>x</p><![CDATA[1 < 2 & 3]]>"),
        ),
        ("OPS/nav.xhtml", &page("<p>contents</p>")),
        ("OPS/Cover_Page.xhtml", &page("<p>cover</p>")),
        ("OPS/wrap.xhtml", &page("<p>wrap</p>")),
    ])
    .unwrap();
    let expected = [
        "|aside",
        "|Head",
        "One|Some words and more, there (https://a.example/).",
        "One|Foot",
        "Two|x",
        "Two|1 < 2 & 3",
    ];
    assert_eq!(shown(&document), expected);
}

#[test]
fn a_book_is_called_and_described_as_its_package_says() {
    let metadata = r#"<dc:title>Lamps</dc:title><dc:creator opf:role="aut">Ann</dc:creator><dc:creator opf:role="ill">Ivo</dc:creator><dc:creator>Bob</dc:creator><dc:language>en-GB</dc:language>
<dc:date>2019</dc:date><dc:date opf:event="modification">2020</dc:date><meta property="dcterms:modified">2021</meta><meta name="cover" content="x"/><dc:description>&lt;p&gt;All &lt;b&gt;about&lt;/b&gt; them&lt;/p&gt;</dc:description>"#;
    for metadata in [metadata.to_owned(), format!("<dc-metadata>{metadata}</dc-metadata>")] {
        let book = opf(&metadata, &[("a", "a.xhtml", "")], &["a"], "");
        let document = parse(&[
            ("META-INF/container.xml", CONTAINER),
            ("OPS/book.opf", &book),
            ("OPS/a.xhtml", &page("<p>a</p>")),
        ])
        .unwrap();
        assert_eq!(document.title.as_deref(), Some("Lamps"));
        let read = ["author", "lang", "created", "modified", "description"]
            .map(|key| document.metadata[key].as_str().unwrap());
        assert_eq!(read, ["Ann, Bob", "en-GB", "2019", "2020", "All about them"]);
    }
}

#[test]
fn a_book_under_rights_management_is_refused_and_one_with_obfuscated_fonts_is_not() {
    let book = opf("", &[("a", "a.xhtml", "")], &["a"], "");
    let text = page("<p>a</p>");
    let parts = [
        ("META-INF/container.xml", CONTAINER),
        ("OPS/book.opf", book.as_str()),
        ("OPS/a.xhtml", text.as_str()),
    ];
    let with = |name, content: &str| parse(&[parts.as_slice(), &[(name, content)]].concat());
    let encryption = |algorithm: &str| {
        let xml = format!(
            r#"<encryption xmlns:enc="e"><enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/></enc:EncryptedData></encryption>"#
        );
        with("META-INF/encryption.xml", &xml)
    };
    let error = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc").unwrap_err();
    assert_eq!(error, ParseError::Encrypted { format: "EPUB book" });
    assert_eq!(
        with("META-INF/rights.xml", "<rights/>").unwrap_err().code(),
        "encrypted"
    );
    for algorithm in ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"] {
        assert_eq!(shown(&encryption(algorithm).unwrap()), ["|a"]);
    }
}

#[test]
fn what_is_hostile_ends_with_an_error_or_within_bounds() {
    let code = |parts: &[(&str, &str)]| parse(parts).unwrap_err().code();
    let container = ("META-INF/container.xml", CONTAINER);
    assert_eq!(code(&[]), "damaged");
    assert_eq!(code(&[container]), "damaged");
    assert_eq!(code(&[container, ("OPS/book.opf", "<package/>")]), "damaged");
    assert_eq!(
        code(&[(
            "META-INF/container.xml",
            "<container><rootfile full-path='https://a.example/b.opf'/></container>"
        )]),
        "damaged"
    );
    let book = opf("", &[("a", "a.xhtml", "")], &["a"; 5], "");
    let one = |text: &str| parse(&[container, ("OPS/book.opf", &book), ("OPS/a.xhtml", text)]);
    // Each page once, however often the spine names it.
    assert_eq!(shown(&one(&page("<p>a</p>")).unwrap()), ["|a"]);
    assert_eq!(one(&page(&"<div>".repeat(300))).unwrap_err().code(), "too_deep");
    // Which a reader of HTML would nest.
    assert_eq!(
        shown(&one(&page(&("<div/>".repeat(5_000) + "<p>b</p>"))).unwrap()),
        ["|b"]
    );
    assert_eq!(one(&" ".repeat(65 * 1024 * 1024)).unwrap_err().code(), "too_large");
    let empty = package(&[("mimetype", "application/epub+zip"), container, ("OPS/book.opf", &book)]);
    assert_eq!(crate::parse(&empty, crate::Format::Epub).unwrap_err().code(), "no_text");
    assert_eq!(
        crate::parse(&empty[..empty.len() / 2], crate::Format::Epub)
            .unwrap_err()
            .code(),
        "damaged"
    );
    for changed in mutations(&book, 300).chain(mutations(&page("<p>a<br/>b</p>"), 300)) {
        let _ = parse(&[container, ("OPS/book.opf", &changed), ("OPS/a.xhtml", &changed)]);
    }
}

#[test]
fn addresses_lead_to_parts_of_the_archive_and_nowhere_else() {
    assert_eq!(part_of("OPS/text", "../a%20b.png?x#y").as_deref(), Some("OPS/a b.png"));
    assert_eq!(part_of("OPS", "../../../etc/passwd").as_deref(), Some("etc/passwd"));
    for outside in [
        "https://a.example/b",
        "data:image/png;base64,AA",
        "//a.example/b",
        "#here",
        "",
    ] {
        assert_eq!(part_of("OPS", outside), None, "{outside}");
    }
    assert_eq!(unescaped("%C3%BC%2"), "ü%2");
    assert_eq!(unescaped("%ff%zz"), "%ff%zz");
}
