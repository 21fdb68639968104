use super::cut::{Cut, Part};
use super::draft::shared;
use super::finish::Finish;
use super::place::{Place, best};
use super::prefix::Prefixes;
use super::table::growth;
use super::tokens::least_cost;
use super::{ChunkOptions, CountTokens};
use crate::Block;

/// Left free in every chunk: joined pieces can have a token or two more than they had apart.
const MARGIN: usize = 2;

/// Fills chunks section by section and hands each to `finish`.
///
/// A section is a run of blocks under the same headings. It stays whole where it fits, and small neighbours share
/// a chunk: under one parent until the chunk is half full, across top-level sections only while it holds next to nothing.
/// Where a chunk is full, the best [`Place`] in its second half ends it, and what is behind that begins the next.
pub(super) fn pack(
    blocks: &[Block],
    title: &str,
    options: &ChunkOptions,
    prefixes: &Prefixes<'_>,
    tokens: &dyn CountTokens,
    finish: &mut Finish<'_>,
) {
    let growth = growth(blocks.iter().map(|block| block.text.len()).sum());
    let mut draft: Vec<Part<'_>> = Vec::new();
    for section in blocks.chunk_by(|a, b| a.headings == b.headings) {
        let headings = section
            .first()
            .map(|block| block.headings.as_slice())
            .unwrap_or_default();
        let budget = options
            .max_tokens
            .saturating_sub(prefixes.get(headings).1 + MARGIN)
            .max(1);
        let cut = Cut {
            budget,
            overlap: options.overlap_tokens.min(budget / 2),
            growth,
            tokens,
        };
        let parts: Vec<Part<'_>> = section.iter().flat_map(|block| cut.block(block)).collect();
        while !may_join(&draft, &parts, headings, budget, title) {
            let rest = draft.split_off(end_of_sections(&draft, &parts, budget));
            finish.parts(std::mem::replace(&mut draft, rest));
        }
        let mut used = total(&draft);
        for part in parts {
            while !draft.is_empty() && used + part.cost > budget {
                let rest = draft.split_off(end_of_parts(&draft, &part, budget));
                finish.parts(std::mem::replace(&mut draft, rest));
                used = total(&draft);
            }
            used += part.cost;
            draft.push(part);
        }
    }
    finish.parts(draft);
}

/// How many parts of the draft make a chunk of whole sections, when the next section does not join them. A section that fills half a chunk
/// begins its own.
fn end_of_sections(draft: &[Part<'_>], next: &[Part<'_>], budget: usize) -> usize {
    let all = total(draft);
    if total(next) > budget / 2 {
        return draft.len();
    }
    let mut used = 0;
    let mut places = Vec::new();
    for (at, pair) in (1..).zip(draft.windows(2)) {
        let [before, after] = pair else { continue };
        used += before.cost;
        if used >= all / 2 && before.headings != after.headings {
            places.push((at, Place::before_section(after)));
        }
    }
    places.extend(next.first().map(|first| (draft.len(), Place::before_section(first))));
    best(places).unwrap_or(draft.len())
}

/// How many parts of the draft make a chunk, when the next part of the same section does not fit beside them.
fn end_of_parts(draft: &[Part<'_>], next: &Part<'_>, budget: usize) -> usize {
    let mut used = 0;
    let mut places = Vec::new();
    for (at, before) in (1..).zip(draft) {
        used += before.cost;
        if used >= budget / 2 {
            places.push((at, Place::between(before, draft.get(at).unwrap_or(next))));
        }
    }
    best(places).unwrap_or(draft.len())
}

fn total(parts: &[Part<'_>]) -> usize {
    parts.iter().map(|part| part.cost).sum()
}

fn may_join(draft: &[Part<'_>], section: &[Part<'_>], headings: &[String], budget: usize, title: &str) -> bool {
    let Some(last) = draft.last() else { return true };
    let heading_lines: usize = headings
        .iter()
        .chain(last.headings)
        .map(|heading| 4 * least_cost(heading) + 2)
        .sum();
    if total(draft) + total(section) + heading_lines > budget {
        return false;
    }
    // A level-one heading that is the document's title groups nothing.
    let trivial = usize::from(headings.first().is_some_and(|first| first == title));
    let full = if shared(last.headings, headings) > trivial {
        budget / 2
    } else {
        budget / 6
    };
    total(draft) <= full
}
