use super::CountTokens;
use super::boundaries::best_cut;
use super::tokens::cost;

/// Cuts text that has no boundary of its own within `budget` (one giant word, a sentence of a million words) into windows that
/// fit. Each window is sized by what the last one took, so that most are counted once.
pub(super) fn windows<'t>(text: &'t str, budget: usize, tokens: &dyn CountTokens) -> Vec<(&'t str, usize)> {
    let budget = budget.max(1);
    let mut windows = Vec::new();
    let mut rest = text;
    let mut size = budget * 4;
    while !rest.is_empty() {
        let window = best_cut(rest, size);
        let cost = cost(window, tokens);
        let is_character = window.chars().nth(1).is_none();
        if cost > budget && !is_character {
            // Aim a little below what would fit, and at least shrink.
            size = (window.len() * budget / cost * 9 / 10).min(window.len() * 3 / 4).max(1);
            continue;
        }
        windows.push((window, cost));
        rest = rest.get(window.len()..).unwrap_or_default();
        let fitting = window.len() * budget / cost.max(1) * 9 / 10;
        size = fitting.clamp(size / 2, size * 2).clamp(1, budget * 16);
    }
    windows
}
