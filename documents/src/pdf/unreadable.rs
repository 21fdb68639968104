//! Text layers that say nothing: signs for private use, replacement characters, and words that run into each other without end.

use super::layout::Glyph;

/// No language that parts its words has many longer ones.
const MAX_WORD_LETTERS: usize = 40;
/// Of fewer letters nothing can be told.
const MIN_LETTERS: usize = 200;
/// A gap of so many sizes parts words.
const MIN_GAP: f32 = 0.1;

/// Whether most of a page's signs say nothing, or most of its letters stand in words that are none.
pub(super) fn is_unreadable(glyphs: &[Glyph]) -> bool {
    let signs = glyphs.iter().filter(|glyph| !glyph.text.trim().is_empty());
    let (nothing, all) = signs.fold((0, 0), |(nothing, all), glyph| {
        (nothing + usize::from(glyph.text.chars().all(says_nothing)), all + 1)
    });
    nothing * 2 > all || runs_together(glyphs)
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
