use serde::Serialize;

use super::blocks::{Block, blocks};

/// Text beyond this many bytes is not read.
pub const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;
/// A longer sentence is cut at the last space before this many bytes.
pub const MAX_SENTENCE_BYTES: usize = 1200;

/// What kind of line a sentence stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceKind {
    /// Running text.
    Prose,
    /// An item of a bulleted or numbered list, without its marker.
    Item,
    /// A title line.
    Heading,
    /// A line inside a code fence.
    Code,
    /// A row of a Markdown table.
    TableRow,
}

/// One sentence of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// The sentence, with runs of white space as single spaces.
    pub text: String,
    /// First byte in the text it was split from.
    pub start: usize,
    /// One past the last byte in that text.
    pub end: usize,
    /// The kind of line it stands in.
    pub kind: SentenceKind,
    /// Which block (paragraph, item, row) of the text it belongs to, counted from 0.
    pub block: usize,
}

/// Abbreviations after which a full stop never ends a sentence.
const NEVER_FINAL: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "e.g", "eg", "i.e", "ie", "cf", "fig", "sec", "ch", "vol",
    "pp", "approx", "resp", "ca", "gen", "col", "lt", "sen", "rep", "gov", "rev", "viz", "art", "z.b", "d.h", "bzw",
    "al", "rs",
];
/// Abbreviations that may end a sentence: they do when a capital follows.
const MAYBE_FINAL: &[&str] = &[
    "etc", "inc", "ltd", "co", "corp", "a.m", "p.m", "u.s", "u.k", "u.s.a", "e.u", "ph.d", "no", "dept", "est",
];

/// Splits text into sentences, in linear time and without panicking on any input.
///
/// Abbreviations, decimals, versions and addresses do not end a sentence; lines of lists, tables, headings and code stand
/// alone; the full-width marks of Chinese and Japanese end a sentence without a space after them.
pub fn split_sentences(text: &str) -> Vec<Sentence> {
    let text = text.get(..floor_char_boundary(text, MAX_TEXT_BYTES)).unwrap_or(text);
    let mut sentences = Vec::new();
    for (index, block) in blocks(text).into_iter().enumerate() {
        split_block(text, block, index, &mut sentences);
    }
    sentences
}

fn split_block(text: &str, block: Block, index: usize, sentences: &mut Vec<Sentence>) {
    let whole_line = matches!(
        block.kind,
        SentenceKind::Code | SentenceKind::TableRow | SentenceKind::Heading
    );
    let body = text.get(block.start..block.end).unwrap_or_default();
    let (mut begin, mut last_space, mut skip_to) = (0, None, 0);
    for (at, mark) in body.char_indices() {
        let next = at + mark.len_utf8();
        if at < skip_to {
            continue;
        }
        if mark.is_whitespace() {
            last_space = Some(at);
        }
        if next - begin > MAX_SENTENCE_BYTES {
            let cut = last_space.filter(|&space| space > begin).unwrap_or(at);
            push(body, begin, cut, block, index, sentences);
            begin = cut;
        }
        if !whole_line && matches!(mark, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '．') {
            let end = end_of_closers(body, next);
            if ends_sentence(body, begin, at, mark, end) {
                push(body, begin, end, block, index, sentences);
                begin = end;
                skip_to = end;
            }
        }
    }
    push(body, begin, body.len(), block, index, sentences);
}

/// Skips marks and closing quotes or brackets that belong to the end of a sentence; looks at most 16 characters ahead.
fn end_of_closers(body: &str, from: usize) -> usize {
    let rest = body.get(from..).unwrap_or_default();
    let closers = rest.chars().take(16).take_while(|&c| {
        matches!(
            c,
            '.' | '!'
                | '?'
                | '"'
                | '\''
                | ')'
                | ']'
                | '”'
                | '’'
                | '»'
                | '」'
                | '』'
                | '）'
                | '。'
                | '！'
                | '？'
                | '*'
                | '_'
        )
    });
    from + closers.map(char::len_utf8).sum::<usize>()
}

fn ends_sentence(body: &str, begin: usize, at: usize, mark: char, end: usize) -> bool {
    if matches!(mark, '。' | '！' | '？' | '．') {
        return true;
    }
    let rest = body.get(end..).unwrap_or_default();
    if rest.is_empty() {
        return true;
    }
    if !rest.starts_with(char::is_whitespace) {
        return false;
    }
    let next = rest
        .chars()
        .take(64)
        .find(|c| !c.is_whitespace() && !matches!(c, '"' | '“' | '(' | '[' | '*' | '_' | '\''));
    if mark != '.' {
        return !next.is_some_and(char::is_lowercase);
    }
    let before = body.get(begin..at).unwrap_or_default();
    let token = last_token(before);
    if is_never_final(&token) && !is_measure(before) {
        return false;
    }
    if MAYBE_FINAL.contains(&token.as_str()) {
        return next.is_some_and(char::is_uppercase);
    }
    !next.is_some_and(char::is_lowercase)
}

fn is_never_final(token: &str) -> bool {
    let initial = token.chars().count() == 1 && token.chars().all(char::is_alphabetic) && token != "i";
    initial || NEVER_FINAL.contains(&token)
}

/// "200 g": a letter after a number is no initial.
fn is_measure(before: &str) -> bool {
    let mut back = before.chars().rev();
    let letter = back.next().is_some_and(char::is_lowercase);
    letter && back.next() == Some(' ') && back.next().is_some_and(|c| c.is_ascii_digit())
}

/// The run of letters and inner stops before a mark, lower-cased; at most 12 characters are read.
fn last_token(before: &str) -> String {
    let mut token: Vec<char> = Vec::new();
    for c in before.chars().rev().take(12) {
        if !c.is_alphanumeric() && c != '.' {
            break;
        }
        token.extend(c.to_lowercase());
    }
    token.into_iter().rev().collect()
}

fn push(body: &str, from: usize, to: usize, block: Block, index: usize, sentences: &mut Vec<Sentence>) {
    let raw = body.get(from..to).unwrap_or_default();
    let lead = raw.len() - raw.trim_start().len();
    let trimmed = raw.trim();
    if !trimmed.chars().any(char::is_alphanumeric) {
        return;
    }
    let start = block.start + from + lead;
    let text = trimmed.split_whitespace().collect::<Vec<_>>().join(" ");
    sentences.push(Sentence {
        text,
        start,
        end: start + trimmed.len(),
        kind: block.kind,
        block: index,
    });
}

fn floor_char_boundary(text: &str, limit: usize) -> usize {
    if text.len() <= limit {
        return text.len();
    }
    (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
#[path = "sentences_tests.rs"]
mod tests;
