use crate::text::Word;

/// Openings of sentences that say what a page is about instead of saying it.
const OPENINGS: &[&str] = &[
    "learn how",
    "learn about",
    "learn more",
    "learn what",
    "learn the",
    "discover how",
    "find out",
    "read more",
    "read about",
    "see also",
    "how to",
    "for more information",
    "for more details",
    "for details",
    "follow this guide",
    "follow these",
    "follow the steps",
    "complete guide",
    "comprehensive guide",
    "step by step",
    "quick guide",
    "guide to",
    "an overview",
    "overview of",
    "here is how",
    "check out",
    "refer to",
    "the following is",
    "the following list",
    "you can get started",
];

/// What pages call themselves, and what they say that they do.
const PAGE_WORDS: &str = "guide page article section document tutorial chapter post documentation overview";
const PAGE_VERBS: &str =
    "explains describes covers shows walks helps will provides includes outlines contains discusses lists tells";

/// Whether a sentence describes the page it stands on ("Learn how to …", "This guide explains …", "In this article …").
pub(super) fn describes_page(words: &[Word]) -> bool {
    let opens_with = |opening: &&str| {
        let mut parts = opening.split(' ').zip(words);
        words.len() > opening.split(' ').count() && parts.all(|(part, word)| word.lower == part)
    };
    let lower = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
    let is_page = |index: usize| PAGE_WORDS.split(' ').any(|page| page == lower(index));
    let tells = |index: usize| PAGE_VERBS.split(' ').any(|verb| verb == lower(index));
    let this_page = matches!(lower(0), "this" | "our") && is_page(1) && tells(2);
    let in_this_page = lower(0) == "in" && lower(1) == "this" && is_page(2);
    OPENINGS.iter().any(opens_with) || this_page || in_this_page || points_ahead(words)
}

/// "… use the following steps …", "… you can do the following", "… as described below": the answer is what comes after it.
fn points_ahead(words: &[Word]) -> bool {
    let steps = words.windows(2).any(|pair| {
        matches!(pair, [following, steps] if following.lower == "following" && matches!(steps.lower.as_str(), "steps" | "instructions" | "command"))
    });
    let last = words.last().map_or("", |word| word.lower.as_str());
    steps || matches!(last, "following" | "follows" | "below")
}
