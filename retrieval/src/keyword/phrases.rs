use std::borrow::Cow;
use std::collections::HashSet;

use tantivy::query::{AllQuery, BooleanQuery, EnableScoring, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, Term};

use super::index::KeywordIndex;
use super::search::Chunks;
use crate::addresses::without_addresses;
use crate::allowed::Allowed;
use crate::analysis::query_words;
use crate::documents::{ChunkRef, Documents};
use crate::error::Result;
use crate::language::Language;
use crate::phrase::Phrase;
use crate::stop::Stop;

/// Chunks whose words are read to see whether a phrase is in them, unless the query says otherwise. The words of a phrase together are rarer than this in all but the
/// largest bases.
pub(crate) const USUALLY_READ: usize = 20_000;

/// Which chunks hold phrases.
pub(crate) struct Holding {
    pub(crate) chunks: HashSet<ChunkRef>,
    /// There are more that may: those that were not read are taken for holding them not.
    pub(crate) is_partial: bool,
}

/// The permitted chunks that hold every one of the phrases, word for word, in their document's title, their headings or their text.
///
/// The index says which chunks hold all words of the phrases; of those the words are read, of `most` at most.
pub(crate) fn holding(
    index: &KeywordIndex,
    searcher: &Searcher,
    (phrases, most, stop): (&[Phrase], usize, &Stop),
    allowed: &Allowed,
    documents: &Documents,
) -> Result<Holding> {
    let query = with_all_words(index, &index.languages(searcher)?, phrases);
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut holding = Holding {
        chunks: HashSet::new(),
        is_partial: false,
    };
    let (mut read, mut pace) = (0, stop.pace());
    for (segment_ord, segment) in (0..).zip(searcher.segment_readers()) {
        let chunks = Chunks::of(segment)?;
        let alive = segment.alive_bitset();
        let mut found = weight.scorer(segment, 1.0)?;
        while found.doc() != TERMINATED {
            let doc = found.doc();
            found.advance();
            pace.steps(1)?;
            let chunk = chunks.get(doc).filter(|chunk| allowed.contains(*chunk));
            let (Some(chunk), true) = (chunk, alive.is_none_or(|alive| alive.is_alive(doc))) else {
                continue;
            };
            if read == most {
                tracing::debug!(
                    read,
                    "a phrase of common words: not all chunks that may hold it were read"
                );
                holding.is_partial = true;
                return Ok(holding);
            }
            read += 1;
            let stored = index.stored(searcher, DocAddress::new(segment_ord, doc))?;
            let title = documents
                .get(chunk.document)
                .map_or("", |document| document.title.as_str());
            let mut parts: Vec<String> = vec![Phrase::folded(title), Phrase::folded(&stored.text)];
            // What a page shows of a link is its words.
            if let Cow::Owned(shown) = without_addresses(&stored.text) {
                parts.push(Phrase::folded(&shown));
            }
            parts.extend(stored.headings.iter().map(|heading| Phrase::folded(heading)));
            if phrases.iter().all(|phrase| parts.iter().any(|part| phrase.is_in(part))) {
                holding.chunks.insert(chunk);
            }
        }
    }
    Ok(holding)
}

/// Every chunk with all words of the phrases, by the rules of any of the languages; all chunks where they have none that is indexed (stop words,
/// punctuation).
fn with_all_words(index: &KeywordIndex, languages: &[Language], phrases: &[Phrase]) -> Box<dyn Query> {
    let words = phrases
        .iter()
        .flat_map(|phrase| query_words(languages, phrase.as_given()));
    let clauses: Vec<(Occur, Box<dyn Query>)> = words
        .filter(|word| !word.stop_word)
        .map(|word| {
            let fields = [index.fields.body, index.fields.title, index.fields.beside];
            let of_term = |term: &String| fields.map(|field| Term::from_field_text(field, term));
            let terms = word.terms.iter().flat_map(of_term);
            let any: Vec<(Occur, Box<dyn Query>)> = terms
                .map(|term| -> (Occur, Box<dyn Query>) {
                    (Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::Basic)))
                })
                .collect();
            (Occur::Must, Box::new(BooleanQuery::new(any)) as Box<dyn Query>)
        })
        .collect();
    if clauses.is_empty() {
        return Box::new(AllQuery);
    }
    Box::new(BooleanQuery::new(clauses))
}
