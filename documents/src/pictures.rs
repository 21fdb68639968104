use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::outline::Outline;
use crate::package::Package;
use crate::parse::has_letters;
use crate::pdf::{self, RecognisedPage};
use crate::picture::{Drawn, MAX_PIXELS, Picture};
use crate::{Format, ParseError, ParsedDocument, Said, image};

/// Pictures of fewer pixels, or lower or narrower than this, are icons, logos and rules.
const MIN_PIXELS: u64 = 80_000;
const MIN_EDGE: u32 = 60;
/// Longer pictures are not read.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// What is unpacked of the pictures of a document; those after it are not read.
const MAX_UNPACKED_BYTES: usize = 128 * 1024 * 1024;

/// The pictures inside a document, and the pages of PDFs inside it, that a recogniser (OCR) may read. They are numbered from 1 in the order in which they stand, the same
/// bytes once, whatever was recognised: so that a number means the same picture whenever the document is read.
#[derive(Default)]
pub(crate) struct Pictures<'r> {
    /// hOCR by number.
    recognised: HashMap<usize, &'r str>,
    /// None is read: some are drawn.
    is_drawing: bool,
    /// Which ones are to be drawn.
    wanted: BTreeSet<usize>,
    drawn: Vec<Drawn>,
    drawn_pixels: u64,
    last: usize,
    /// The number before those of a picture or a PDF, by its hash.
    known: HashMap<[u8; 32], usize>,
    unpacked: usize,
    unread: BTreeSet<usize>,
    /// Those that no recogniser is given, though words may stand on them.
    passed_over: usize,
    /// How sure the recogniser was of each picture or page on which it found words, 0 to 100, by number.
    certainties: BTreeMap<usize, f32>,
}

/// What there is to be read on a picture.
pub(crate) enum Words {
    Found(ParsedDocument),
    /// A recogniser has found none.
    None,
    /// Nobody has looked for any.
    Unread,
    /// They stand where it was met before.
    Before,
}

impl<'r> Pictures<'r> {
    pub(crate) fn recognised(recognised: &'r [RecognisedPage]) -> Pictures<'r> {
        Pictures {
            recognised: recognised.iter().map(|page| (page.page, page.hocr.as_str())).collect(),
            ..Pictures::default()
        }
    }

    /// Draws the pictures of these numbers when they are met.
    pub(crate) fn drawing(wanted: &[usize]) -> Pictures<'r> {
        Pictures {
            is_drawing: true,
            wanted: wanted.iter().copied().collect(),
            ..Pictures::default()
        }
    }

    /// As many of them as were met, or as are drawn at once.
    pub(crate) fn drawn(self) -> Vec<Drawn> {
        self.drawn
    }

    /// Whether some were to be drawn and are: whatever comes after them in the document need not be read.
    pub(crate) fn are_drawn(&self) -> bool {
        self.is_drawing && self.wanted.is_empty()
    }

    /// The one of this number is met.
    fn met(&mut self, number: usize, draw: impl FnOnce() -> Result<Picture, ParseError>) {
        if !self.wanted.remove(&number) {
            return;
        }
        let picture = draw();
        let pixels = picture.as_ref().map_or(0, |picture| picture.grey.len() as u64);
        if !self.drawn.is_empty() && self.drawn_pixels + pixels > MAX_PIXELS {
            // It is the first of the next time.
            self.wanted.clear();
            return;
        }
        self.drawn_pixels += pixels;
        self.drawn.push(Drawn { number, picture });
    }

    /// How many pictures and pages have not been read so far.
    pub(crate) fn not_read(&self) -> usize {
        self.unread.len() + self.passed_over
    }

    /// A picture: PNG, JPEG, GIF or WebP.
    pub(crate) fn read(&mut self, bytes: &[u8], format: Format) -> Words {
        let parsed = image::parse(bytes, format);
        let Some(image) = parsed.ok().and_then(|document| document.image) else {
            self.passed_over += 1;
            return Words::Unread;
        };
        if image.pixels() < MIN_PIXELS || image.width.min(image.height) < MIN_EDGE {
            return Words::Unread;
        }
        if bytes.len() > MAX_BYTES {
            self.passed_over += 1;
            return Words::Unread;
        }
        let (before, is_new) = self.numbered(bytes, 1);
        if !is_new {
            return Words::Before;
        }
        let number = before + 1;
        self.met(number, || image::draw(bytes, format));
        let Some(hocr) = self.recognised.get(&number) else {
            self.unread.insert(number);
            return Words::Unread;
        };
        match pdf::parse_picture(hocr) {
            Ok(document) if has_letters(&document.blocks) => {
                self.certainties
                    .extend(certainty(&document).map(|certainty| (number, certainty)));
                Words::Found(document)
            }
            _ => Words::None,
        }
    }

