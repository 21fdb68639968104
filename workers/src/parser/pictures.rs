use super::wire::{Outcome, Task};
use super::{PagesRead, Parser, ParserError, Unparsed};
use crate::recogniser::{Page, RecogniserError};
use documents::RecognisedPage;

/// A byte a pixel, of 40 million at most, and the answer before them.
pub(super) const BYTES_MAX: usize = 48 << 20;

/// Why a page that is a picture stays without text.
enum NotRead {
    NotDrawn(ParserError),
    NotRecognised(RecogniserError),
}

impl Parser {
    /// Reads `pages` that are pictures, as many as the settings allow; those that cannot be read stay without text. `None`: there are none, or no recogniser is
    /// installed.
    ///
    /// # Errors
    /// The recogniser cannot be started, or fails on every page.
    pub(super) async fn recognise(
        &self,
        unparsed: &Unparsed,
        pages: &[usize],
        progress: PagesRead<'_>,
    ) -> Result<Option<Vec<RecognisedPage>>, ParserError> {
        if pages.is_empty() {
            return Ok(None);
        }
        let unavailable = |why: String| ParserError::RecogniserUnavailable { why };
        let Some(installed) = self.recogniser.installed().await.map_err(unavailable)? else {
            return Ok(None);
        };
        let most = self.recogniser.pages_max();
        if pages.len() > most {
            tracing::warn!(pages = pages.len(), most, "more pages are pictures than are read");
        }
        let pages = pages.get(..most).unwrap_or(pages);
        let (mut recognised, mut failure) = (Vec::new(), None);
        // All of it is kept until the document is parsed with it.
        let (mut bytes, bytes_max) = (0, self.settings.output_mb << 20);
        for (read, &page) in pages.iter().enumerate() {
            progress(read, pages.len());
            let hocr = match self.draw(unparsed, page).await {
                Ok(drawn) => {
                    let read = self.recogniser.read(installed, drawn, &unparsed.language).await;
                    read.map_err(NotRead::NotRecognised)
                }
                Err(error) => Err(NotRead::NotDrawn(error)),
            };
            match hocr {
                Ok(hocr) => {
                    bytes += hocr.len();
                    recognised.push(RecognisedPage { page, hocr });
                }
                Err(NotRead::NotDrawn(error @ ParserError::Unavailable { .. })) => return Err(error),
                Err(NotRead::NotRecognised(RecogniserError::Unavailable { why })) => return Err(unavailable(why)),
                Err(error) => {
                    let why = error.why();
                    tracing::warn!(page, why, "a page that is a picture was not read");
                    failure = Some(why);
                }
            }
            if bytes > bytes_max {
                tracing::warn!(
                    page,
                    "the pages so far have as much text as is kept: the others are not read"
                );
                break;
            }
        }
        progress(pages.len(), pages.len());
        match failure {
            Some(why) if recognised.is_empty() => Err(ParserError::NotRecognised { why }),
            _ => Ok(Some(recognised)),
        }
    }

    async fn draw(&self, unparsed: &Unparsed, page: usize) -> Result<Page, ParserError> {
        let (answer, picture) = self.run(unparsed, Task::Draw { page }).await?;
        match answer.outcome {
            Outcome::Drawn { dots_per_inch } => Ok(Page { picture, dots_per_inch }),
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

impl NotRead {
    fn why(&self) -> String {
        match self {
            Self::NotDrawn(error) => format!("it could not be drawn ({})", error.outcome()),
            Self::NotRecognised(error) => error.to_string(),
        }
    }
}
