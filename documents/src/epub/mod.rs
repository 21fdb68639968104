mod markup;
mod protection;
mod publication;

use publication::Publication;

use crate::decode::to_utf8;
use crate::outline::Outline;
use crate::package::{Package, resolve};
use crate::parse::decode;
use crate::pictures::Pictures;
use crate::{Format, ParseError, ParsedDocument, html};

const FORMAT: &str = "EPUB book";

/// Reads a book (EPUB 2 and 3) page by page in the order of its spine, each whole. Left out are the cover and the table of contents, which repeats the headings.
pub(crate) fn parse(bytes: &[u8], pictures: &mut Pictures<'_>) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, FORMAT)?;
    protection::check(&mut package)?;
    let publication = Publication::read(&mut package)?;
    let mut outline = Outline::default();
    for part in &publication.pages {
        if pictures.are_drawn() {
            break;
        }
        let Some(bytes) = package.bytes(part)? else { continue };
        let page = to_utf8(&bytes, Format::Html, None)?;
        let source = markup::as_html(&decode(&page.bytes)?);
        let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
        for address in html::append_book_page(&source, &mut outline)? {
            if let Some(picture) = part_of(folder, &address) {
                pictures.append(&mut package, &picture, &mut outline);
            }
        }
    }
    let (headings, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: publication.properties.title.or_else(|| headings.declared()),
        metadata: publication.properties.metadata,
        blocks,
    })
}

/// The part of the archive that an address in a part of this folder leads to; `None` of what is outside.
fn part_of(folder: &str, address: &str) -> Option<String> {
    let path = address.split(['#', '?']).next().unwrap_or_default().trim();
    let is_outside = path.is_empty() || path.contains(':') || path.starts_with("//");
    (!is_outside).then(|| resolve(folder, &unescaped(path)))
}

/// Addresses write spaces and letters beyond ASCII as `%20`.
fn unescaped(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| hex::decode(digits).ok());
        match escaped {
            Some(byte) => {
                bytes.extend(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
