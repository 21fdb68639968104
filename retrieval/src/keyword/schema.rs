use std::collections::HashSet;

use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, TextAnalyzer, Token};

use crate::analysis::SpelledWords;
use crate::change::{IndexedChunk, IndexedDocument};
use crate::documents::DocumentNumber;
use crate::language::Language;

/// The name under which the base's analyzer is registered.
pub(super) const ANALYZER: &str = "body";
pub(super) const DOCUMENT: &str = "document";
/// A longer title would be indexed again and again, once a chunk; longer headings likewise.
const MAX_TITLE_BYTES: usize = 1024;
pub(super) const PLACE: &str = "place";

/// One tantivy document a chunk.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    /// Title, headings and text in one field, searched and not stored.
    pub(super) body: Field,
    /// The document's title once more, with every chunk: what weighs it is the query's `title_boost`.
    pub(super) title: Field,
    /// The chunk's headings once more, likewise by `heading_boost`.
    pub(super) headings: Field,
    /// Where a phrase may stand beside `body` and `title`, and which is not searched: addresses of links, headings and titles that are too long for the others.
    pub(super) beside: Field,
    /// Each word of a document once, with its first chunk, as it is written: where misspelt words are looked for (see [`SpelledWords`]).
    pub(super) spelling: Field,
    /// The document's number in this replica.
    pub(super) document: Field,
    /// The chunk's place in its document's list of chunks.
    pub(super) place: Field,
    pub(super) text: Field,
    pub(super) heading: Field,
    /// The code of the language by whose rules the chunk is indexed.
    pub(super) language: Field,
}

/// By whose rules a document is indexed.
pub(super) struct Rules<'a> {
    pub(super) language: Language,
    /// Where each document has its own; else the index knows the one of all.
    pub(super) own: Option<&'a mut TextAnalyzer>,
    pub(super) spelled: &'a mut SpelledWords,
}

impl Rules<'_> {
    fn add(&mut self, stored: &mut TantivyDocument, field: Field, text: &str) {
        let Some(analyzer) = self.own.as_deref_mut() else {
            return stored.add_text(field, text);
        };
        let mut tokens = Vec::new();
        analyzer
            .token_stream(text)
            .process(&mut |token| tokens.push(token.clone()));
        let text = String::new();
        stored.add_pre_tokenized_text(field, PreTokenizedString { text, tokens });
    }
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut builder = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(ANALYZER)
            .set_index_option(IndexRecordOption::WithFreqs);
        let searched = TextOptions::default().set_indexing_options(indexing);
        let body = builder.add_text_field("body", searched.clone());
        let title = builder.add_text_field("title", searched.clone());
        let headings = builder.add_text_field("headings", searched);
        let found = TextFieldIndexing::default()
            .set_tokenizer(ANALYZER)
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let found = TextOptions::default().set_indexing_options(found);
        let beside = builder.add_text_field("beside", found.clone());
        let spelling = builder.add_text_field("spelling", found);
        let document = builder.add_u64_field(DOCUMENT, INDEXED | FAST);
        let place = builder.add_u64_field(PLACE, FAST);
        let text = builder.add_text_field("text", STORED);
        let heading = builder.add_text_field("heading", STORED);
        let code = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let language = builder.add_text_field("language", TextOptions::default().set_indexing_options(code) | STORED);
        Self {
            schema: builder.build(),
            body,
            title,
            headings,
            beside,
            spelling,
            document,
            place,
            text,
            heading,
            language,
        }
    }

    pub(super) fn chunks<'a>(
        &'a self,
        number: DocumentNumber,
        document: &'a IndexedDocument,
        mut rules: Rules<'a>,
    ) -> impl Iterator<Item = TantivyDocument> + 'a {
        let title = document.title.as_str();
        (0..).zip(&document.chunks).map(move |(place, chunk)| {
            let mut stored = self.chunk(number, place, title, chunk, &mut rules);
            if place == 0 {
                let texts = document.chunks.iter().map(|chunk| chunk.embed_text.as_str());
                stored.add_pre_tokenized_text(self.spelling, pre_tokenized(rules.spelled.of(texts)));
            }
            stored
        })
    }

    fn chunk(
        &self,
        number: DocumentNumber,
        place: u64,
        title: &str,
        chunk: &IndexedChunk,
        rules: &mut Rules<'_>,
    ) -> TantivyDocument {
        let mut stored = TantivyDocument::default();
        stored.add_u64(self.document, number);
        stored.add_u64(self.place, place);
        rules.add(&mut stored, self.body, &chunk.embed_text);
        let indexed = beginning(title);
        rules.add(&mut stored, self.title, indexed);
        // The nearest first, which says most of the chunk, should they be cut.
        let mut headings: Vec<&str> = headings_within(&chunk.text).collect();
        headings.extend(chunk.headings.iter().rev().map(String::as_str));
        rules.add(&mut stored, self.headings, beginning(&headings.join(" ")));
        let mut beside = addresses(chunk);
        let lacking = chunk
            .headings
            .iter()
            .map(String::as_str)
            .filter(|heading| !chunk.embed_text.contains(heading));
        for words in lacking.chain((indexed != title).then_some(title)) {
            beside.push_str(words);
            beside.push(' ');
        }
        if !beside.is_empty() {
            rules.add(&mut stored, self.beside, &beside);
        }
        stored.add_text(self.language, rules.language.code());
        stored.add_text(self.text, &chunk.text);
        for heading in &chunk.headings {
            stored.add_text(self.heading, heading);
        }
        stored
    }
}

/// The headings of small sections that stand in one chunk, as the chunker writes them into its text.
fn headings_within(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("## "))
}

/// As much of a title or of headings as is indexed with every chunk.
fn beginning(words: &str) -> &str {
    words
        .get(..words.floor_char_boundary(MAX_TITLE_BYTES))
        .unwrap_or_default()
}

fn pre_tokenized(words: HashSet<String>) -> PreTokenizedString {
    let token = |(position, text)| Token {
        position,
        text,
        ..Token::default()
    };
    PreTokenizedString {
        text: String::new(),
        tokens: (0..).zip(words).map(token).collect(),
    }
}

/// What stands in brackets in the shown text alone: the addresses of its links.
fn addresses(chunk: &IndexedChunk) -> String {
    let mut addresses = String::new();
    let mut rest = chunk.text.as_str();
    while let Some((_, after)) = rest.split_once('(') {
        rest = after;
        let Some((inside, _)) = after.split_once(')') else {
            break;
        };
        if !inside.contains(char::is_whitespace) && inside.contains([':', '@']) && !chunk.embed_text.contains(inside) {
            addresses.push_str(inside);
            addresses.push(' ');
        }
    }
    addresses
}
