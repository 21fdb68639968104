use std::collections::{BTreeMap, BTreeSet};

use tantivy::query::{Bm25StatisticsProvider as _, FuzzyTermQuery};
use tantivy::schema::Field;
use tantivy::{Searcher, TantivyError, Term};

use super::held::is_held;
use super::schema::Fields;
use super::statistics::{SharedStatistics, idf};
use crate::allowed::Allowed;
use crate::analysis::{QueryWord, ReadQuery, add, add_alike, is_spelled, query_words, spelled_words};
use crate::error::Result;
use crate::language::Language;

/// From here on two letters may be wrong.
const MIN_LETTERS_FOR_TWO: usize = 8;
/// Words that no chunk which may be seen holds and that are looked for under other spellings; a pasted text has hundreds.
const MAX_WORDS: usize = 8;
/// Spellings that stand for one word.
const MAX_SPELLINGS: usize = 3;

/// Where words are looked up: in what of a base may be seen, and whether one that is searched beside it knows them.
pub(super) struct Dictionaries<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) seen: &'a Allowed,
    pub(super) beside: Option<&'a SharedStatistics>,
    pub(super) fields: &'a Fields,
    pub(super) languages: &'a [Language],
}

impl Dictionaries<'_> {
    /// The words' terms that chunks hold, with every word that no chunk holds replaced by the spellings nearest to it that some do, if there are any: one
    /// letter wrong, missing, too many or changed places with its neighbour; in longer words two. Words that the base knows are left alone, however rare; so
    /// are those that a base knows which is searched beside it: what one base means is no misspelling of what another says.
    pub(super) fn corrected(&self, words: &[QueryWord]) -> Result<ReadQuery> {
        let mut corrected = ReadQuery::default();
        let mut looked_for = 0;
        for word in words {
            let mut known = Vec::new();
            for term in &word.terms {
                if self.is_known(term)? {
                    known.push(term.clone());
                }
            }
            // Codes and numbers are not misspelt: `E4012` is not `E4013`.
            let is_misspelt = known.is_empty() && looked_for < MAX_WORDS && is_spelled(&word.written);
            if is_misspelt {
                looked_for += 1;
                known = self.nearest(word)?;
            }
            if known.is_empty() {
                known.clone_from(&word.terms);
            }
            match known.as_slice() {
                [_, _, ..] if is_misspelt => add_alike(&mut corrected.terms, self.rarity(&known)?, word.count),
                _ => add(&mut corrected.terms, &known, word.count),
            }
            corrected.words.push(word.read_as(known));
        }
        Ok(corrected)
    }

    fn is_known(&self, term: &str) -> Result<bool> {
        let term = Term::from_field_text(self.fields.body, term);
        match self.beside {
            Some(beside) => beside.is_held(&term),
            None => is_held(self.searcher, self.seen, &term),
        }
    }

    /// The terms of what is spelled most like the word, those in most chunks first. Both are compared, the words themselves, for a wrong letter in an ending
    /// keeps the ending on, and their terms, for the base may have other forms of the word.
    fn nearest(&self, word: &QueryWord) -> Result<Vec<String>> {
        let written: BTreeSet<String> = self
            .languages
            .iter()
            .flat_map(|language| spelled_words(*language, &word.written))
            .collect();
        for distance in 1..=2 {
            let allows = |word: &&String| distance == 1 || word.chars().count() >= MIN_LETTERS_FOR_TWO;
            let mut spellings = Vec::new();
            for written in written.iter().filter(allows) {
                spellings.extend(self.spellings(self.fields.spelling, written, distance)?);
            }
            let found = query_words(self.languages, &spellings.join(" "));
            let mut terms: BTreeSet<String> = found.into_iter().flat_map(|word| word.terms).collect();
            for term in word.terms.iter().filter(|term| is_spelled(term)).filter(allows) {
                let mut of_stem = self.candidates(self.fields.body, term, distance)?;
                self.keep_those_written_alike(&mut of_stem, &written)?;
                terms.extend(self.most_frequent(self.fields.body, of_stem)?);
            }
            let mut chunks_of = BTreeMap::new();
            for term in terms {
                let chunks = self
                    .searcher
                    .doc_freq(&Term::from_field_text(self.fields.body, &term))?;
                chunks_of.insert(term, chunks);
            }
            let found = self.most_frequent(self.fields.body, chunks_of)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Leaves out stems of words that are written otherwise: `invois` of "invoise" is one letter from that of "invoices" and from that of "invisible". Where no
    /// word is written nearly so, the ending may be another, and all stay.
    fn keep_those_written_alike(&self, stems: &mut BTreeMap<String, u64>, written: &BTreeSet<String>) -> Result<()> {
        // What is hidden, or removed, decides nothing of what is not: neither as a stem nor as a word.
        let mut seen = BTreeSet::new();
        for stem in stems.keys() {
            if self.is_seen(self.fields.body, stem)? {
                seen.insert(stem.clone());
            }
        }
        stems.retain(|stem, _| seen.contains(stem));
        if stems.len() < 2 {
            return Ok(());
        }
        let mut near = BTreeSet::new();
        for word in written {
            near.extend(self.candidates(self.fields.spelling, word, 2)?.into_keys());
        }
        let mut alike = BTreeSet::new();
        for stem in stems.keys() {
            if self.is_written_alike(stem, &near)? {
                alike.insert(stem.clone());
            }
        }
        if !alike.is_empty() {
            stems.retain(|stem, _| alike.contains(stem));
        }
        Ok(())
    }

    /// Whether one of the words begins like the stem: a stemmer cuts endings off, and some change the letter before.
    fn is_written_alike(&self, stem: &str, words: &BTreeSet<String>) -> Result<bool> {
        let last = stem.char_indices().next_back().map_or(0, |(at, _)| at);
        let beginning = stem.get(..last).unwrap_or_default();
        let beginning_so = words.range(beginning.to_owned()..);
        for word in beginning_so.take_while(|word| word.starts_with(beginning)) {
            if self.is_seen(self.fields.spelling, word)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_seen(&self, field: Field, term: &str) -> Result<bool> {
        is_held(self.searcher, self.seen, &Term::from_field_text(field, term))
    }

    /// Each term with what makes it weigh as much as the one that most chunks have: of several spellings of one word the rarest is seldom the right one, and BM25
    /// would prefer it (as Lucene's blended rewrite of fuzzy queries).
    fn rarity(&self, terms: &[String]) -> Result<Vec<(String, f32)>> {
        let mut frequencies = Vec::with_capacity(terms.len());
        for term in terms {
            let term = Term::from_field_text(self.fields.body, term);
            let chunks = match self.beside {
                Some(beside) => beside.doc_freq(&term)?,
                None => self.searcher.doc_freq(&term)?,
            };
            frequencies.push(chunks);
        }
        let all = match self.beside {
            Some(beside) => beside.total_num_docs()?,
            None => self.searcher.total_num_docs()?,
        };
        let most = idf(frequencies.iter().copied().max().unwrap_or_default(), all);
        let alike = terms.iter().zip(frequencies);
        Ok(alike
            .map(|(term, chunks)| (term.clone(), most / idf(chunks, all)))
            .collect())
    }

    /// Of one dictionary, at this distance or nearer.
    fn spellings(&self, field: Field, word: &str, distance: u8) -> Result<Vec<String>> {
        let chunks_of = self.candidates(field, word, distance)?;
        self.most_frequent(field, chunks_of)
    }

    fn candidates(&self, field: Field, word: &str, distance: u8) -> Result<BTreeMap<String, u64>> {
        let mut chunks_of: BTreeMap<String, u64> = BTreeMap::new();
        for segment in self.searcher.segment_readers() {
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
        Ok(chunks_of)
    }

    /// Those of a dictionary's terms that most chunks have, of what chunks have still that may be seen.
    fn most_frequent(&self, field: Field, chunks_of: BTreeMap<String, u64>) -> Result<Vec<String>> {
        let mut by_chunks: Vec<(String, u64)> = chunks_of.into_iter().collect();
        by_chunks.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        let mut held = Vec::new();
        for (spelling, _) in by_chunks {
            if held.len() < MAX_SPELLINGS && self.is_seen(field, &spelling)? {
                held.push(spelling);
            }
        }
        Ok(held)
    }
}
