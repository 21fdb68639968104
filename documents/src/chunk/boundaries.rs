use unicode_segmentation::UnicodeSegmentation;

use crate::link::addresses;
use crate::whitespace::truncate;

/// Sentence rules look ahead without bound, so they only ever see this much text at once.
const SEGMENT_BYTES: usize = 2048;
/// Shorter sentences are joined: counting has a price per call.
const MIN_UNIT_BYTES: usize = 48;
/// So long does a run of them become at most.
const MAX_JOINED_BYTES: usize = 144;

/// Cuts running text into sentences (Unicode Standard Annex 29), white space kept at their ends.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut rest = text;
    let mut bounds = Vec::new();
    let mut at = 0;
    while !rest.is_empty() {
        let segment = best_cut(rest, SEGMENT_BYTES);
        bounds.extend(
            segment
                .split_sentence_bound_indices()
                .skip(1)
                .map(|(start, _)| at + start),
        );
        at += segment.len();
        rest = rest.get(segment.len()..).unwrap_or_default();
        // The segment's end is a sentence's end only if it is one by itself.
        if rest.is_empty() || segment.trim_end().ends_with(['.', '!', '?', '。', '！', '？']) || segment.ends_with('\n')
        {
            bounds.push(at);
        }
    }
    if bounds.last() != Some(&text.len()) {
        bounds.push(text.len());
    }
    // A question mark within an address ends no sentence.
    let mut addresses = addresses(text).peekable();
    bounds.retain(|bound| {
        while addresses.next_if(|address| address.end <= *bound).is_some() {}
        addresses.peek().is_none_or(|address| *bound <= address.start)
    });
    join_small(text, &bounds)
}

/// Cuts preformatted text and tables into lines.
pub(super) fn lines(text: &str) -> Vec<&str> {
    let mut at = 0;
    let bounds: Vec<usize> = text
        .split_inclusive('\n')
        .map(|line| {
            at += line.len();
            at
        })
        .collect();
    join_small(text, &bounds)
}

/// The pieces of `text` that end at `bounds`, each long enough to be worth counting. A run of short ones ends where a coin says so that
/// its last one tosses: where they end must not depend on how many came before.
fn join_small<'t>(text: &'t str, bounds: &[usize]) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let (mut start, mut last) = (0, 0);
    for &end in bounds {
        let joined = end - start;
        let coin = || {
            text.as_bytes()
                .get(last..end)
                .unwrap_or_default()
                .iter()
                .fold(0u8, |sum, byte| sum ^ byte)
                % 2
                == 0
        };
        let is_long = end - last >= MIN_UNIT_BYTES || joined >= MAX_JOINED_BYTES;
        if is_long || (joined >= MIN_UNIT_BYTES && coin()) || end == text.len() {
            pieces.extend(text.get(start..end).filter(|piece| !piece.is_empty()));
            start = end;
        }
        last = end;
    }
    pieces
}

/// The start of `text`, of at most `bytes` bytes but at least one character, that ends at the best place: the end of a line, white
/// space or the comma of a script without spaces, the end of a word, of a grapheme, or just of a character.
pub(super) fn best_cut(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let window = truncate(text, bytes);
    if window.is_empty() {
        return truncate(text, text.chars().next().map_or(text.len(), char::len_utf8));
    }
    let half = text.floor_char_boundary(window.len() / 2);
    let second_half = window.get(half..).unwrap_or_default();
    let after = |at: usize| {
        second_half
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(at, |c| at + c.len_utf8())
    };
    let cut = second_half
        .rfind('\n')
        .or_else(|| second_half.rfind(ends_a_clause))
        .map(after)
        .or_else(|| {
            second_half
                .split_word_bound_indices()
                .skip(1)
                .last()
                .map(|(start, _)| start)
        })
        .or_else(|| {
            second_half
                .grapheme_indices(true)
                .skip(1)
                .last()
                .map(|(start, _)| start)
        });
    cut.and_then(|cut| text.get(..half + cut))
        .filter(|cut| !cut.is_empty())
        .unwrap_or(window)
}

fn ends_a_clause(c: char) -> bool {
    c.is_whitespace() || matches!(c, '、' | '，' | '；' | '：' | '。' | '！' | '？' | '､' | '｡')
}

#[cfg(test)]
mod tests {
    use super::{best_cut, lines, sentences};

    #[test]
    fn sentences_cover_the_text_and_end_where_they_should() {
        let text = "The first sentence has quite a few words in it, really. The second one, by Dr. No, has even more of them! 短い。";
        let cut = sentences(text);
        assert_eq!(cut.concat(), text);
        assert!(
            cut.iter().any(|sentence| sentence.trim_end().ends_with("really.")),
            "{cut:?}"
        );
    }

    #[test]
    fn an_address_is_not_cut() {
        let text = "Ask for your money back with this form (https://shop.example/refund?Order=1&Reason=2). Then wait a few days for it to come.";
        let cut = sentences(text);
        assert_eq!(cut.concat(), text);
        assert!(
            cut.first()
                .is_some_and(|first| first.trim_end().ends_with("Reason=2).")),
            "{cut:?}"
        );
    }

    #[test]
    fn hostile_text_is_cut_into_sentences_in_linear_time() {
        for hostile in ["(", ". ", "。", "a.", "\u{301}", "… (", "1."] {
            let text = format!("A. {}", hostile.repeat(400_000));
            let start = std::time::Instant::now();
            assert_eq!(sentences(&text).concat(), text);
            assert!(
                start.elapsed() < std::time::Duration::from_secs(30),
                "{hostile:?} {:?}",
                start.elapsed()
            );
        }
    }

    #[test]
    fn lines_cover_the_text() {
        let text = "a\n\n  b\n".repeat(30);
        assert_eq!(lines(&text).concat(), text);
    }

    #[test]
    fn a_cut_prefers_lines_then_words_then_graphemes() {
        assert_eq!(best_cut("one two\nthree four", 15), "one two\n");
        assert_eq!(best_cut("one two three", 9), "one two ");
        assert_eq!(best_cut("短短短短", 7), "短短");
        assert_eq!(
            best_cut("返金は、十四日以内に、行われます", 36),
            "返金は、十四日以内に、"
        );
        assert_eq!(best_cut("é", 1), "é");
        assert_eq!(best_cut(&"e\u{301}".repeat(9), 7).len() % 3, 0);
    }
}
