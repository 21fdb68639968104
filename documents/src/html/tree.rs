use ego_tree::iter::Edge;
use html5ever::driver::{self, ParseOpts, Parser};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{QualName, local_name, ns};
use scraper::Html;

use super::attribute_counter::AttributeCounter;
use super::bounded_sink::BoundedSink;
use crate::ParseError;
use crate::whitespace::truncate;

/// Browsers stop nesting at 512; real pages stay below 100.
pub(super) const MAX_DEPTH: usize = 256;
/// Elements take far more memory than the bytes they are written in.
const MAX_NODES: usize = 1_000_000;
/// Nodes a page may have beyond one per byte.
const SPARE_NODES: usize = 10_000;
/// The limits are checked at least after so many bytes.
const PIECE_BYTES: usize = 1024;

/// Parses a whole page within the limits of depth, size and attributes.
pub(super) fn document(source: &str) -> Result<Html, ParseError> {
    let sink = BoundedSink::new(Html::new_document());
    feed(driver::parse_document(sink, ParseOpts::default()), source)
}

/// Parses a piece of a page as if it stood in the body.
pub(super) fn fragment(source: &str) -> Result<Html, ParseError> {
    let sink = BoundedSink::new(Html::new_fragment());
    let body = QualName::new(None, ns!(html), local_name!("body"));
    feed(
        driver::parse_fragment(sink, ParseOpts::default(), body, Vec::new(), false),
        source,
    )
}

/// Gives the parser the source in pieces that end before each `<`, so that every tag starts a piece, and checks the
/// limits between them.
fn feed(mut parser: Parser<BoundedSink>, source: &str) -> Result<Html, ParseError> {
    let mut rest = source;
    let mut fed = 0;
    let mut unchecked = 0;
    let mut open_tag: Option<AttributeCounter> = None;
    while !rest.is_empty() {
        let piece = next_piece(rest);
        rest = rest.get(piece.len()..).unwrap_or_default();
        let appends_before = parser.tokenizer.sink.sink.appends();
        parser.process(StrTendril::from_slice(piece));
        fed += piece.len();
        unchecked += piece.len();
        let sink = &parser.tokenizer.sink.sink;
        if sink.nodes() > (fed + SPARE_NODES).min(MAX_NODES) {
            return Err(ParseError::TooComplex {
                reason: "it has too many elements for its size",
            });
        }
        if unchecked >= PIECE_BYTES {
            unchecked = 0;
            if sink.is_deeper_than(MAX_DEPTH) {
                return Err(ParseError::TooDeep { limit: MAX_DEPTH });
            }
        }
        open_tag = if sink.appends() == appends_before {
            still_open(open_tag, piece)?
        } else {
            None
        };
    }
    let html = parser.finish();
    check_depth(&html)?;
    Ok(html)
}

fn next_piece(rest: &str) -> &str {
    let until_tag = rest
        .bytes()
        .skip(1)
        .take(PIECE_BYTES)
        .position(|byte| byte == b'<')
        .map_or(PIECE_BYTES, |at| at + 1);
    let piece = truncate(rest, until_tag);
    // A character is at most four bytes, so a piece is never empty.
    if piece.is_empty() { rest } else { piece }
}

/// Follows a tag that the parser has not put into the tree yet.
fn still_open(open: Option<AttributeCounter>, piece: &str) -> Result<Option<AttributeCounter>, ParseError> {
    let starts_tag = piece
        .strip_prefix('<')
        .is_some_and(|after| !after.starts_with(['!', '?']));
    let Some(mut counter) = open.or_else(|| starts_tag.then(AttributeCounter::default)) else {
        return Ok(None);
    };
    counter.feed(piece);
    if counter.too_many() {
        return Err(ParseError::TooComplex {
            reason: "an element has too many attributes",
        });
    }
    Ok((!counter.ended()).then_some(counter))
}

fn check_depth(html: &Html) -> Result<(), ParseError> {
    let mut depth = 0;
    for edge in html.tree.root().traverse() {
        match edge {
            Edge::Open(_) => depth += 1,
            Edge::Close(_) => depth -= 1,
        }
        if depth > MAX_DEPTH {
            return Err(ParseError::TooDeep { limit: MAX_DEPTH });
        }
    }
    Ok(())
}
