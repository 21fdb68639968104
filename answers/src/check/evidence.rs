use std::collections::{HashMap, HashSet};

use super::report::Evidence;
use super::sources::{SourceIndex, SourceSentence};
use crate::facts::spelled_out;
use crate::text::{Word, content_stems, is_similar_stem};
use crate::vectors::{SentenceVectors, cosine};

/// Windows kept for each claim.
const KEPT: usize = 3;
/// Sentences that are looked at closely for each claim.
const CANDIDATES: usize = 12;
/// What a second sentence costs a window, in coverage: one sentence that says it all is better evidence than two.
const SECOND_SENTENCE_COST: f32 = 0.06;
/// How far a match of another form of a word counts.
const SIMILAR_FORM: f32 = 0.8;

/// One or two neighbouring sentences of a source that speak of a claim.
pub(super) struct Window<'a> {
    pub(super) sentences: Vec<&'a SourceSentence>,
    /// Share of the claim's content it covers, weighted by rarity, 0..=1.
    pub(super) coverage: f32,
    /// Cosine of claim and first sentence, when both have vectors.
    pub(super) cosine: Option<f32>,
    rank: f32,
}

impl Window<'_> {
    pub(super) fn words(&self) -> Vec<Word> {
        self.sentences
            .iter()
            .flat_map(|sentence| sentence.words.iter().cloned())
            .collect()
    }

    pub(super) fn to_evidence(&self) -> Evidence {
        let quote = self
            .sentences
            .iter()
            .map(|sentence| sentence.text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        Evidence {
            source: self.sentences.first().map_or(0, |sentence| sentence.source),
            quote,
            score: self.coverage,
        }
    }
}

/// The sentences that share most with a claim, best first: indices and weighted overlap. `hints` are stems (of the
/// question) that break ties.
pub(super) fn candidates(claim: &[Word], hints: &HashSet<String>, index: &SourceIndex) -> Vec<usize> {
    let mut overlap: HashMap<usize, f32> = HashMap::new();
    let stems: HashSet<&str> = content_stems(claim).into_iter().collect();
    for stem in &stems {
        let idf = index.idf(stem);
        for &at in index.postings(stem) {
            *overlap.entry(at).or_default() += idf;
        }
    }
    for stem in hints {
        for at in index.postings(stem) {
            if let Some(score) = overlap.get_mut(at) {
                *score += 0.1;
            }
        }
    }
    let mut ranked: Vec<(usize, f32)> = overlap.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.into_iter().take(CANDIDATES).map(|(at, _)| at).collect()
}

/// The best windows for a claim, best first.
pub(super) fn windows<'a>(
    claim: &[Word],
    claim_text: &str,
    hints: &HashSet<String>,
    index: &'a SourceIndex,
    vectors: &dyn SentenceVectors,
) -> Vec<Window<'a>> {
    let mut places = candidates(claim, hints, index);
    let claim_vector = vectors.vector(claim_text);
    places.extend(nearest(claim_vector, index, vectors));
    places.sort_unstable();
    places.dedup();
    let terms = Terms::new(claim, index);
    let mut found = Vec::new();
    for at in places {
        let Some(first) = index.sentences.get(at) else { continue };
        let near = claim_vector
            .zip(vectors.vector(&first.text))
            .and_then(|(a, b)| cosine(a, b));
        found.push(window(vec![first], &terms, hints, near));
        let second = index
            .sentences
            .get(at + 1)
            .filter(|second| second.source == first.source);
        found.extend(second.map(|second| window(vec![first, second], &terms, hints, near)));
        let before = at
            .checked_sub(1)
            .and_then(|before| index.sentences.get(before))
            .filter(|before| before.source == first.source);
        found.extend(before.map(|before| window(vec![before, first], &terms, hints, near)));
    }
    found.sort_by(|a, b| b.rank.total_cmp(&a.rank));
    let mut kept: Vec<Window<'a>> = Vec::new();
    for candidate in found {
        let overlaps = kept.iter().any(|window| {
            window
                .sentences
                .iter()
                .any(|mine| candidate.sentences.iter().any(|theirs| std::ptr::eq(*mine, *theirs)))
        });
        if !overlaps && kept.len() < KEPT {
            kept.push(candidate);
        }
    }
    kept
}

/// Sentences nearest to the claim by vector, for paraphrases that share no word.
fn nearest(claim: Option<&[f32]>, index: &SourceIndex, vectors: &dyn SentenceVectors) -> Vec<usize> {
    let Some(claim) = claim else { return Vec::new() };
    let scored = index.sentences.iter().enumerate();
    let mut scored: Vec<(usize, f32)> = scored
        .filter_map(|(at, sentence)| Some((at, cosine(claim, vectors.vector(&sentence.text)?)?)))
        .collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scored.into_iter().take(KEPT).map(|(at, _)| at).collect()
}

fn window<'a>(
    sentences: Vec<&'a SourceSentence>,
    terms: &Terms<'_>,
    hints: &HashSet<String>,
    cosine: Option<f32>,
) -> Window<'a> {
    let stems: HashSet<&str> = sentences
        .iter()
        .flat_map(|sentence| content_stems(&sentence.words))
        .collect();
    let coverage = terms.coverage(&sentences);
    let hinted = hints.iter().filter(|stem| stems.contains(stem.as_str())).count() as f32 / hints.len().max(1) as f32;
    let cost = if sentences.len() > 1 { SECOND_SENTENCE_COST } else { 0.0 };
    let rank = coverage + 0.3 * cosine.unwrap_or(0.0).max(0.0) + 0.05 * hinted - cost;
    Window {
        sentences,
        coverage,
        cosine,
        rank,
    }
}

/// The distinct content stems of a claim with their rarity: read once, compared with many windows.
pub(super) struct Terms<'a>(Vec<(&'a Word, f32)>);

impl<'a> Terms<'a> {
    pub(super) fn new(claim: &'a [Word], index: &SourceIndex) -> Self {
        let mut seen = HashSet::new();
        let distinct = claim
            .iter()
            .filter(|word| word.is_content() && seen.insert(word.stem.as_str()));
        Self(distinct.map(|word| (word, index.idf(&word.stem))).collect())
    }

    /// Share of the terms that stand in these sentences, weighted by rarity. An acronym stands where it is spelled out.
    pub(super) fn coverage(&self, sentences: &[&SourceSentence]) -> f32 {
        let stems: HashSet<&str> = sentences
            .iter()
            .flat_map(|sentence| content_stems(&sentence.words))
            .collect();
        let (mut found, mut total) = (0.0, 0.0);
        for (word, idf) in &self.0 {
            total += idf;
            let acronym = || {
                word.inner_capital
                    && sentences
                        .iter()
                        .any(|sentence| spelled_out(&word.lower, &sentence.words))
            };
            if stems.contains(word.stem.as_str()) || acronym() {
                found += idf;
            } else if stems.iter().any(|other| is_similar_stem(other, &word.stem)) {
                found += SIMILAR_FORM * idf;
            }
        }
        if total > 0.0 { found / total } else { 0.0 }
    }
}
