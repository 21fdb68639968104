use crate::text::Word;

/// Verbs that open an instruction.
const VERBS: &str = "add allow ask assign change check choose click close configure connect contact copy create define delete deploy \
    disable download drag edit enable ensure enter export fill find follow generate give go import install invite log make move navigate \
    open paste pick press provide register remove replace restart revoke run save scan scroll select send set sign specify start stop \
    switch tap test toggle turn type update upload use verify visit write";

/// Words that may stand before the verb of an instruction.
const BEFORE: [&str; 9] = [
    "then", "next", "first", "finally", "now", "please", "simply", "just", "and",
];

pub(super) fn is_imperative(lower: &str) -> bool {
    VERBS.split(' ').any(|verb| verb == lower)
}

/// Whether a sentence tells the reader to do something: it commands, says "you can" or "you need to", or names a path through
/// menus.
pub(super) fn instructs(text: &str, words: &[Word]) -> bool {
    let you_can = words.windows(2).any(|pair| {
        matches!(pair, [you, can] if you.lower == "you" && matches!(can.lower.as_str(), "can" | "need" | "must" | "should"))
    });
    you_can || commands(words) || text.contains(['→', '›'])
}

/// Whether a sentence opens with the verb of an instruction, or a clause of it does ("To export, open …", "Then click …").
pub(super) fn commands(words: &[Word]) -> bool {
    let opens_clause = |index: usize| {
        words.get(index).is_some_and(|word| word.after_break)
            || index.checked_sub(1).is_some_and(|before| opens(words, before))
    };
    words
        .iter()
        .enumerate()
        .any(|(index, word)| is_imperative(&word.lower) && opens_clause(index))
}

/// Whether the word stands before the verb of an instruction at the start of a clause.
fn opens(words: &[Word], index: usize) -> bool {
    words
        .get(index)
        .is_some_and(|word| BEFORE.contains(&word.lower.as_str()) && (word.after_break || word.lower == "and"))
}
