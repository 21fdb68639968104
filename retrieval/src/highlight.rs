use std::collections::HashSet;
use std::ops::Range;

use tantivy::tokenizer::TextAnalyzer;

/// Text beyond this many bytes of a chunk is not looked at.
const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_HIGHLIGHTS: usize = 2;
/// A highlight's length in bytes, before it is widened to whole words.
const WINDOW_BYTES: usize = 160;
/// How far a window is widened at most to end at a space.
const MAX_WIDENING_BYTES: usize = 24;

/// Up to two pieces of the text with the most different query terms in them, in order of the text; [`excerpt`](crate::excerpt) shows them.
pub(crate) fn highlights(analyzer: &mut TextAnalyzer, text: &str, terms: &HashSet<String>) -> Vec<Range<usize>> {
    let text = text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or_default();
    let matches = matches(analyzer, text, terms);
    let mut chosen: Vec<Range<usize>> = Vec::new();
    let mut covered: HashSet<&str> = HashSet::new();
    while chosen.len() < MAX_HIGHLIGHTS {
        let Some((window, new_terms)) = best_window(&matches, &chosen, &covered) else {
            break;
        };
        chosen.push(window);
        covered.extend(new_terms);
    }
    chosen.sort_unstable_by_key(|window| window.start);
    chosen.into_iter().map(|window| cut(text, window)).collect()
}

struct Match {
    place: Range<usize>,
    term: String,
}

fn matches(analyzer: &mut TextAnalyzer, text: &str, terms: &HashSet<String>) -> Vec<Match> {
    let mut matches = Vec::new();
    if terms.is_empty() {
        return matches;
    }
    analyzer.token_stream(text).process(&mut |token| {
        if terms.contains(&token.text) {
            matches.push(Match {
                place: token.offset_from..token.offset_to,
                term: token.text.clone(),
            });
        }
    });
    matches
}

/// The first window, apart from the chosen ones, that adds the most terms not yet covered; none when nothing is added.
fn best_window<'a>(
    matches: &'a [Match],
    chosen: &[Range<usize>],
    covered: &HashSet<&str>,
) -> Option<(Range<usize>, HashSet<&'a str>)> {
    let mut best: Option<(Range<usize>, HashSet<&str>)> = None;
    for (index, first) in matches.iter().enumerate() {
        let window = first.place.start..first.place.start + WINDOW_BYTES;
        if chosen
            .iter()
            .any(|other| window.start < other.end && other.start < window.end)
        {
            continue;
        }
        let inside = matches
            .iter()
            .skip(index)
            .take_while(|found| found.place.end <= window.end);
        let new_terms: HashSet<&str> = inside
            .map(|found| found.term.as_str())
            .filter(|term| !covered.contains(term))
            .collect();
        if new_terms.len() > best.as_ref().map_or(0, |(_, terms)| terms.len()) {
            best = Some((window, new_terms));
        }
    }
    best
}

/// The window moved a little to the left, so that its first match has words before it, and cut at spaces near by.
fn cut(text: &str, window: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(window.start.saturating_sub(WINDOW_BYTES / 4));
    let end = text.ceil_char_boundary(window.end.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let widened_start = match before.rfind(char::is_whitespace) {
        Some(space) if start - space <= MAX_WIDENING_BYTES => space,
        None if start <= MAX_WIDENING_BYTES => 0,
        _ => start,
    };
    let widened_end = match after.find(char::is_whitespace) {
        Some(space) if space <= MAX_WIDENING_BYTES => end + space,
        None if after.len() <= MAX_WIDENING_BYTES => text.len(),
        _ => end,
    };
    widened_start..widened_end
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::analysis::{ReadQuery, analyzer, query_words};
    use crate::excerpt;
    use crate::language::Language;

    fn highlight(query: &str, text: &str) -> Vec<String> {
        let mut analyzer = analyzer(Language::English);
        let terms = ReadQuery::as_written(&query_words(&[Language::English], query))
            .terms
            .into_iter()
            .map(|(term, _)| term)
            .collect();
        let places = highlights(&mut analyzer, text, &terms);
        places.into_iter().map(|place| excerpt(text, place)).collect()
    }

    #[test]
    fn a_short_text_is_shown_whole_and_without_a_match_nothing_is() {
        assert_eq!(
            highlight("refunds", "We refund\nwithin 14 days."),
            ["We refund within 14 days."]
        );
        assert!(highlight("invoice", "We refund within 14 days.").is_empty());
        assert!(highlight("", "We refund within 14 days.").is_empty());
    }

    #[test]
    fn a_long_text_is_cut_at_words_around_its_matches() {
        let filler = "lorem ipsum dolor sit amet ".repeat(20);
        let found = highlight(
            "refund invoice",
            &format!("{filler}a refund came {filler}then the invoice. {filler}"),
        );
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("a refund came") && found[1].contains("the invoice."));
        assert!(
            found
                .iter()
                .all(|piece| piece.len() < 280 && piece.starts_with('…') && piece.ends_with('…'))
        );
    }

    #[test]
    fn text_without_spaces_is_cut_between_characters() {
        let text = format!("{}返金{}", "あ".repeat(300), "い".repeat(300));
        let found = highlight("返金", &text);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("返金") && found[0].len() < 280);
    }
}
