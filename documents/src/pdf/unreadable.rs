//! Text layers that say nothing: signs for private use, replacement characters, numbers of signs, and words that run into each other without end.

use super::layout::Glyph;

/// No language that parts its words has many longer ones.
const MAX_WORD_LETTERS: usize = 40;
/// Of fewer letters nothing can be told.
const MIN_LETTERS: usize = 200;
/// Fonts have 65,536 signs at most.
const MAX_DIGITS: usize = 5;
/// A gap of so many sizes parts words.
const MIN_GAP: f32 = 0.1;

/// Whether most of a page's signs say nothing, or most of its letters stand in words that are none.
pub(super) fn is_unreadable(glyphs: &[Glyph]) -> bool {
    let signs = signs(glyphs);
    let nothing = signs.chars().filter(|c| says_nothing(*c)).count() + in_glyph_numbers(&signs);
    let all = signs.chars().count();
    nothing * 2 > all || runs_together(glyphs)
}

/// Whether most of what was recognised on a page are such numbers: the page shows them.
pub(super) fn are_glyph_numbers(glyphs: &[Glyph]) -> bool {
    let signs = signs(glyphs);
    in_glyph_numbers(&signs) * 2 > signs.chars().count()
}

fn signs(glyphs: &[Glyph]) -> String {
    let all = glyphs.iter().flat_map(|glyph| glyph.text.chars());
    all.filter(|c| !c.is_whitespace()).collect()
}

/// How many characters are of what some programs write for a sign of which they do not know what it stands for: `(cid:72)`.
fn in_glyph_numbers(signs: &str) -> usize {
    const OPENING: &str = "(cid:";
    let of_number = |(at, opening): (usize, &str)| {
        let rest = signs.get(at + opening.len()..)?;
        let digits = rest.bytes().take(MAX_DIGITS + 1).take_while(u8::is_ascii_digit).count();
        let is_number = (1..=MAX_DIGITS).contains(&digits) && rest.get(digits..)?.starts_with(')');
        is_number.then_some(opening.len() + digits + 1)
    };
    signs.match_indices(OPENING).filter_map(of_number).sum()
}

fn says_nothing(c: char) -> bool {
    matches!(c, '\u{FFFC}'..='\u{FFFF}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..) || c.is_control()
}

/// Chinese, Japanese, Thai and others do not part their words: only letters of alphabets whose languages do are looked at.
fn is_of_parted_words(c: char) -> bool {
    c.is_alphabetic() && c < '\u{530}'
}

fn runs_together(glyphs: &[Glyph]) -> bool {
    let (mut letters, mut in_long_words, mut word) = (0, 0, 0);
    let mut end_word = |word: &mut usize| {
        letters += *word;
        in_long_words += if *word > MAX_WORD_LETTERS { *word } else { 0 };
        *word = 0;
    };
    let mut last: Option<&Glyph> = None;
    for glyph in glyphs {
        if last.is_some_and(|last| is_apart(last, glyph)) {
            end_word(&mut word);
        }
        for c in glyph.text.chars() {
            match is_of_parted_words(c) {
                true => word += 1,
                false => end_word(&mut word),
            }
        }
        last = Some(glyph);
    }
    end_word(&mut word);
    letters >= MIN_LETTERS && in_long_words * 2 > letters
}

/// Glyphs come in the order in which they are drawn.
fn is_apart(last: &Glyph, next: &Glyph) -> bool {
    let (along, across) = (next.x - last.x, next.baseline - last.baseline);
    let distance = along.hypot(across);
    let size = last.size.max(next.size);
    // Those drawn over each other, or backwards, are apart as well.
    distance < 0.01 * size || (distance - last.advance).abs() > MIN_GAP * size
}
