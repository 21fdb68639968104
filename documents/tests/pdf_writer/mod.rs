//! Writes small PDFs for tests, object by object.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "shared by tests, each of which needs some of it"
)]

use std::io::Write;

/// Letter paper, in points.
const SIZE: &str = "[0 0 612 792]";

/// A document whose pages draw with `F1` (Helvetica) and `F2` (its bold cut).
#[derive(Default)]
pub struct PdfWriter {
    pages: Vec<String>,
    pub info: String,
}

impl PdfWriter {
    /// A page from its content stream.
    pub fn page(mut self, content: impl Into<String>) -> PdfWriter {
        self.pages.push(content.into());
        self
    }

    pub fn info(mut self, entries: &str) -> PdfWriter {
        self.info = entries.to_owned();
        self
    }

    pub fn finish(self) -> Vec<u8> {
        let kids: Vec<String> = (0..self.pages.len())
            .map(|page| format!("{} 0 R", 6 + 2 * page))
            .collect();
        let font =
            |name: &str| format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>");
        let mut objects = vec![
            "<< /Type /Catalog /Pages 2 0 R /Lang (en) >>".to_owned().into_bytes(),
            format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), kids.len()).into_bytes(),
            font("Helvetica").into_bytes(),
            font("Helvetica-Bold").into_bytes(),
            format!("<< {} >>", self.info).into_bytes(),
        ];
        for (index, content) in self.pages.iter().enumerate() {
            let stream = 7 + 2 * index;
            objects.push(
                format!(
                    "<< /Type /Page /Parent 2 0 R /MediaBox {SIZE} /Contents {stream} 0 R \
                     /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
                )
                .into_bytes(),
            );
            objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()).into_bytes());
        }
        assemble(&objects)
    }
}

/// A file of these objects, numbered from 1: the catalogue is the first, the information the fifth.
pub fn assemble(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        writeln!(file, "{} 0 obj", index + 1).unwrap();
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let start = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(file, "{offset:010} 00000 n ").unwrap();
    }
    write!(
        file,
        "trailer\n<< /Size {} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    )
    .unwrap();
    file
}

/// Text at a place, the origin at the bottom left.
pub fn text(font: &str, size: f32, x: f32, y: f32, text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    format!("BT /{font} {size} Tf {x} {y} Td ({text}) Tj ET\n")
}

/// Lines of 10-point text below each other, 12 points apart.
pub fn lines(x: f32, y: f32, lines: &[&str]) -> String {
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| text("F1", 10.0, x, y - 12.0 * index as f32, line))
        .collect()
}

/// A line from one place to another.
pub fn rule(from: (f32, f32), to: (f32, f32)) -> String {
    format!("0.5 w {} {} m {} {} l S\n", from.0, from.1, to.0, to.1)
}
