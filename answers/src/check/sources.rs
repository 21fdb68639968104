use std::collections::{HashMap, HashSet};

use crate::facts::{Quantity, quantities};
use crate::text::{MAX_TEXT_BYTES, Word, WordKind, is_similar_stem, split_sentences, words};

/// Source sentences beyond this many, over all sources together, are not read and the report says `truncated`.
pub const MAX_SOURCE_SENTENCES: usize = 4000;
/// A stem's postings beyond this many sentences are not kept: such a word tells no sentence from another.
const MAX_POSTINGS: usize = 1000;

/// One sentence of a source, read once.
pub(super) struct SourceSentence {
    pub(super) source: usize,
    pub(super) text: String,
    pub(super) words: Vec<Word>,
    pub(super) quantities: Vec<Quantity>,
}

/// All sentences of the sources with an inverted index over their stems.
pub(super) struct SourceIndex {
    pub(super) sentences: Vec<SourceSentence>,
    postings: HashMap<String, Vec<usize>>,
    /// Stems by their first five letters, to find other forms of a word.
    prefixes: HashMap<String, Vec<String>>,
    lowers: HashSet<String>,
    pub(super) capitalised: HashSet<String>,
    pub(super) truncated: bool,
}

impl SourceIndex {
    pub(super) fn new(sources: &[&str]) -> Self {
        let mut index = Self {
            sentences: Vec::new(),
            postings: HashMap::new(),
            prefixes: HashMap::new(),
            lowers: HashSet::new(),
            capitalised: HashSet::new(),
            truncated: false,
        };
        for (source, text) in sources.iter().enumerate() {
            index.truncated |= text.len() > MAX_TEXT_BYTES;
            for sentence in split_sentences(text) {
                if index.sentences.len() == MAX_SOURCE_SENTENCES {
                    index.truncated = true;
                    return index;
                }
                index.add(source, sentence.text);
            }
        }
        index
    }

    fn add(&mut self, source: usize, text: String) {
        let words = words(&text);
        let at = self.sentences.len();
        for (place, word) in words.iter().enumerate() {
            self.lowers.insert(word.lower.clone());
            if word.capital && place > 0 && word.kind == WordKind::Plain {
                self.capitalised.insert(word.lower.clone());
            }
            if word.is_content() {
                self.post(&word.stem, at);
            }
        }
        let quantities = quantities(&words);
        self.sentences.push(SourceSentence {
            source,
            text,
            words,
            quantities,
        });
    }

    fn post(&mut self, stem: &str, at: usize) {
        let Some(postings) = self.postings.get_mut(stem) else {
            let prefix: String = stem.chars().take(5).collect();
            self.prefixes.entry(prefix).or_default().push(stem.to_owned());
            self.postings.insert(stem.to_owned(), vec![at]);
            return;
        };
        if postings.last() != Some(&at) && postings.len() < MAX_POSTINGS {
            postings.push(at);
        }
    }

    /// Sentences with this stem, or else with another form of the word.
    pub(super) fn postings(&self, stem: &str) -> &[usize] {
        if let Some(found) = self.postings.get(stem) {
            return found;
        }
        let prefix: String = stem.chars().take(5).collect();
        let similar = self
            .prefixes
            .get(&prefix)
            .and_then(|stems| stems.iter().take(50).find(|other| is_similar_stem(other, stem)));
        similar
            .and_then(|other| self.postings.get(other))
            .map_or(&[], Vec::as_slice)
    }

    /// Inverse document frequency with sentences as documents, squeezed into 1..=2 so that one rare word cannot outweigh
    /// all others: 1 + ln((n + 1) / (df + 1)) / ln(n + 2).
    pub(super) fn idf(&self, stem: &str) -> f32 {
        let count = self.sentences.len() as f32;
        let frequency = self.postings(stem).len() as f32;
        1.0 + ((count + 1.0) / (frequency + 1.0)).ln().max(0.0) / (count + 2.0).ln()
    }

    pub(super) fn has_word(&self, word: &Word) -> bool {
        self.lowers.contains(&word.lower) || self.postings.contains_key(&word.stem)
    }
}
