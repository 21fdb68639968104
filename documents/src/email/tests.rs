#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use crate::pictures::Pictures;
use crate::{Attachments, BlockKind, ParseError, ParsedDocument};

fn parse(bytes: &[u8], attachments: Attachments) -> Result<ParsedDocument, ParseError> {
    super::parse(bytes, attachments, &mut Pictures::default())
}

fn read(source: &str) -> ParsedDocument {
    parse(source.replace('\n', "\r\n").as_bytes(), Attachments::Read).unwrap()
}

fn texts(document: &ParsedDocument) -> Vec<&str> {
    document.blocks.iter().map(|block| block.text.as_str()).collect()
}

#[test]
fn who_wrote_whom_and_when_is_the_first_block_and_metadata() {
    let document = read(
        "From: =?UTF-8?Q?J=C3=BCrgen?= <j@a.example>\nTo: b@b.example, C <c@c.example>\nDate: Mon, 2 Jan 2006 15:04:05 +0100\n\
         Subject: =?ISO-8859-1?B?R3L832U=?=\n\nHello\nworld.\n\nBye\n",
    );
    assert_eq!(document.title.as_deref(), Some("Grüße"));
    assert_eq!(
        texts(&document),
        [
            "From: Jürgen <j@a.example>\nTo: b@b.example, C <c@c.example>\nDate: 2006-01-02T15:04:05+01:00",
            "Hello\nworld.",
            "Bye"
        ]
    );
    assert_eq!(document.metadata["from"], "Jürgen <j@a.example>");
    assert_eq!(document.metadata["date"], "2006-01-02T15:04:05+01:00");
}

#[test]
fn what_is_quoted_is_a_quotation() {
    let document = read("From: a@a.example\n\nYes.\n> Shall we?\n>> Maybe\n> And when?\nToday.\n");
    let found: Vec<_> = document
        .blocks
        .iter()
        .skip(1)
        .map(|block| (block.kind, block.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (BlockKind::Paragraph, "Yes."),
            (BlockKind::Quote, "Shall we?"),
            (BlockKind::Quote, "Maybe"),
            (BlockKind::Quote, "And when?"),
            (BlockKind::Paragraph, "Today.")
        ]
    );
}

#[test]
fn flowed_text_is_joined() {
    let document = read(
        "From: a@a.example\nContent-Type: text/plain; format=flowed\n\nOne line \nthat goes on.\nAnother\n-- \nMe\n",
    );
    assert_eq!(texts(&document)[1], "One line that goes on.\nAnother\n--\nMe");
}

#[test]
fn html_is_read_where_the_plain_text_only_points_to_it() {
    let mail = |plain: &str| {
        format!(
            "From: a@a.example\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n{plain}\n\
             --x\nContent-Type: text/html\n\n<html><head><title>no</title><style>p{{}}</style></head><body><p>Your order \
             of three boxes</p><ul><li>was sent today</li></ul></body></html>\n--x--\n"
        )
    };
    let document = read(&mail("See HTML"));
    assert_eq!(texts(&document)[1..], ["Your order of three boxes", "- was sent today"]);
    let document = read(&mail("Your order of three boxes was sent today"));
    assert_eq!(texts(&document)[1..], ["Your order of three boxes was sent today"]);
}

#[test]
fn what_cannot_be_read_is_named_and_messages_inside_are_read_under_their_subject() {
    let document = read(
        "From: a@a.example\nSubject: Outer\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nBody\n\
         --x\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\nAAAA\n\
         --x\nContent-Type: message/rfc822\n\nFrom: b@b.example\nSubject: Inner\n\nDeep\n--x--\n",
    );
    assert_eq!(
        texts(&document),
        [
            "From: a@a.example",
            "Body",
            "Attachments:",
            "- winmail.dat (Outlook's own packing (TNEF), 3 bytes), not read: unsupported format",
            "From: b@b.example",
            "Deep"
        ]
    );
    assert_eq!(document.blocks[5].headings, ["Attached message: Inner"]);
}

/// As Gmail quotes an exchange that went back and forth for long.
fn deep_html() -> String {
    let quote = "<div class=gmail_quote><div dir=ltr><blockquote><div>";
    format!(
        "{}Deep{}",
        quote.repeat(70),
        "</div></blockquote></div></div>".repeat(70)
    )
}

#[test]
fn html_that_is_too_deep_costs_a_message_nothing_that_has_plain_text() {
    let deep = deep_html();
    let document = read(&format!(
        "From: a@a.example\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\nOne\n> Two\n\
         --x\nContent-Type: text/html\n\n{deep}\n--x--\n"
    ));
    assert_eq!(texts(&document), ["From: a@a.example", "One", "Two"]);
    let alone = format!("From: a@a.example\nContent-Type: text/html\n\n{deep}\n").replace('\n', "\r\n");
    let error = parse(alone.as_bytes(), Attachments::Read).unwrap_err();
    assert_eq!(error.code(), "too_deep");
}

