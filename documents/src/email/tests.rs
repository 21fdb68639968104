#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::parse;
use crate::{BlockKind, ParsedDocument};

fn read(source: &str) -> ParsedDocument {
    parse(source.replace('\n', "\r\n").as_bytes()).unwrap()
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
fn attachments_are_named_and_messages_inside_are_read_under_their_subject() {
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
            "Attachments (their content is not read):",
            "- winmail.dat (Outlook's own packing (TNEF), 3 bytes)",
            "From: b@b.example",
            "Deep"
        ]
    );
    assert_eq!(document.blocks[5].headings, ["Attached message: Inner"]);
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
            parse(source.as_bytes()).unwrap_err().code(),
            "encrypted",
            "{content_type}"
        );
    }
    let inline = "From: a@a.example\n\n-----BEGIN PGP MESSAGE-----\n\nhIwD\n-----END PGP MESSAGE-----\n";
    assert_eq!(parse(inline.as_bytes()).unwrap_err().code(), "encrypted");
    let signed = read(
        "From: a@a.example\nContent-Type: multipart/signed; boundary=x\n\n--x\n\nSigned\n--x\nContent-Type: \
         application/pgp-signature\n\nabc\n--x--\n",
    );
    assert_eq!(texts(&signed), ["From: a@a.example", "Signed"]);
}

#[test]
fn ten_thousand_messages_inside_of_each_other_are_refused_not_a_crash() {
    let source = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    assert_eq!(parse(source.as_bytes()).unwrap_err().code(), "too_complex");
    let source = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n".repeat(50_000);
    let _ = parse(source.as_bytes());
}
