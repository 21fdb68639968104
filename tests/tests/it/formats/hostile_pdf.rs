//! PDFs that are made to take all memory or time: each ends with a sentence, and the worker goes on.
use super::support::{code, ingest, limited};
use serde_json::json;
use std::io::Write;

/// The objects of a file, numbered from 1; without cross-references, which readers make again.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    for (number, object) in (1..).zip(objects) {
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    file.extend(b"trailer\n<< /Root 1 0 R >>\n%%EOF\n");
    file
}

/// A file with one page, whose content is object 4.
fn one_page(resources: &str, others: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let page =
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << {resources} >> >>");
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
    ];
    objects.extend(others);
    pdf(&objects)
}

fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut stream = format!("<< /Length {} {entries} >>\nstream\n", content.len()).into_bytes();
    stream.extend(content);
    stream.extend(b"\nendstream");
    stream
}

/// 300 MB of spaces in some 300 kB.
fn flate_bomb() -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..300 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    one_page("", [stream("/Filter /FlateDecode", &encoder.finish().unwrap())])
}

/// Twelve forms, each of which draws the next ten times.
fn forms_in_forms() -> Vec<u8> {
    let form = |number: usize| {
        let content = match number {
            16 => "0 0 m 9 9 l S".to_owned(),
            _ => "/X Do ".repeat(10),
        };
        let entries = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /XObject << /X {} 0 R >> >>",
            number + 1
        );
        stream(&entries, content.as_bytes())
    };
    let forms = (5..17).map(form);
    one_page(
        "/XObject << /X 5 0 R >>",
        std::iter::once(stream("", b"/X Do")).chain(forms),
    )
}

/// A tree of pages whose branch is its own ancestor.
fn pages_in_a_ring() -> Vec<u8> {
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000000 /Parent 2 0 R >>".to_vec(),
    ])
}

fn nested_arrays() -> Vec<u8> {
    let content = ["[".repeat(2_000_000), "]".repeat(2_000_000)].concat();
    one_page("", [stream("", content.as_bytes())])
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_pdfs_end_with_a_sentence_and_the_worker_goes_on() {
    let app = limited(&[("parser.memory_mb", "256"), ("parser.timeout_ms", "20000")]).await;
    let base = app.client.knowledge_base("base").await;
    for (name, bytes) in [
        ("flate.pdf", flate_bomb()),
        ("forms.pdf", forms_in_forms()),
        ("ring.pdf", pages_in_a_ring()),
        ("arrays.pdf", nested_arrays()),
    ] {
        let job = ingest(&app, &base, name, None, &bytes).await;
        assert_eq!(
            (&job["state"], &job["attempt"]),
            (&json!("dead"), &json!(1)),
            "{name} {job}"
        );
        let message = job["error"]["message"].as_str().unwrap();
        assert!(message.ends_with('.'), "{name} {job}");
        assert_ne!(code(&job), "parser_crashed", "{name} {job}");
        eprintln!("{name}: {}: {message}", code(&job));
    }
    let page = stream("", b"BT /F1 12 Tf 10 50 Td (It burns for 36 hours.) Tj ET");
    let font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec();
    let whole = one_page("/Font << /F1 5 0 R >>", [page, font]);
    let job = ingest(&app, &base, "whole.pdf", None, &whole).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    app.abandon().await;
}
