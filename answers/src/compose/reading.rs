use std::collections::HashSet;

use super::tables::under_header;
use super::types::Passage;
use crate::text::{Sentence, SentenceKind, Word, split_sentences, words};

/// Passages beyond this many are not read.
const MAX_PASSAGES: usize = 20;
/// Sentences of one passage beyond this many are not read.
const MAX_SENTENCES_A_PASSAGE: usize = 80;

/// A passage read once.
pub(super) struct ReadPassage {
    /// Stems of the title and the headings above the passage.
    pub(super) above: HashSet<String>,
    /// Stems of the last heading above the passage.
    pub(super) nearest: HashSet<String>,
    /// Stems of all its sentences.
    pub(super) whole: HashSet<String>,
    pub(super) sentences: Vec<ReadSentence>,
}

/// A sentence with what stands around it; places count the sentences of its passage.
pub(super) struct ReadSentence {
    pub(super) sentence: Sentence,
    pub(super) words: Vec<Word>,
    pub(super) stems: HashSet<String>,
    /// The heading inside the passage that it stands under.
    pub(super) heading: Option<usize>,
    /// The first row of its table, for the rows below it.
    pub(super) header: Option<usize>,
    /// Its words among those of the header, for such a row.
    pub(super) under_header: Option<Vec<Word>>,
    /// A short line without a full stop, such as the caption of a picture: neither a heading of what follows nor an answer.
    pub(super) caption: bool,
}

pub(super) fn read_passages(passages: &[Passage]) -> Vec<ReadPassage> {
    passages.iter().take(MAX_PASSAGES).map(read_passage).collect()
}

fn read_passage(passage: &Passage) -> ReadPassage {
    let mut sentences: Vec<ReadSentence> = Vec::new();
    let (mut heading, mut header) = (None, None);
    for sentence in split_sentences(&passage.text).into_iter().take(MAX_SENTENCES_A_PASSAGE) {
        let at = sentences.len();
        let words = words(&sentence.text);
        let is_row = sentence.kind == SentenceKind::TableRow;
        let is_title = sentence.kind == SentenceKind::Heading;
        let marked = passage
            .text
            .get(..sentence.start)
            .is_some_and(|before| before.trim_end().ends_with('#'));
        let header_text = header.filter(|_| is_row).and_then(|at: usize| sentences.get(at));
        let said = header_text.and_then(|header| under_header(&header.sentence.text, &sentence.text));
        sentences.push(ReadSentence {
            under_header: said.map(|said| self::words(&said)),
            stems: words.iter().map(|word| word.stem.clone()).collect(),
            heading,
            header: header.filter(|_| is_row),
            caption: is_title && !marked,
            words,
            sentence,
        });
        header = if is_row { header.or(Some(at)) } else { None };
        if is_title && marked {
            heading = Some(at);
        }
    }
    let above = passage.headings.iter().take(12).chain([&passage.title]);
    ReadPassage {
        above: above.flat_map(|text| stems(text)).collect(),
        nearest: passage
            .headings
            .last()
            .into_iter()
            .flat_map(|text| stems(text))
            .collect(),
        whole: sentences.iter().flat_map(|read| read.stems.clone()).collect(),
        sentences,
    }
}

fn stems(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.stem).collect()
}

/// The title, the nearest heading and the sentence in one line: what a vector should see of a sentence that leaves its subject
/// to the heading.
pub(super) fn under_heading(passage: &Passage, read: &ReadPassage, place: usize) -> Option<String> {
    let of = read.sentences.get(place)?;
    let inside = of
        .heading
        .and_then(|at| read.sentences.get(at))
        .map(|heading| heading.sentence.text.as_str());
    let nearest = inside.or(passage.headings.last().map(String::as_str));
    let title = Some(passage.title.as_str()).filter(|title| Some(*title) != nearest && !title.is_empty());
    let above: Vec<&str> = title.into_iter().chain(nearest).collect();
    (!above.is_empty()).then(|| format!("{}: {}", above.join(": "), of.sentence.text))
}

/// Whether a sentence begins with a word whose meaning stands in the sentence before.
pub(super) fn points_back(words: &[Word]) -> bool {
    words.first().is_some_and(|word| {
        matches!(
            word.lower.as_str(),
            "it" | "this"
                | "they"
                | "these"
                | "those"
                | "that"
                | "he"
                | "she"
                | "its"
                | "their"
                | "otherwise"
                | "then"
                | "however"
                | "also"
                | "instead"
                | "therefore"
                | "such"
        )
    })
}
