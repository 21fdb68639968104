//! Prints a document as it is read: `cargo run -p documents --example read -- report.docx [format]`.
#![allow(clippy::print_stdout, reason = "it is what this program is for")]

#[path = "../tests/similarity/markdown.rs"]
mod markdown;

use documents::{Format, parse};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: read FILE [FORMAT]")?;
    let extension = arguments
        .next()
        .or_else(|| Some(path.rsplit_once('.')?.1.to_owned()))
        .unwrap_or_default();
    let format = match extension.to_ascii_lowercase().as_str() {
        "md" => Format::Markdown,
        "mdx" => Format::Mdx,
        "html" | "htm" => Format::Html,
        "pdf" => Format::Pdf,
        "docx" | "docm" => Format::Docx,
        "pptx" | "pptm" => Format::Pptx,
        "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => Format::Spreadsheet,
        "odt" | "ott" | "fodt" => Format::Odt,
        "odp" | "otp" | "fodp" => Format::Odp,
        "epub" => Format::Epub,
        "rtf" => Format::Rtf,
        "csv" | "tsv" => Format::Csv,
        "eml" => Format::Email,
        "json" | "jsonl" => Format::Json,
        _ => Format::PlainText,
    };
    let document = parse(&std::fs::read(&path)?, format)?;
    println!(
        "{:?} {}",
        document.title,
        serde_json::Value::Object(document.metadata.clone())
    );
    println!("{}", markdown::markdown(&document));
    Ok(())
}