    /// Appends the words of a picture that is a part of `package`. Other kinds of pictures, and what is damaged, say nothing.
    pub(crate) fn append(&mut self, package: &mut Package<'_>, part: &str, outline: &mut Outline) {
        if self.are_drawn() {
            return;
        }
        let limit = MAX_BYTES.min(MAX_UNPACKED_BYTES.saturating_sub(self.unpacked));
        let Some(bytes) = package.bytes_once(part, limit) else {
            return;
        };
        self.unpacked += bytes.len();
        if bytes.len() > limit {
            self.passed_over += 1;
            return;
        }
        let unsaid = Said {
            media_type: "",
            file_name: None,
        };
        if let Ok(format) = Format::detect(&bytes, &unsaid)
            && format.is_image()
            && let Words::Found(document) = self.read(&bytes, format)
        {
            outline.append(document.blocks);
        }
    }

    /// A PDF, whose pages are numbered behind what was met before it.
    ///
    /// # Errors
    /// As a document of its own; and any where pages and pictures are drawn.
    pub(crate) fn read_pdf(&mut self, bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
        let file = pdf::File::open(bytes)?;
        let (before, _) = self.numbered(bytes, file.pages());
        if self.is_drawing {
            let wanted: Vec<usize> = self.wanted.range(before + 1..=before + file.pages()).copied().collect();
            for number in wanted {
                self.met(number, || file.draw(number - before));
            }
            return Err(ParseError::NoText);
        }
        let pages = (1..=file.pages()).filter_map(|page| {
            let hocr = (*self.recognised.get(&(before + page))?).to_owned();
            Some(RecognisedPage { page, hocr })
        });
        let recognised: Vec<RecognisedPage> = pages.collect();
        let read = file.read(&recognised);
        let pictures = match &read {
            Ok(document) => document.pictures.as_slice(),
            Err(error) => error.pictures(),
        };
        let unread = pictures.iter().map(|page| before + page);
        self.unread
            .extend(unread.filter(|number| !self.recognised.contains_key(number)));
        if let Ok(document) = &read
            && let Some(certainty) = certainty(document)
        {
            let with_words = recognised.iter().filter(|read| !pictures.contains(&read.page));
            self.certainties
                .extend(with_words.map(|read| (before + read.page, certainty)));
        }
        read
    }

    /// The number before those of something that has `count` of them, and whether it is met for the first time.
    fn numbered(&mut self, bytes: &[u8], count: usize) -> (usize, bool) {
        match self.known.entry(Sha256::digest(bytes).into()) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(unknown) => {
                let before = *unknown.insert(self.last);
                self.last += count;
                (before, true)
            }
        }
    }

    /// Tells the document which of them are unread, and how many were read.
    pub(crate) fn told_by(self, document: &mut ParsedDocument) {
        for (name, count) in [
            ("pictures_recognised", self.certainties.len()),
            ("pictures_not_read", self.not_read()),
        ] {
            if count > 0 {
                document.metadata.insert(name.to_owned(), count.into());
            }
        }
        let certainties: Vec<f32> = self.certainties.into_values().collect();
        document.metadata.extend(pdf::certainty(&certainties));
        document.pictures = self.unread.into_iter().collect();
    }
}

fn certainty(document: &ParsedDocument) -> Option<f32> {
    let certainty = document.metadata.get("recognition_certainty").and_then(Value::as_f64)?;
    Some(certainty as f32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::package::sample::package;

    #[test]
    fn what_comes_after_the_pictures_that_are_drawn_is_not_unpacked() {
        // No pictures, as far as that goes: one is met whatever it holds.
        let parts: Vec<String> = (0..200).map(|number| format!("media/{number}.png")).collect();
        let parts: Vec<(&str, &str)> = parts.iter().map(|name| (name.as_str(), "abcd")).collect();
        let bytes = package(&parts);
        for (wanted, unpacked) in [(2, 2 * 4), (200, 200 * 4)] {
            let (mut package, mut outline) = (Package::open(&bytes, "deck").unwrap(), Outline::default());
            let mut pictures = Pictures::drawing(&[wanted]);
            for (number, (part, _)) in (1..).zip(&parts) {
                pictures.append(&mut package, part, &mut outline);
                pictures.met(number, || Err(ParseError::NoText));
            }
            assert_eq!(pictures.unpacked, unpacked);
            assert_eq!(pictures.drawn().len(), 1);
        }
    }
}
