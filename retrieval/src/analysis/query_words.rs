use std::collections::{BTreeMap, HashMap};

use super::analyzer::query_analyzer;
use super::function_pairs::is_function_pair;
use super::segmenter::is_katakana;
use crate::language::Language;

/// Text beyond this many bytes of a query is not read.
const MAX_QUERY_BYTES: usize = 32 * 1024;
/// Tokens of a query, repetitions counted.
const MAX_QUERY_TOKENS: usize = 512;

/// The distinct terms of a query with what each weighs, in order of first occurrence: the number of times it occurs, and less for what is only related.
pub(crate) type QueryTerms = Vec<(String, f32)>;

/// A word of a query, by the rules of every language that it is looked for in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryWord {
    /// What chunks in one of the languages have of it; never empty.
    pub(crate) terms: Vec<String>,
    /// As it stands in the query where it first does.
    pub(crate) written: String,
    /// In one of the languages it is a stop word, which no chunk has.
    pub(crate) stop_word: bool,
    /// It only holds a question together.
    holds_together: bool,
    pub(crate) count: u32,
}

impl QueryWord {
    /// The same word with other terms.
    pub(crate) fn read_as(&self, terms: Vec<String>) -> Self {
        Self { terms, ..self.clone() }
    }
}

/// A query as a base looks for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadQuery {
    pub(crate) terms: QueryTerms,
    /// Each with the terms that stand for it, which are others where it was misspelt.
    pub(crate) words: Vec<QueryWord>,
}

impl ReadQuery {
    pub(crate) fn as_written(words: &[QueryWord]) -> Self {
        Self {
            terms: terms_of(words),
            words: words.to_vec(),
        }
    }
}

/// Analyses a query's text by the rules of the languages. Nothing in it is syntax: quotes, colons and operators are separators like any other.
pub(crate) fn query_words(languages: &[Language], text: &str) -> Vec<QueryWord> {
    let text = text
        .get(..text.floor_char_boundary(MAX_QUERY_BYTES))
        .unwrap_or_default();
    // All languages see the same words at the same places.
    let mut terms_at: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    let mut read_at: HashMap<(usize, usize), usize> = HashMap::new();
    for language in languages {
        let mut analyzer = query_analyzer(*language);
        let mut stream = analyzer.token_stream(text);
        let mut read = 0;
        while read < MAX_QUERY_TOKENS && stream.advance() {
            read += 1;
            let token = stream.token();
            let place = (token.offset_from, token.offset_to);
            *read_at.entry(place).or_default() += 1;
            let terms = terms_at.entry(place).or_default();
            if !terms.contains(&token.text) {
                terms.push(token.text.clone());
            }
        }
    }
    let mut words: Vec<QueryWord> = Vec::new();
    let mut place_of: HashMap<(Vec<String>, bool), usize> = HashMap::new();
    for (place, terms) in terms_at {
        // Terms have Katakana as Hiragana: what was written says which of the two it is, for a demonstration (デモ) is not "but" (でも).
        let as_written = text.get(place.0..place.1).unwrap_or_default();
        let holds_together = terms.iter().all(|term| is_function_pair(term)) && !is_katakana(as_written);
        let word = (terms, holds_together);
        if let Some(word) = place_of.get(&word).and_then(|&place| words.get_mut(place)) {
            word.count += 1;
            continue;
        }
        place_of.insert(word.clone(), words.len());
        let stop_word = read_at.get(&place).is_some_and(|read| *read < languages.len());
        words.push(QueryWord {
            terms: word.0,
            written: as_written.to_owned(),
            stop_word,
            holds_together,
            count: 1,
        });
    }
    without_function_pairs(words)
}

/// Every term of the words.
fn terms_of(words: &[QueryWord]) -> QueryTerms {
    let mut terms = QueryTerms::new();
    for word in words {
        add(&mut terms, &word.terms, word.count);
    }
    terms
}

/// Adds terms that occur `count` times.
pub(crate) fn add(terms: &mut QueryTerms, more: &[String], count: u32) {
    for term in more {
        match terms.iter_mut().find(|(known, _)| known == term) {
            Some((_, times)) => *times += count as f32,
            None => terms.push((term.clone(), count as f32)),
        }
    }
}

/// Terms that stand for one word, each with its share of what it counts.
pub(crate) fn add_alike(terms: &mut QueryTerms, more: Vec<(String, f32)>, count: u32) {
    for (term, share) in more {
        let weight = share * count as f32;
        match terms.iter_mut().find(|(known, _)| *known == term) {
            Some((_, times)) => *times += weight,
            None => terms.push((term, weight)),
        }
    }
}

/// Leaves out what only holds a question together, unless there is nothing else in it.
fn without_function_pairs(mut words: Vec<QueryWord>) -> Vec<QueryWord> {
    if !words.iter().all(|word| word.holds_together) {
        words.retain(|word| !word.holds_together);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(languages: &[Language], text: &str) -> Vec<Vec<String>> {
        query_words(languages, text)
            .into_iter()
            .map(|word| word.terms)
            .collect()
    }

    #[test]
    fn repeated_terms_are_counted_once_each() {
        let words = query_words(&[Language::English], "Refund refunds (AND) \"refund\" title:invoice");
        assert_eq!(
            terms_of(&words),
            [
                ("refund".to_owned(), 3.0),
                ("titl".to_owned(), 1.0),
                ("invoic".to_owned(), 1.0)
            ]
        );
    }

    #[test]
    fn a_query_of_a_megabyte_is_cut() {
        let words: String = (0..200_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(query_words(&[Language::English], &words).len(), MAX_QUERY_TOKENS);
        assert!(query_words(&[Language::English], &"é".repeat(1 << 20)).is_empty());
        assert!(query_words(&[Language::English], &" ".repeat(1 << 20)).is_empty());
    }

    #[test]
    fn a_word_has_the_terms_of_every_language_and_stays_one_word() {
        let languages = [Language::English, Language::German, Language::Simple];
        let words = query_words(&languages, "die Rechnungen refunds");
        assert_eq!(
            terms(&languages, "die Rechnungen refunds"),
            [vec!["die"], vec!["rechnungen", "rechnung"], vec!["refund", "refunds"]]
        );
        let stop_words: Vec<bool> = words.iter().map(|word| word.stop_word).collect();
        assert_eq!(stop_words, [true, false, false]);
    }

    #[test]
    fn what_holds_a_japanese_question_together_is_left_out_unless_it_is_all_there_is() {
        assert_eq!(terms(&[Language::Simple], "返金できますか"), [["返金"], ["金で"]]);
        assert_eq!(terms(&[Language::Simple], "ですか"), [["です"], ["すか"]]);
    }

    #[test]
    fn katakana_is_a_word_and_no_particle_of_the_same_sound() {
        let of = |text| terms(&[Language::Simple], text);
        assert_eq!(of("デモ 環境"), [["でも"], ["環境"]]);
        assert_eq!(of("ﾃﾞﾓ 環境"), [["でも"], ["環境"]], "half-width");
        assert_eq!(of("ドコモ"), [["どこ"], ["こも"]]);
        // What a word and a particle happen to make together holds no more than the particle does.
        assert_eq!(of("タイルの色"), [["たい"], ["いる"], ["の色"]]);
        // Beside the particle itself, which is left out as ever.
        let words = query_words(&[Language::Simple], "デモでも");
        let counted: Vec<(String, u32)> = words.iter().map(|word| (word.terms.concat(), word.count)).collect();
        assert_eq!(counted, [("でも".to_owned(), 1), ("もで".to_owned(), 1)]);
    }
}
