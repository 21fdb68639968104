use tantivy::tokenizer::{AsciiFoldingFilter, Stemmer, StopWordFilter, TextAnalyzer};

use super::respelling::Respelling;
use super::segmenter::Segmenter;
use crate::language::Language;

/// What the keyword leg does with a chunk's text: segments, stop words out, stems, folded accents.
///
/// The order matters: stop lists and stemmers (both Snowball's) know the accented spelling, so accents are folded last; in the languages that
/// [`Respelling`] knows they are folded before the stemmer, and once more after it.
pub(crate) fn analyzer(language: Language) -> TextAnalyzer {
    build(language, false)
}

/// As [`analyzer`], for the text of a query.
pub(crate) fn query_analyzer(language: Language) -> TextAnalyzer {
    build(language, true)
}

fn build(language: Language, for_query: bool) -> TextAnalyzer {
    let segmenter = Segmenter::new(language, for_query);
    let mut chain = TextAnalyzer::builder(segmenter).dynamic();
    if let Some(snowball) = language.snowball() {
        if let Some(stop_words) = StopWordFilter::new(snowball) {
            chain = chain.filter_dynamic(stop_words);
        }
        if Respelling::knows(language) {
            chain = chain
                .filter_dynamic(AsciiFoldingFilter)
                .filter_dynamic(Respelling(language));
        }
        chain = chain.filter_dynamic(Stemmer::new(snowball));
    }
    if language.folds_accents() {
        chain = chain.filter_dynamic(AsciiFoldingFilter);
    }
    chain.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(language: Language, text: &str) -> Vec<String> {
        let mut analyzer = analyzer(language);
        let mut stream = analyzer.token_stream(text);
        let mut terms = Vec::new();
        stream.process(&mut |token| terms.push(token.text.clone()));
        terms
    }

    #[test]
    fn english_is_stemmed_without_stop_words() {
        assert_eq!(
            terms(Language::English, "The Refunds are being processed"),
            ["refund", "be", "process"]
        );
    }

    #[test]
    fn french_elisions_and_accents_do_not_separate_spellings() {
        let with = terms(Language::French, "L'abonnement à résilier");
        let without = terms(Language::French, "abonnement resilier");
        assert_eq!(with, without);
    }

    #[test]
    fn german_umlauts_and_sharp_s_are_folded() {
        assert_eq!(terms(Language::German, "Straßen"), terms(Language::German, "strassen"));
        assert_eq!(
            terms(Language::German, "Kündigungen"),
            terms(Language::German, "Kundigung")
        );
    }

    #[test]
    fn swedish_letters_stay_apart() {
        assert_ne!(terms(Language::Swedish, "får"), terms(Language::Swedish, "far"));
    }

    #[test]
    fn turkish_dotless_i_has_its_own_lower_case() {
        assert_eq!(terms(Language::Turkish, "ISPARTA"), terms(Language::Turkish, "ısparta"));
        assert_eq!(terms(Language::Turkish, "İzmir"), terms(Language::Turkish, "izmir"));
    }

    #[test]
    fn unspaced_scripts_give_characters_and_pairs() {
        assert_eq!(
            terms(Language::English, "日本語 API"),
            ["日", "日本", "本", "本語", "語", "api"]
        );
        assert_eq!(terms(Language::Simple, "ﾊﾞｽ"), ["ば", "ばす", "す"]);
    }

    #[test]
    fn a_query_keeps_single_characters_only_where_there_is_no_pair() {
        let mut analyzer = query_analyzer(Language::English);
        let mut found = Vec::new();
        analyzer
            .token_stream("返金 猫 refunds")
            .process(&mut |token| found.push(token.text.clone()));
        assert_eq!(found, ["返金", "猫", "refund"]);
    }

    #[test]
    fn soft_hyphens_widths_and_decomposed_letters_are_one_spelling() {
        assert_eq!(terms(Language::Simple, "ｆｏｏ"), ["foo"]);
        assert_eq!(terms(Language::Simple, "re\u{ad}fund"), ["refund"]);
        assert_eq!(terms(Language::Simple, "cafe\u{301}"), ["cafe"]);
    }

    #[test]
    fn blobs_and_stacked_marks_are_left_out() {
        assert!(terms(Language::English, &"x".repeat(10_000)).is_empty());
        assert!(terms(Language::English, &format!("a{}", "\u{301}".repeat(10_000))).is_empty());
    }
}
