//! Writes small Office files with pictures for tests, and messages with attachments.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    reason = "shared by tests, each of which needs some of it"
)]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A paragraph of words, or one with a picture in it, counted from 0.
#[derive(Clone, Copy)]
pub enum Piece<'p> {
    Text(&'p str),
    Picture(usize),
    /// A table of one row: words, and a picture beside them.
    Row(&'p str, usize),
}

/// A Word document.
pub fn docx(pieces: &[Piece<'_>], pictures: &[&[u8]]) -> Vec<u8> {
    let text = |text: &str| format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>");
    let picture = |index: usize| {
        format!(
            r#"<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture"/><a:graphic><a:graphicData><pic:pic><pic:blipFill><a:blip r:embed="p{index}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"#
        )
    };
    let mut body = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(words) => body.push_str(&text(words)),
            Piece::Picture(index) => body.push_str(&picture(*index)),
            Piece::Row(words, index) => {
                let cells = format!("<w:tc>{}</w:tc><w:tc>{}</w:tc>", text(words), picture(*index));
                write!(body, "<w:tbl><w:tr>{cells}</w:tr></w:tbl>").unwrap();
            }
        }
    }
    let main = format!(
        r#"<w:document xmlns:w="w" xmlns:r="{RELATIONSHIPS}" xmlns:wp="wp" xmlns:a="a" xmlns:pic="pic"><w:body>{body}</w:body></w:document>"#
    );
    let parts = with_pictures("word", "document.xml", &main, pictures);
    archive("word/document.xml", parts)
}

/// A presentation of one slide: a title, and below it words and pictures in this order.
pub fn pptx(title: &str, pieces: &[Piece<'_>], pictures: &[&[u8]]) -> Vec<u8> {
    let mut shapes = format!(
        r#"<p:sp><p:nvSpPr><p:cNvPr/><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>{title}</a:t></a:r></a:p></p:txBody></p:sp>"#
    );
    for (index, piece) in pieces.iter().enumerate() {
        let place = format!(
            r#"<p:spPr><a:xfrm><a:off x="5" y="{}"/></a:xfrm></p:spPr>"#,
            (index + 1) * 1_000_000
        );
        match piece {
            Piece::Text(words) | Piece::Row(words, _) => write!(
                shapes,
                "<p:sp><p:nvSpPr><p:cNvPr/><p:nvPr/></p:nvSpPr>{place}<p:txBody><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"
            ),
            Piece::Picture(index) => write!(
                shapes,
                r#"<p:pic><p:nvPicPr><p:cNvPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed="p{index}"/></p:blipFill>{place}</p:pic>"#
            ),
        }
        .unwrap();
    }
    let names = format!(r#"xmlns:p="p" xmlns:a="a" xmlns:r="{RELATIONSHIPS}""#);
    let slide = format!("<p:sld {names}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>");
    let main =
        format!(r#"<p:presentation {names}><p:sldIdLst><p:sldId id="256" r:id="s"/></p:sldIdLst></p:presentation>"#);
    let own = relationships(&[("s", "slide", "slides/slide1.xml")]);
    let mut parts = vec![
        ("ppt/presentation.xml".to_owned(), main.into_bytes()),
        ("ppt/_rels/presentation.xml.rels".to_owned(), own.into_bytes()),
    ];
    parts.extend(with_pictures("ppt/slides", "slide1.xml", &slide, pictures));
    archive("ppt/presentation.xml", parts)
}

/// A workbook of one sheet that holds a cell, or none, and pictures that lie on it.
pub fn xlsx(cell: Option<&str>, pictures: &[&[u8]]) -> Vec<u8> {
    let main = format!(
        r#"<workbook xmlns:r="{RELATIONSHIPS}"><sheets><sheet name="Plan" sheetId="1" r:id="s"/></sheets></workbook>"#
    );
    let cell = cell.map(|cell| format!(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>{cell}</t></is></c></row>"#));
    let sheet = format!(
        r#"<worksheet><sheetData>{}</sheetData></worksheet>"#,
        cell.unwrap_or_default()
    );
    let mut drawing = format!(r#"<xdr:wsDr xmlns:xdr="xdr" xmlns:a="a" xmlns:r="{RELATIONSHIPS}">"#);
    for index in 0..pictures.len() {
        write!(
            drawing,
            r#"<xdr:twoCellAnchor><xdr:pic><xdr:blipFill><a:blip r:embed="p{index}"/></xdr:blipFill></xdr:pic></xdr:twoCellAnchor>"#
        )
        .unwrap();
    }
    drawing.push_str("</xdr:wsDr>");
    let own = relationships(&[("s", "worksheet", "worksheets/sheet1.xml")]);
    let of_sheet = relationships(&[("d", "drawing", "../drawings/drawing1.xml")]);
    let mut parts = vec![
        ("xl/workbook.xml".to_owned(), main.into_bytes()),
        ("xl/_rels/workbook.xml.rels".to_owned(), own.into_bytes()),
        ("xl/worksheets/sheet1.xml".to_owned(), sheet.into_bytes()),
        ("xl/worksheets/_rels/sheet1.xml.rels".to_owned(), of_sheet.into_bytes()),
    ];
    parts.extend(with_pictures("xl/drawings", "drawing1.xml", &drawing, pictures));
    archive("xl/workbook.xml", parts)
}

/// A message with these attached, each with its media type and its name.
pub fn eml(text: &str, attachments: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut message = format!(
        "From: a@a.example\r\nSubject: Papers\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n{text}\r\n"
    );
    for (media_type, name, bytes) in attachments {
        write!(
            message,
            "--x\r\nContent-Type: {media_type}; name={name}\r\nContent-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        .unwrap();
        for line in bytes.chunks(24) {
            let line: String = line.iter().map(|byte| format!("={byte:02X}")).collect();
            write!(message, "{line}=\r\n").unwrap();
        }
        message.push_str("\r\n");
    }
    message.push_str("--x--\r\n");
    message.into_bytes()
}

/// A part with its relationships to pictures `p0`, `p1` …, and these.
fn with_pictures(folder: &str, file: &str, xml: &str, pictures: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
    let targets: Vec<(String, String)> = (0..pictures.len())
        .map(|index| (format!("p{index}"), format!("media/image{index}.png")))
        .collect();
    let entries: Vec<(&str, &str, &str)> = targets
        .iter()
        .map(|(id, target)| (id.as_str(), "image", target.as_str()))
        .collect();
    let mut parts = vec![
        (format!("{folder}/{file}"), xml.as_bytes().to_vec()),
        (
            format!("{folder}/_rels/{file}.rels"),
            relationships(&entries).into_bytes(),
        ),
    ];
    let named = targets.iter().zip(pictures);
    parts.extend(named.map(|((_, target), picture)| (format!("{folder}/{target}"), picture.to_vec())));
    parts
}

fn archive(main: &str, mut parts: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let types = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    let root = relationships(&[("r", "officeDocument", main)]);
    parts.insert(0, ("_rels/.rels".to_owned(), root.into_bytes()));
    parts.insert(0, ("[Content_Types].xml".to_owned(), types.as_bytes().to_vec()));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn relationships(entries: &[(&str, &str, &str)]) -> String {
    let entries: String = entries
        .iter()
        .map(|(id, kind, target)| {
            format!(r#"<Relationship Id="{id}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>"#)
        })
        .collect();
    format!("<Relationships>{entries}</Relationships>")
}
