use super::wire::{Drawing, Outcome, Task};
use super::{Parser, ParserError, Unparsed};
use crate::recogniser::Page;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The pixels of one page, a byte each, are 40 million at most, and those of several pictures no more; the answer is before them.
pub(super) const BYTES_MAX: usize = 48 << 20;
/// So many are asked for at once: to draw one picture inside a document, the document is read up to it.
const AT_ONCE: usize = 32;

/// Draws the pages or pictures of a document, one after the other as they are asked for, and some ahead.
pub(super) struct Drawings<'p> {
    parser: &'p Parser,
    unparsed: &'p Unparsed,
    drawn: HashMap<usize, Result<Page, ParserError>>,
    /// One of several took the parser down: from then on each is drawn alone.
    alone: bool,
    took: Duration,
}

impl<'p> Drawings<'p> {
    pub(super) fn new(parser: &'p Parser, unparsed: &'p Unparsed) -> Self {
        Self {
            parser,
            unparsed,
            drawn: HashMap::new(),
            alone: false,
            took: Duration::ZERO,
        }
    }

    /// Whether drawing has taken as long as it may, for all of a document. What is drawn is still to be had.
    pub(super) fn are_over(&self, page: usize) -> bool {
        self.took >= self.parser.recogniser.drawing_time() && !self.drawn.contains_key(&page)
    }

    /// The page, or the picture, of this number; `next` are those that will be asked for.
    pub(super) async fn take(&mut self, page: usize, next: impl Iterator<Item = usize>) -> Result<Page, ParserError> {
        if !self.drawn.contains_key(&page) {
            let began = Instant::now();
            let asked: Vec<usize> = std::iter::once(page).chain(next).take(AT_ONCE).collect();
            let drawn = self.draw(asked).await;
            self.took += began.elapsed();
            // Of others that were drawn ahead and passed over, nothing is kept.
            self.drawn = drawn?;
        }
        let none = || ParserError::Crashed {
            how: "it drew something else".to_owned(),
        };
        self.drawn.remove(&page).unwrap_or_else(|| Err(none()))
    }

    async fn draw(&mut self, pages: Vec<usize>) -> Result<HashMap<usize, Result<Page, ParserError>>, ParserError> {
        let first: Vec<usize> = pages.iter().copied().take(1).collect();
        if self.alone || pages.len() == 1 {
            return self.run(first).await;
        }
        match self.run(pages).await {
            Err(error) if error.is_of_the_parser() => {
                tracing::warn!(
                    outcome = error.outcome(),
                    "the pictures of a document are drawn one at a time"
                );
                self.alone = true;
                self.run(first).await
            }
            drawn => drawn,
        }
    }

    async fn run(&self, pages: Vec<usize>) -> Result<HashMap<usize, Result<Page, ParserError>>, ParserError> {
        let (answer, pictures) = self.parser.run(self.unparsed, Task::Draw { pages }).await?;
        match answer.outcome {
            Outcome::Drawn(drawn) => {
                let mut rest = pictures.as_slice();
                let taken = drawn.into_iter().map(|drawn| {
                    let number = drawn.number;
                    (number, picture(drawn, &mut rest))
                });
                Ok(taken.collect())
            }
            Outcome::Refused { code, message } => Err(ParserError::Refused {
                format: answer.format,
                code,
                message,
                pictures: Vec::new(),
            }),
            Outcome::Read(_) => Err(ParserError::Crashed {
                how: "it read what it was to draw".to_owned(),
            }),
        }
    }
}

/// Takes the picture from what follows the answer.
fn picture(drawn: Drawing, rest: &mut &[u8]) -> Result<Page, ParserError> {
    match drawn.picture {
        Ok(picture) => {
            let cut_off = || ParserError::Crashed {
                how: "it cut a picture off".to_owned(),
            };
            let (bytes, others) = rest.split_at_checked(picture.bytes).ok_or_else(cut_off)?;
            *rest = others;
            Ok(Page {
                picture: bytes.to_vec(),
                dots_per_inch: picture.dots_per_inch,
            })
        }
        Err(refusal) => Err(ParserError::Refused {
            format: None,
            code: refusal.code,
            message: refusal.message,
            pictures: Vec::new(),
        }),
    }
}
