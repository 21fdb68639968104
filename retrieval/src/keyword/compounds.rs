use std::collections::BTreeMap;

use tantivy::schema::Field;
use tantivy::{Searcher, TantivyError, Term};

use super::held::is_held;
use crate::allowed::Allowed;
use crate::analysis::{QueryTerms, QueryWord};
use crate::error::Result;

/// A part of a compound has at least as many letters; shorter ones are in every other word.
const MIN_PART: usize = 4;
/// What a word may be the second part of: endings are shorter.
const MIN_LAST_PART: usize = 5;
/// Of the words of a query, so many are taken apart and looked for in compounds.
const MAX_WORDS: usize = 16;
/// So many compounds stand in for a word, those in most chunks first.
const MAX_COMPOUNDS: usize = 8;
/// A dictionary with more terms is not read: it would take longer than the search.
const MAX_DICTIONARY: usize = 300_000;
/// What a compound, or a part of one, weighs beside the word itself.
const WEIGHT: f32 = 0.5;
/// Letters that join two parts: `Arbeit-s-zeit`.
const JOINTS: [&str; 5] = ["", "s", "es", "n", "en"];

/// Adds the compounds that the base has of the query's words (`Unterricht`: `Grundschulunterricht`), and the words that the base has of which the query's are
/// compounds. There is no list of words: what counts as one is what chunks hold that may be seen.
pub(super) fn add_compounds(
    searcher: &Searcher,
    seen: &Allowed,
    field: Field,
    words: &[QueryWord],
    terms: &mut QueryTerms,
) -> Result<()> {
    let parts: Vec<&str> = words
        .iter()
        .flat_map(|word| word.terms.iter().map(String::as_str))
        .filter(|term| term.len() >= MIN_PART && term.chars().all(char::is_alphabetic))
        .take(MAX_WORDS)
        .collect();
    let mut found = QueryTerms::new();
    for compound in &parts {
        found.extend(parts_of(searcher, seen, field, compound)?);
    }
    found.extend(compounds_of(searcher, seen, field, &parts)?);
    for (term, weight) in found {
        if !terms.iter().any(|(known, _)| *known == term) {
            terms.push((term, weight));
        }
    }
    Ok(())
}

/// The two words that a compound consists of, if chunks hold both.
fn parts_of(searcher: &Searcher, seen: &Allowed, field: Field, compound: &str) -> Result<QueryTerms> {
    let known = |term: &str| -> Result<bool> { is_held(searcher, seen, &Term::from_field_text(field, term)) };
    for (at, _) in compound.char_indices() {
        let (first, last) = compound.split_at(at);
        if first.len() < MIN_PART || last.len() < MIN_PART || !known(last)? {
            continue;
        }
        for joint in JOINTS {
            let Some(first) = first.strip_suffix(joint).filter(|first| first.len() >= MIN_PART) else {
                continue;
            };
            if known(first)? {
                return Ok(vec![(first.to_owned(), WEIGHT), (last.to_owned(), WEIGHT)]);
            }
        }
    }
    Ok(QueryTerms::new())
}

/// The terms that begin or end with one of the parts.
fn compounds_of(searcher: &Searcher, seen: &Allowed, field: Field, parts: &[&str]) -> Result<QueryTerms> {
    let mut chunks_of: Vec<BTreeMap<String, u32>> = vec![BTreeMap::new(); parts.len()];
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(field)?;
        if inverted.terms().num_terms() > MAX_DICTIONARY {
            continue;
        }
        let mut stream = inverted.terms().stream().map_err(TantivyError::from)?;
        while stream.advance() {
            let key = stream.key();
            for (part, chunks) in parts.iter().zip(&mut chunks_of) {
                if is_compound(key, part) {
                    let compound = String::from_utf8_lossy(key).into_owned();
                    *chunks.entry(compound).or_default() += stream.value().doc_freq;
                }
            }
        }
    }
    let mut compounds = QueryTerms::new();
    for chunks in chunks_of {
        let mut found: Vec<(String, u32)> = chunks.into_iter().collect();
        found.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        let mut taken = 0;
        for (term, _) in found {
            if taken < MAX_COMPOUNDS && is_held(searcher, seen, &Term::from_field_text(field, &term))? {
                taken += 1;
                compounds.push((term, WEIGHT));
            }
        }
    }
    Ok(compounds)
}

/// In bytes, which are letters here: every letter that a stemmer leaves is a plain one.
fn is_compound(term: &[u8], part: &str) -> bool {
    let longer = term.len() >= part.len() + MIN_PART;
    longer && (term.starts_with(part.as_bytes()) || (part.len() >= MIN_LAST_PART && term.ends_with(part.as_bytes())))
}
