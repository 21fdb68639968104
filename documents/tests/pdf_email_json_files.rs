//! Real PDFs, messages and JSON files: each is read, or refused with the right error. Without the evaluation data the tests say so and
//! pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests; a skipped test says why, and where the data is comes from the environment"
)]

mod similarity;

use std::fs;
use std::path::{Path, PathBuf};

use documents::{Format, parse};
use similarity::{markdown, similarity};

fn samples() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = std::env::var("VISUALKIT_DATA_EVAL_DIR").unwrap_or_else(|_| "../shared/data".to_owned());
    let path = workspace.join(root).join("files/connector-samples");
    if !path.exists() {
        println!(
            "skipped: {} does not exist; set VISUALKIT_DATA_EVAL_DIR",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// Every file below with one of the extensions, sorted.
fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            files(&path, extensions, found);
        } else if extension.is_some_and(|extension| extensions.contains(&extension)) {
            found.push(path);
        }
    }
}

/// Reads all files of a format; those named are refused with the code beside them. Prints the share that is read.
fn assert_all_are_read(format: Format, extensions: &[&str], refused: &[(&str, &str)]) {
    let Some(folder) = samples() else { return };
    let mut paths = Vec::new();
    files(&folder, extensions, &mut paths);
    let mut read = 0;
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let expected = refused
            .iter()
            .find(|(refused, _)| name == *refused)
            .map(|(_, code)| *code);
        let found = parse(&fs::read(path).unwrap(), format);
        match &found {
            Ok(_) => read += 1,
            Err(error) => println!("{name}: {error}"),
        }
        assert_eq!(found.err().map(|error| error.code()), expected, "{name}");
    }
    println!("{read} of {} files are read", paths.len());
    assert!(paths.len() > refused.len());
}

#[test]
fn every_pdf_is_read_or_refused_for_what_it_is() {
    assert_all_are_read(
        Format::Pdf,
        &["pdf"],
        &[
            ("2206.01062_pg3.pdf", "encrypted"),
            ("MEDRPT-2024-PAT-3847_medical_report_scan.pdf", "no_text_layer"),
        ],
    );
}

#[test]
fn every_message_is_read_or_refused_for_what_it_is() {
    assert_all_are_read(
        Format::Email,
        &["eml"],
        &[("empty.eml", "damaged"), ("fake-encrypted.eml", "encrypted")],
    );
}

#[test]
fn every_json_file_is_read_or_refused_for_what_it_is() {
    assert_all_are_read(Format::Json, &["json", "ndjson"], &REFUSED_JSON);
}

/// Their last bracket is missing.
const REFUSED_JSON: [(&str, &str); 2] = [("dots_list.json", "damaged"), ("dots_simple.json", "damaged")];

#[test]
fn pdfs_are_close_to_the_markdown_that_is_expected_of_them() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("markitdown");
    let mut paths = Vec::new();
    files(&folder, &["pdf"], &mut paths);
    let (mut words, mut pairs, mut count) = (0.0, 0.0, 0.0);
    for path in paths {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let expected = folder.join("expected_outputs").join(format!("{stem}.md"));
        let (Ok(expected), Ok(document)) = (
            fs::read_to_string(expected),
            parse(&fs::read(&path).unwrap(), Format::Pdf),
        ) else {
            continue;
        };
        let found = similarity(&markdown(&document), &expected);
        println!("{stem}: words {:.3}, pairs {:.3}", found.words, found.pairs);
        assert!(found.words >= 0.85, "{stem}");
        (words, pairs, count) = (words + found.words, pairs + found.pairs, count + 1.0);
    }
    println!("mean: words {:.3}, pairs {:.3}", words / count, pairs / count);
    assert!(count >= 4.0 && words / count >= 0.9 && pairs / count >= 0.7);
}

/// Changes bytes of good files, always the same way.
fn assert_no_changed_byte_panics(format: Format, good: &[u8]) {
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for round in 0..3_000 {
        let mut bytes = good.to_vec();
        for _ in 0..=round % 5 {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, b"\0\r\n-=?:;\"[]{},\\\xFF\xC3<>"[next(18)]),
                _ => {
                    bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << next(8));
                }
            }
        }
        let _ = parse(&bytes, format);
    }
}

#[test]
fn no_changed_byte_of_a_message_or_of_json_panics() {
    let message = "From: =?UTF-8?Q?J=C3=BCrgen?= <j@a.example>\r\nSubject: =?ISO-8859-1?B?R3L832U=?=\r\nDate: Mon, 2 Jan 2006 15:04:05 \
         +0100\r\nContent-Type: multipart/mixed; boundary=\"x y\"\r\n\r\n--x y\r\nContent-Type: text/plain; charset=utf-16; \
         format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n> One=20\r\nTwo =E2=82=AC\r\n--x y\r\nContent-Type: \
         message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nRnJvbTogYUBiLmV4YW1wbGUNCg0KSGkNCg==\r\n--x y--\r\n";
    assert_no_changed_byte_panics(Format::Email, message.as_bytes());
    let json = r#"{"a": [1, 2.5e10, "x\u00e9\n"], "b": [{"k": null, "l": true}, {"k": "v", "l": false}], "c": {"d": {"e": "f"}}}"#;
    assert_no_changed_byte_panics(Format::Json, json.as_bytes());
}