#[test]
fn a_message_inside_that_cannot_be_read_says_why_and_costs_nothing_else() {
    let inner = format!(
        "Content-Type: message/rfc822\n\nFrom: b@b.example\nSubject: Inner\nContent-Type: text/html\n\n{}\n",
        deep_html()
    );
    let document = read(&mixed(&[&inner, PRICES]));
    assert_eq!(
        texts(&document),
        [
            "From: a@a.example",
            "Body",
            "Attachments:",
            "- prices.csv (application/octet-stream, 21 bytes)",
            "From: b@b.example",
            "Not read: too deep",
            "lamp | price\nSmall | 7"
        ]
    );
    assert_eq!(document.blocks[5].headings, ["Attached message: Inner"]);
}

/// A message with a text and these parts, each with its header.
fn mixed(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--x\n{part}\n")).collect();
    format!(
        "From: a@a.example\nSubject: Outer\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nBody\n{parts}--x--\n"
    )
}

const PRICES: &str = "Content-Type: application/octet-stream; name=prices.csv\nContent-Disposition: attachment; filename=prices.csv\n\nlamp,price\nSmall,7\n";

fn placed(document: &ParsedDocument) -> Vec<(String, &str)> {
    let blocks = document.blocks.iter();
    blocks
        .map(|block| (block.headings.join(" / "), block.text.as_str()))
        .collect()
}

#[test]
fn what_is_attached_is_read_under_its_name() {
    let manual = "Content-Type: text/html; name=manual.html\nContent-Disposition: attachment; filename=manual.html\n\n<h1>Lamp</h1><p>Keep it dry.</p>\n";
    let document = read(&mixed(&[PRICES, manual]));
    let of = |path: &str| path.to_owned();
    assert_eq!(
        placed(&document),
        [
            (String::new(), "From: a@a.example"),
            (String::new(), "Body"),
            (String::new(), "Attachments:"),
            (String::new(), "- prices.csv (application/octet-stream, 21 bytes)"),
            (String::new(), "- manual.html (text/html, 34 bytes)"),
            (of("Attachment: prices.csv"), "lamp | price\nSmall | 7"),
            (of("Attachment: manual.html / Lamp"), "Keep it dry."),
        ]
    );
}

#[test]
fn an_attachment_of_a_message_inside_stands_under_that_message() {
    let inner = mixed(&[PRICES])
        .replace("boundary=x", "boundary=y")
        .replace("--x", "--y");
    let inner = inner.replace("Outer", "Inner");
    let document = read(&mixed(&[&format!("Content-Type: message/rfc822\n\n{inner}")]));
    let last = placed(&document).pop().unwrap();
    assert_eq!(
        last,
        (
            "Attached message: Inner / Attachment: prices.csv".to_owned(),
            "lamp | price\nSmall | 7"
        )
    );

    // As a file, which is how some programs forward.
    let file = format!(
        "Content-Type: application/octet-stream; name=old.eml\nContent-Disposition: attachment; filename=old.eml\n\n{inner}"
    );
    let document = read(&mixed(&[&file]));
    let found = placed(&document);
    assert!(
        found.contains(&("Attachment: old.eml / Inner".to_owned(), "Body")),
        "{found:?}"
    );
    assert!(
        found.iter().all(|(_, text)| !text.contains("Small"))
            && found
                .iter()
                .any(|(_, text)| text.ends_with("not read: it is attached to an attachment")),
        "{found:?}"
    );
}

#[test]
fn an_attachment_that_cannot_be_read_says_why_and_costs_nothing_else() {
    let broken = "Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document; name=a.docx\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nUEsDBAAAAAAAAAAA\n";
    let picture = "Content-Type: image/gif; name=b.gif\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nR0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\n";
    let document = read(&mixed(&[broken, picture, PRICES]));
    let items: Vec<&str> = texts(&document)
        .into_iter()
        .filter(|text| text.starts_with("- "))
        .collect();
    assert!(
        items[0].starts_with("- a.docx (") && items[0].ends_with(", not read: damaged"),
        "{items:?}"
    );
    assert_eq!(items[1], "- b.gif (image/gif, 42 bytes), not read: it is a picture");
    assert_eq!(placed(&document).pop().unwrap().1, "lamp | price\nSmall | 7");
    let named = parse(mixed(&[PRICES]).replace('\n', "\r\n").as_bytes(), Attachments::Name).unwrap();
    assert!(texts(&named).iter().all(|text| !text.contains("Small")), "{named:?}");
}

