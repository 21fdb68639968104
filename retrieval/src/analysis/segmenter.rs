use std::collections::VecDeque;
use std::iter::Peekable;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;

use super::clusters::Clusters;
use crate::language::Language;

/// A longer word (a key, a blob in base64) is not indexed. In bytes.
const MAX_TOKEN_BYTES: usize = 128;

/// What has a Hiragana of the same sound.
const KATAKANA_FIRST: char = 'ァ';
const KATAKANA_LAST: char = 'ヶ';

/// Splits text into lower-case, NFKC-normalised terms, Katakana as Hiragana: runs of letters and digits, and single characters plus
/// neighbouring pairs where a script does not put spaces between its words.
///
/// Works on grapheme clusters, so that a letter stays together with its combining marks.
#[derive(Clone, Copy)]
pub(super) struct Segmenter {
    /// A query leaves out single characters where it has pairs, which say more; an index keeps both, so that a query
    /// of one character finds something.
    for_query: bool,
    /// Turkish lower case: `I` becomes `ı`.
    turkish: bool,
    /// `ß` and the `ς` at the end of a word stay: stop words are written with them, and the language's stemmer knows what they are in capitals.
    keeps_small_letters: bool,
}

impl Segmenter {
    pub(super) fn new(language: Language, for_query: bool) -> Self {
        Self {
            for_query,
            turkish: language == Language::Turkish,
            keeps_small_letters: matches!(language, Language::German | Language::Greek),
        }
    }
}

pub(super) struct SegmentStream<'a> {
    segmenter: Segmenter,
    graphemes: Peekable<Clusters<'a>>,
    text: &'a str,
    /// The unspaced character just before this place.
    previous: Option<(usize, &'a str)>,
    ready: VecDeque<Token>,
    token: Token,
    position: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Unspaced,
    Other,
}

impl Tokenizer for Segmenter {
    type TokenStream<'a> = SegmentStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SegmentStream<'a> {
        SegmentStream {
            segmenter: *self,
            graphemes: Clusters::of(text).peekable(),
            text,
            previous: None,
            ready: VecDeque::new(),
            token: Token::default(),
            position: 0,
        }
    }
}

impl TokenStream for SegmentStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some(token) = self.ready.pop_front() {
                self.token = token;
                return true;
            }
            let Some((start, grapheme)) = self.graphemes.next() else {
                return false;
            };
            match kind(grapheme) {
                Kind::Word => self.read_word(start, grapheme),
                Kind::Unspaced => self.read_unspaced(start, grapheme),
                Kind::Other => self.previous = None,
            }
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

impl<'a> SegmentStream<'a> {
    fn read_word(&mut self, start: usize, first: &str) {
        self.previous = None;
        let mut end = start + first.len();
        while let Some((at, next)) = self.graphemes.next_if(|(_, next)| continues_word(next)) {
            end = at + next.len();
        }
        self.push(start, end);
    }

    fn read_unspaced(&mut self, start: usize, unit: &'a str) {
        let before = self.previous.replace((start, unit));
        let end = start + unit.len();
        if let Some((pair_start, _)) = before {
            self.push(pair_start, end);
        }
        let alone = before.is_none()
            && self
                .graphemes
                .peek()
                .is_none_or(|(_, next)| kind(next) != Kind::Unspaced);
        if alone || !self.segmenter.for_query {
            self.push(start, end);
        }
    }

    fn push(&mut self, start: usize, end: usize) {
        if end - start > MAX_TOKEN_BYTES {
            return;
        }
        let Some(source) = self.text.get(start..end) else {
            return;
        };
        let text = self.normalise(source);
        if text.is_empty() {
            return;
        }
        self.ready.push_back(Token {
            offset_from: start,
            offset_to: end,
            position: self.position,
            text,
            position_length: 1,
        });
        self.position += 1;
    }

    fn normalise(&self, source: &str) -> String {
        if source.is_ascii() && !self.segmenter.turkish {
            return source.to_ascii_lowercase();
        }
        let mut lower = String::with_capacity(source.len());
        for character in source.nfkc().filter(|&character| !is_invisible(character)) {
            match character {
                'I' if self.segmenter.turkish => lower.push('ı'),
                // Its lower case is `i` and a combining dot, which nobody types.
                'İ' => lower.push('i'),
                // Letters whose capitals are those of others.
                'ς' if !self.segmenter.keeps_small_letters => lower.push('σ'),
                'ß' | 'ẞ' if !self.segmenter.keeps_small_letters => lower.push_str("ss"),
                // Katakana as the Hiragana of the same sound: りんご and リンゴ are one word.
                KATAKANA_FIRST..=KATAKANA_LAST => {
                    lower.push(char::from_u32(u32::from(character) - 0x60).unwrap_or(character))
                }
                _ => lower.extend(character.to_lowercase()),
            }
        }
        lower
    }
}

/// Whether all of it is Katakana, of either width.
pub(super) fn is_katakana(text: &str) -> bool {
    text.nfkc()
        .all(|character| (KATAKANA_FIRST..=KATAKANA_LAST).contains(&character))
}

fn kind(grapheme: &str) -> Kind {
    match grapheme.chars().next() {
        Some(first) if is_unspaced(first) => Kind::Unspaced,
        Some(first) if first.is_alphanumeric() => Kind::Word,
        _ => Kind::Other,
    }
}

/// A soft hyphen marks where a word may be broken; it does not end the word.
fn continues_word(grapheme: &str) -> bool {
    grapheme == "\u{ad}" || kind(grapheme) == Kind::Word
}

/// Soft hyphen, joiners, and the marks that turn a digit or letter into an emoji.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{20e3}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Letters of scripts written without spaces between words, by their Unicode blocks (Unicode 16, Blocks.txt); Korean
/// has spaces, but its particles cling to the word, and pairs find it without a dictionary.
pub(crate) fn is_unspaced(character: char) -> bool {
    let letters = matches!(u32::from(character),
        0x0E00..=0x0EFF         // Thai, Lao
        | 0x1000..=0x109F       // Myanmar
        | 0x1100..=0x11FF       // Hangul Jamo
        | 0x1780..=0x17FF       // Khmer
        | 0x2E80..=0x2FDF       // CJK and Kangxi radicals
        | 0x3005..=0x3007       // iteration mark, closing mark, zero
        | 0x3041..=0x30FF       // Hiragana, Katakana
        | 0x3105..=0x318F       // Bopomofo, Hangul compatibility Jamo
        | 0x31A0..=0x31BF       // Bopomofo extended
        | 0x31F0..=0x31FF       // Katakana phonetic extensions
        | 0x3400..=0x4DBF       // CJK extension A
        | 0x4E00..=0x9FFF       // CJK unified ideographs
        | 0xA960..=0xA97F       // Hangul Jamo extended A
        | 0xAC00..=0xD7FF       // Hangul syllables, Jamo extended B
        | 0xF900..=0xFAFF       // CJK compatibility ideographs
        | 0xFF66..=0xFFDC       // half-width Katakana and Hangul
        | 0x1B000..=0x1B16F     // Kana supplement and extensions
        | 0x20000..=0x323AF     // CJK extensions B to H, supplement
    );
    letters && character.is_alphanumeric()
}
