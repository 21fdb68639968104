use std::collections::BTreeMap;

use tantivy::query::{Bm25StatisticsProvider, FuzzyTermQuery};
use tantivy::schema::Field;
use tantivy::{Searcher, TantivyError, Term};

use crate::analysis::{QueryTerms, QueryWord, add};
use crate::error::Result;

/// Shorter words have too many neighbours: `cat` is one letter from `car`, `cut` and `at`.
const MIN_LETTERS: usize = 4;
/// From here on two letters may be wrong.
const MIN_LETTERS_FOR_TWO: usize = 8;
/// Words that no chunk holds and that are looked for under other spellings; a pasted text has hundreds.
const MAX_WORDS: usize = 8;
/// Spellings that stand for one word.
const MAX_SPELLINGS: usize = 3;

/// The words' terms that chunks hold, with every word that no chunk holds replaced by the spellings nearest to it that some do, if there are any: one letter wrong, missing,
/// too many or changed places with its neighbour; in longer words two. Words that the base knows are left alone, however rare; so are those that a base knows which is searched
/// beside it, whose chunks are counted in `known_anywhere`: what one base means is no misspelling of what another says.
pub(super) fn corrected(
    searcher: &Searcher,
    known_anywhere: &dyn Bm25StatisticsProvider,
    field: Field,
    words: &[QueryWord],
) -> Result<QueryTerms> {
    let mut corrected = QueryTerms::with_capacity(words.len());
    let mut looked_for = 0;
    for word in words {
        let mut known = Vec::new();
        for term in &word.terms {
            if known_anywhere.doc_freq(&Term::from_field_text(field, term))? > 0 {
                known.push(term.clone());
            }
        }
        if known.is_empty() && looked_for < MAX_WORDS && word.terms.iter().any(|term| is_word(term)) {
            looked_for += 1;
            for term in word.terms.iter().filter(|term| is_word(term)) {
                known.extend(spellings(searcher, field, term)?);
            }
            known.sort();
            known.dedup();
        }
        add(
            &mut corrected,
            if known.is_empty() { &word.terms } else { &known },
            word.count,
        );
    }
    Ok(corrected)
}

/// Codes and numbers are not misspelt: `E4012` is not `E4013`.
fn is_word(term: &str) -> bool {
    term.chars().count() >= MIN_LETTERS && term.chars().all(char::is_alphabetic)
}

/// The spellings at the least distance, those in most chunks first.
fn spellings(searcher: &Searcher, field: Field, word: &str) -> Result<Vec<String>> {
    let most = if word.chars().count() < MIN_LETTERS_FOR_TWO {
        1
    } else {
        2
    };
    for distance in 1..=most {
        let mut chunks_of: BTreeMap<String, u64> = BTreeMap::new();
        for segment in searcher.segment_readers() {
            let automaton = FuzzyTermQuery::new(Term::from_field_text(field, word), distance, true).automaton()?;
            let inverted = segment.inverted_index(field)?;
            let mut found = inverted
                .terms()
                .search(automaton)
                .into_stream()
                .map_err(TantivyError::from)?;
            while found.advance() {
                let spelling = String::from_utf8_lossy(found.key()).into_owned();
                if spelling.chars().next() == word.chars().next() {
                    *chunks_of.entry(spelling).or_default() += u64::from(found.value().doc_freq);
                }
            }
        }
        let mut found: Vec<(String, u64)> = chunks_of.into_iter().collect();
        if !found.is_empty() {
            found.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
            found.truncate(MAX_SPELLINGS);
            return Ok(found.into_iter().map(|(spelling, _)| spelling).collect());
        }
    }
    Ok(Vec::new())
}
