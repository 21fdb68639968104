use super::cut::{Cut, Part};
use super::draft::shared;
use super::finish::Finish;
use super::prefix::Prefixes;
use super::tokens::least_cost;
use super::{ChunkOptions, CountTokens};
use crate::Block;

/// Left free in every chunk: joined pieces can have a token or two more than they had apart.
const MARGIN: usize = 2;

/// Fills chunks section by section and hands each to `finish`.
///
/// A section is a run of blocks under the same headings. It stays whole where it fits, and small neighbours share
/// a chunk: under one parent until the chunk is half full, across top-level sections only while it holds next to nothing.
pub(super) fn pack(
    blocks: &[Block],
    title: &str,
    options: &ChunkOptions,
    prefixes: &Prefixes<'_>,
    tokens: &dyn CountTokens,
    finish: &mut Finish<'_>,
) {
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
            tokens,
        };
        let parts: Vec<Part<'_>> = section.iter().flat_map(|block| cut.block(block)).collect();
        if !may_join(&draft, &parts, headings, budget, title) {
            finish.parts(std::mem::take(&mut draft));
        }
        let mut used = total(&draft);
        for part in parts {
            if !draft.is_empty() && used + part.cost > budget {
                finish.parts(std::mem::take(&mut draft));
                used = 0;
            }
            used += part.cost;
            draft.push(part);
        }
    }
    finish.parts(draft);
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
