//! From glyphs to blocks: words, lines, tables, columns, then paragraphs, lists and headings of the whole document.

mod aligned_tables;
mod blocks;
mod columns;
mod furniture;
mod geometry;
mod headings;
mod join_lines;
mod lines;
mod list_marker;
mod merged_cells;
mod page;
mod paragraphs;
mod ruled_tables;
mod script;
mod segments;
mod table;
mod value_rows;
mod words;

pub(super) use blocks::append;
pub(super) use geometry::{Area, Glyph, PageContent, Rule};
pub(super) use page::PageLayout;
pub(super) use script::is_right_to_left;
