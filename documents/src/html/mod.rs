mod attribute_counter;
mod blocks;
mod book;
mod bounded_sink;
mod disclosures;
mod head;
mod headings;
mod listing;
mod main_content;
mod math;
mod pairs;
mod table;
mod tree;

use scraper::Html;

use crate::outline::Outline;
use crate::whitespace::truncate;
use crate::{ParseError, ParsedDocument};

/// Reads the main content of a web page.
pub(crate) fn parse(source: &str) -> Result<ParsedDocument, ParseError> {
    let mut page = tree::document(source)?;
    let opened = disclosures::open(&mut page);
    let lowered = headings::lowered(&mut page);
    let has_lowered_headings = lowered.is_some();
    let changed = lowered.or_else(|| opened.then(|| page.html()));
    let scored = main_content::Scored {
        source: changed.as_deref().unwrap_or(source),
        has_lowered_headings,
    };
    let head = head::read(&page);
    let content = main_content::find(&scored, &page)?;
    let mut outline = Outline::default();
    blocks::append(&content.content(), source.len(), &mut outline)?;
    let (headings, blocks) = outline.finish()?;
    let title = head.title().or_else(|| headings.of_page());
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title,
        metadata: head.metadata,
        blocks,
    })
}

/// Appends all that a page of a book says, its header and footer too, and gives the addresses of its pictures. Links to other pages of the book are as good as links to places on it.
pub(crate) fn append_book_page(source: &str, outline: &mut Outline) -> Result<Vec<String>, ParseError> {
    let mut page = tree::document(source)?;
    disclosures::open(&mut page);
    let pictures = book::prepare(&mut page);
    let content = blocks::Content {
        tree: &page,
        chrome: true,
        has_lowered_headings: false,
    };
    blocks::append(&content, source.len(), outline)?;
    Ok(pictures)
}

/// Appends a piece of HTML found inside Markdown.
pub(crate) fn append_fragment(source: &str, outline: &mut Outline) -> Result<(), ParseError> {
    // Most are comments and lone tags, which do not need a tree.
    if truncate(source, 4) == "<!--" && source.trim_end().find("-->") == Some(source.trim_end().len() - 3) {
        return Ok(());
    }
    let mut fragment: Html = tree::fragment(source)?;
    disclosures::open(&mut fragment);
    blocks::append(
        &blocks::Content {
            tree: &fragment,
            chrome: true,
            has_lowered_headings: false,
        },
        source.len(),
        outline,
    )
}

#[cfg(test)]
mod disclosure_tests;
#[cfg(test)]
mod pairs_tests;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
