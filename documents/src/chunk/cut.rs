use std::borrow::Cow;

use super::place::{Place, best};
use super::tokens::{cost, least_cost};
use super::{CountTokens, boundaries, split_long};
use crate::code::fences;
use crate::{Block, BlockKind};

/// A block, or a piece of one, that fits a chunk.
#[derive(Debug, Clone)]
pub(super) struct Part<'b> {
    pub(super) headings: &'b [String],
    pub(super) kind: BlockKind,
    pub(super) text: Cow<'b, str>,
    pub(super) cost: usize,
}

/// Cuts blocks down to a budget.
pub(super) struct Cut<'t> {
    pub(super) budget: usize,
    pub(super) overlap: usize,
    /// How many times as long a row of a table may become for the names of its columns.
    pub(super) growth: usize,
    pub(super) tokens: &'t dyn CountTokens,
}

/// A line of code, a sentence or a window, with its cost.
pub(super) type Unit<'b> = (&'b str, usize);

impl Cut<'_> {
    /// The block as it is when it fits, else in pieces.
    pub(super) fn block<'b>(&self, block: &'b Block) -> Vec<Part<'b>> {
        let part = |text: Cow<'b, str>, cost| Part {
            headings: &block.headings,
            kind: block.kind,
            text,
            cost: cost + 1,
        };
        if least_cost(&block.text) <= self.budget {
            let cost = cost(&block.text, self.tokens);
            if cost <= self.budget {
                return vec![part(Cow::Borrowed(&block.text), cost)];
            }
        }
        let pieces = match block.kind {
            BlockKind::Table => self.table(&block.text),
            BlockKind::Code => self.code(&block.text),
            _ => self.group(
                &self.units(boundaries::sentences(&block.text), self.budget),
                "",
                self.overlap,
            ),
        };
        pieces
            .into_iter()
            .map(|(text, cost)| part(Cow::Owned(text), cost))
            .collect()
    }

    /// Pieces of code, each between the fences of the whole.
    fn code(&self, text: &str) -> Vec<(String, usize)> {
        let Some((opening, code, closing)) = fences(text) else {
            return self.group(&self.units(boundaries::lines(text), self.budget), "", 0);
        };
        let fences_cost = cost(opening, self.tokens) + cost(closing, self.tokens) + 2;
        if fences_cost > self.budget / 3 {
            return self.group(&self.units(boundaries::lines(code), self.budget), "", 0);
        }
        let inside = Cut {
            budget: self.budget - fences_cost,
            ..*self
        };
        inside
            .group(&inside.units(boundaries::lines(code), inside.budget), "", 0)
            .into_iter()
            .map(|(code, cost)| (format!("{opening}\n{code}\n{closing}"), cost + fences_cost))
            .collect()
    }

    /// Counts every piece, and cuts those that do not fit.
    pub(super) fn units<'b>(&self, pieces: Vec<&'b str>, budget: usize) -> Vec<Unit<'b>> {
        let mut units = Vec::with_capacity(pieces.len());
        for piece in pieces {
            if least_cost(piece) <= budget {
                let cost = cost(piece, self.tokens);
                if cost <= budget {
                    units.push((piece, cost));
                    continue;
                }
            }
            units.extend(split_long::windows(piece, budget, self.tokens));
        }
        units
    }

    /// Joins units up to the budget. Each piece after the first repeats the last units of the one before, up to `overlap` tokens.
    pub(super) fn group(&self, units: &[Unit<'_>], header: &str, overlap: usize) -> Vec<(String, usize)> {
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < units.len() {
            let mut from = start;
            let mut total = 0;
            let first = units.get(start).map_or(0, |unit| unit.1);
            for (index, unit) in units.iter().enumerate().take(start).rev() {
                if start == 0 || total + unit.1 > overlap || total + unit.1 + first > self.budget {
                    break;
                }
                total += unit.1;
                from = index;
            }
            let end = self.end(units, start, total);
            total += units.iter().take(end).skip(start).map(|unit| unit.1).sum::<usize>();
            let body: String = units.iter().take(end).skip(from).map(|unit| unit.0).collect();
            let body = body.trim_end().trim_start_matches('\n');
            if !body.trim().is_empty() {
                pieces.push((format!("{header}{body}"), total));
            }
            start = end;
        }
        pieces
    }

    /// Where the piece that begins at `start` ends: with the last unit, or at the best place in its second half. `used` is what the piece repeats.
    fn end(&self, units: &[Unit<'_>], start: usize, used: usize) -> usize {
        let mut total = used;
        let mut places = Vec::new();
        for (at, unit) in units.iter().enumerate().skip(start) {
            if at > start && total >= self.budget / 2 {
                places.push((at, Place::before_line(unit.0)));
            }
            if at > start && total + unit.1 > self.budget {
                return best(places).unwrap_or(at);
            }
            total += unit.1;
        }
        units.len()
    }
}
