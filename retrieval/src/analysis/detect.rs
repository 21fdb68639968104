use crate::change::IndexedDocument;
use crate::language::Language;

/// More text makes no difference.
const SAMPLE_BYTES: usize = 4096;

/// The language a document is written in, by its own words; [`Language::Simple`] where they do not say it clearly, or it is one without rules.
pub(crate) fn language_of(document: &IndexedDocument) -> Language {
    let mut sample = String::new();
    for chunk in &document.chunks {
        sample.push_str(&chunk.text);
        sample.push('\n');
        if sample.len() >= SAMPLE_BYTES {
            break;
        }
    }
    detected(&sample)
}

fn detected(text: &str) -> Language {
    let text = text.get(..text.floor_char_boundary(SAMPLE_BYTES)).unwrap_or_default();
    let found = whatlang::detect(text).filter(whatlang::Info::is_reliable);
    found.map_or(Language::Simple, |found| of_three_letters(found.lang().code()))
}

/// By the codes of ISO 639-3 that the detector uses.
fn of_three_letters(code: &str) -> Language {
    let two_letters = match code {
        "ara" => "ar",
        "dan" => "da",
        "nld" => "nl",
        "eng" => "en",
        "fin" => "fi",
        "fra" => "fr",
        "deu" => "de",
        "ell" => "el",
        "hun" => "hu",
        "ita" => "it",
        "nob" => "no",
        "por" => "pt",
        "ron" => "ro",
        "rus" => "ru",
        "spa" => "es",
        "swe" => "sv",
        "tam" => "ta",
        "tur" => "tr",
        _ => return Language::Simple,
    };
    Language::from_code(two_letters)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::path::Path;

    /// Each article by itself is a paragraph or two: what a short answer of a help centre is.
    #[test]
    fn the_articles_of_the_declaration_are_told_apart_by_language() {
        for code in ["en", "de", "fr", "es", "pt", "ja", "zh"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/data/declaration/{code}.md"));
            let text = std::fs::read_to_string(file).unwrap();
            let expected = Language::from_code(code);
            let found: Vec<Language> = text
                .split("\n## ")
                .skip(1)
                .map(|article| detected(article.split_once("\n\n").unwrap().1))
                .collect();
            let right = found.iter().filter(|language| **language == expected).count();
            let unsure = found.iter().filter(|language| **language == Language::Simple).count();
            eprintln!(
                "{code}: {right} of {} articles, {unsure} without a language",
                found.len()
            );
            assert_eq!(found.len(), 30);
            assert!(
                right == 30 || (right + unsure == 30 && right >= 28),
                "{code}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_no_text_has_no_language() {
        for text in ["", "E-4012", "0x00 0xff", "\u{0}\u{301}", "OK"] {
            assert_eq!(detected(text), Language::Simple, "{text:?}");
        }
        assert_eq!(
            detected(&"the quick brown fox is here ".repeat(100_000)),
            Language::English
        );
    }
}
