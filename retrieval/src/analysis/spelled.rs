use std::collections::HashSet;

use tantivy::tokenizer::{AsciiFoldingFilter, StopWordFilter, TextAnalyzer, TokenStream, Tokenizer};

use super::segmenter::{Segmenter, is_unspaced};
use crate::language::Language;

/// Shorter words have too many neighbours: `cat` is one letter from `car`, `cut` and `at`.
const MIN_LETTERS: usize = 4;

/// The words of a text as they are written but for case and accents, with their endings; stop words, codes, numbers and what is too short to be told from
/// its neighbours left out. Where misspelt words are looked for: a stemmer knows no ending that is misspelt.
pub(crate) fn spelled_words(language: Language, text: &str) -> HashSet<String> {
    SpelledWords::new(language).of([text])
}

/// As [`spelled_words`], for many texts.
pub(crate) struct SpelledWords {
    segmenter: Segmenter,
    /// Of words that were found, each once.
    rules: TextAnalyzer,
}

impl SpelledWords {
    pub(crate) fn new(language: Language) -> Self {
        let segmenter = Segmenter::new(language, true);
        let mut rules = TextAnalyzer::builder(segmenter).dynamic();
        if let Some(stop_words) = language.snowball().and_then(StopWordFilter::new) {
            rules = rules.filter_dynamic(stop_words);
        }
        if language.folds_accents() {
            rules = rules.filter_dynamic(AsciiFoldingFilter);
        }
        let rules = rules.build();
        Self { segmenter, rules }
    }

    pub(crate) fn of<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> HashSet<String> {
        let mut found = HashSet::new();
        for text in texts {
            let mut stream = self.segmenter.token_stream(text);
            while stream.advance() {
                let word = &stream.token().text;
                if is_spelled(word) && !found.contains(word) {
                    found.insert(word.clone());
                }
            }
        }
        let found: Vec<String> = found.into_iter().collect();
        let mut words = HashSet::new();
        self.rules.token_stream(&found.join(" ")).process(&mut |token| {
            words.insert(token.text.clone());
        });
        words
    }
}

/// Whether it is a word that may be misspelt: letters alone, of a script with spaces.
pub(crate) fn is_spelled(word: &str) -> bool {
    let letter = |c: char| c.is_alphabetic() && !is_unspaced(c);
    word.chars().count() >= MIN_LETTERS && word.chars().all(letter)
}