#[test]
fn the_text_of_an_attachment_is_read_as_it_would_be_by_itself() {
    // Windows-1252, of which the message says nothing.
    let prices = "Content-Type: text/csv; name=preise.csv\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nR3L232U7UHJlaXMKTGFtcGU7Nwo=\n";
    let note = "Content-Type: text/plain; name=note.txt\nContent-Disposition: attachment\nContent-Transfer-Encoding: quoted-printable\n\nGr=F6=DFe\n";
    let document = read(&mixed(&[prices, note]));
    assert!(
        placed(&document).contains(&("Attachment: preise.csv".to_owned(), "Größe | Preis\nLampe | 7")),
        "{document:?}"
    );
    assert!(
        placed(&document).contains(&("Attachment: note.txt".to_owned(), "Größe")),
        "{document:?}"
    );
}

#[test]
fn what_an_attachment_calls_itself_is_not_lost() {
    let record = "Content-Type: text/html; name=a.html\nContent-Disposition: attachment\n\n<html><head><title>Contract 4711</title></head><body><p>Signed.</p></body></html>\n";
    let mail = "Content-Type: application/octet-stream; name=old.eml\nContent-Disposition: attachment\n\nFrom: b@b.example\nSubject: Contract 4712\n\nSigned, too.\n";
    let document = read(&mixed(&[record, mail]));
    let found = placed(&document);
    for expected in [
        ("Attachment: a.html / Contract 4711", "Signed."),
        ("Attachment: old.eml / Contract 4712", "Signed, too."),
    ] {
        assert!(found.contains(&(expected.0.to_owned(), expected.1)), "{found:?}");
    }
}

#[test]
fn an_attachment_that_is_damaged_is_read_and_says_so() {
    // UTF-8, but for the last line.
    let towns = "Content-Type: text/csv; name=towns.csv\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nTmFtZTtTdGFkdApNw7xsbGVyO0vDtmxuCk38bGxlcjtCb25uCg==\n";
    let document = read(&mixed(&[towns]));
    let texts = texts(&document);
    assert!(
        texts
            .iter()
            .any(|text| text.ends_with(", 1 of its characters not read")),
        "{texts:?}"
    );
    assert!(texts.iter().any(|text| text.contains("Müller | Köln")), "{texts:?}");
}

#[test]
fn more_attachments_than_are_read_are_named() {
    let parts = vec![PRICES; 60];
    let document = read(&mixed(&parts));
    let read = document
        .blocks
        .iter()
        .filter(|block| block.text.contains("Small"))
        .count();
    let named = texts(&document)
        .iter()
        .filter(|text| text.ends_with("not read: the message has too many"))
        .count();
    assert_eq!((read, named), (50, 10));
}

#[test]
fn sealed_mail_is_encrypted_and_signed_mail_is_not() {
    for content_type in [
        "multipart/encrypted; boundary=x",
        "application/pkcs7-mime; smime-type=enveloped-data",
        "application/x-pkcs7-mime",
    ] {
        let source = format!("From: a@a.example\r\nContent-Type: {content_type}\r\n\r\n--x\r\n\r\nMIAGCSqGSIb3\r\n");
        assert_eq!(
            parse(source.as_bytes(), Attachments::Read).unwrap_err().code(),
            "encrypted",
            "{content_type}"
        );
    }
    let sealed = "From: a@a.example\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMIAGCSqGSIb3\n";
    let said = parse(sealed.as_bytes(), Attachments::Read).unwrap_err().to_string();
    assert!(said.contains("key") && !said.contains("password"), "{said}");
    let inline = "From: a@a.example\n\n-----BEGIN PGP MESSAGE-----\n\nhIwD\n-----END PGP MESSAGE-----\n";
    assert_eq!(
        parse(inline.as_bytes(), Attachments::Read).unwrap_err().code(),
        "encrypted"
    );
    let signed = read(
        "From: a@a.example\nContent-Type: multipart/signed; boundary=x\n\n--x\n\nSigned\n--x\nContent-Type: \
         application/pgp-signature\n\nabc\n--x--\n",
    );
    assert_eq!(texts(&signed), ["From: a@a.example", "Signed"]);
}

#[test]
fn ten_thousand_messages_inside_of_each_other_are_refused_not_a_crash() {
    let source = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    assert_eq!(
        parse(source.as_bytes(), Attachments::Read).unwrap_err().code(),
        "too_complex"
    );
    let source = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n".repeat(50_000);
    let _ = parse(source.as_bytes(), Attachments::Read);
}
