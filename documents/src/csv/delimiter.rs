use std::collections::HashMap;

use csv::ReaderBuilder;

use crate::whitespace::truncate;

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Enough to tell.
const SAMPLE_BYTES: usize = 64 * 1024;
const SAMPLE_ROWS: usize = 100;

/// The delimiter, and the text without the line that names it (`sep=;`, as Excel understands it).
pub(super) fn find(text: &str) -> (u8, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some([delimiter]) = first
        .trim_end_matches(['\r', ' '])
        .strip_prefix("sep=")
        .map(str::as_bytes)
    {
        return (*delimiter, rest);
    }
    let sample = truncate(text, SAMPLE_BYTES);
    let score = |delimiter: &u8| score(sample, *delimiter);
    // Of equals the first: `max_by_key` would give the last.
    let best = CANDIDATES.iter().rev().max_by_key(|delimiter| score(delimiter));
    let best = best.copied().unwrap_or(b',');
    // Whoever writes 1,50 divides by semicolons.
    let semicolons = score(&b';');
    if best == b',' && semicolons.length > 1 && semicolons.share >= score(&b',').share && has_decimal_commas(sample) {
        return (b';', text);
    }
    (best, text)
}

/// Compares by the share of rows first.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// Of a thousand rows those of the most usual length.
    share: usize,
    length: usize,
}

/// Most commas are those of numbers, or end a part of a sentence.
fn has_decimal_commas(sample: &str) -> bool {
    let bytes = sample.as_bytes();
    let (mut commas, mut in_text) = (0_usize, 0_usize);
    for at in memchr::memchr_iter(b',', bytes) {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + 1);
        commas += 1;
        in_text += usize::from(match (before, after) {
            (_, Some(b' ')) => true,
            (Some(before), Some(after)) => before.is_ascii_digit() && after.is_ascii_digit(),
            _ => false,
        });
    }
    in_text * 2 > commas
}

/// How many cells the rows have that are of the most usual length, if that is more than one. The delimiter that divides a text into a table
/// gives many rows of one length; one that only occurs in its sentences does not.
fn score(sample: &str, delimiter: u8) -> Score {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(sample.as_bytes());
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    let mut rows = 0;
    for record in reader.records().take(SAMPLE_ROWS).flatten() {
        rows += 1;
        *lengths.entry(record.len()).or_insert(0) += 1;
    }
    let usual = lengths.iter().filter(|(length, _)| **length > 1);
    let scores = usual.map(|(length, count)| Score {
        share: count * 1_000 / rows.max(1),
        length: (*length).min(99),
    });
    scores.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_delimiter_is_the_one_that_makes_a_table() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", b','),
            ("name;price\nx, y;1,50\nz, w;2,00\n", b';'),
            ("a\tb c, d\n1\t2\n", b'\t'),
            ("a|b|c\n1|2|3", b'|'),
            ("one\ntwo\n", b','),
            ("Artikel;Netto;Brutto\n4711;1,50;1,79\n4712;2,50;2,98\n", b';'),
            ("Name;Price, net;Price, gross\nA;1,50;1,79\nB;2,50;2,98\n", b';'),
            ("1,50;2,50\n3,50;4,50\n5,5;6,5\n", b';'),
            ("1;2,5\n3;4,5\n", b';'),
            ("id,tags\n1,a;b\n2,c;d\n3,e;f\n", b','),
            ("1,2;3,a\n4,5;6,b\n", b','),
            ("\"a;b\nc\",d\n\"x;y\",z\n", b','),
        ] {
            assert_eq!(find(text), (delimiter, text), "{text:?}");
        }
        assert_eq!(find("sep=|\na|b"), (b'|', "a|b"));
    }

    #[test]
    fn a_named_tab_is_a_delimiter() {
        assert_eq!(find("sep=\t\r\na\tb"), (b'\t', "a\tb"));
        assert_eq!(find("sep=; \na;b"), (b';', "a;b"));
    }
}
