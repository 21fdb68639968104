use super::drawings::Drawings;
use super::{Pages, Parser, ParserError, Unparsed};
use crate::recogniser::{Installed, Page, RecogniserError};
use documents::RecognisedPage;
use std::collections::HashMap;
use store::StoreError;

/// What failed, so that a page or a picture stays without text.
enum NotRead {
    Drawing(ParserError),
    Recognising(RecogniserError),
    Keeping(StoreError),
}

impl Parser {
    /// Reads the pages or pictures `pictures`, as many as the settings allow; those that cannot be read stay without text. `None`: there are none, or no recogniser is
    /// installed.
    ///
    /// # Errors
    /// The recogniser cannot be started, or fails on every page; or a page is not kept.
    pub(super) async fn recognise(
        &self,
        unparsed: &Unparsed,
        pictures: &[usize],
        pages: &impl Pages,
    ) -> Result<Option<Vec<RecognisedPage>>, ParserError> {
        if pictures.is_empty() {
            return Ok(None);
        }
        let unavailable = |why: String| ParserError::RecogniserUnavailable { why };
        let Some(installed) = self.recogniser.installed().await.map_err(unavailable)? else {
            return Ok(None);
        };
        let most = self.recogniser.pages_max();
        if pictures.len() > most {
            tracing::warn!(
                pages = pictures.len(),
                most,
                "more pages and pictures are to be read than are"
            );
        }
        let pictures = pictures.get(..most).unwrap_or(pictures);
        let languages = self.recogniser.languages(installed, &unparsed.language);
        let kept = pages.kept(&languages).await.map_err(ParserError::NotKept)?;
        let mut kept: HashMap<usize, RecognisedPage> = kept.into_iter().map(|page| (page.page, page)).collect();
        let (mut recognised, mut failure) = (Vec::new(), None);
        let (mut drawings, mut left_out) = (Drawings::new(self, unparsed), 0);
        // All of it is kept until the document is parsed with it.
        let (mut bytes, bytes_max) = (0, self.settings.output_mb << 20);
        for (read, &page) in pictures.iter().enumerate() {
            pages.read(read, pictures.len());
            let read = match kept.remove(&page) {
                Some(kept) => Ok(kept),
                None if drawings.are_over(page) => {
                    left_out += 1;
                    continue;
                }
                None => {
                    let next = pictures.get(read + 1..).unwrap_or_default().iter().copied();
                    let drawn = drawings.take(page, next.filter(|page| !kept.contains_key(page))).await;
                    self.read_page((page, drawn), installed, &languages, pages).await
                }
            };
            match read {
                Ok(read) => {
                    bytes += read.hocr.len();
                    recognised.push(read);
                }
                Err(NotRead::Keeping(error)) => return Err(ParserError::NotKept(error)),
                Err(NotRead::Drawing(error @ ParserError::Unavailable { .. })) => return Err(error),
                Err(NotRead::Recognising(RecogniserError::Unavailable { why })) => return Err(unavailable(why)),
                Err(error) => {
                    let why = error.why();
                    tracing::warn!(page, why, "a page or a picture was not read");
                    failure = Some(why);
                }
            }
            if bytes > bytes_max {
                tracing::warn!(
                    page,
                    "the pages and pictures so far have as much text as is kept: the others are not read"
                );
                break;
            }
        }
        if left_out > 0 {
            tracing::warn!(
                left_out,
                "drawing pages and pictures took as long as it may: the others are not read"
            );
        }
        pages.read(pictures.len(), pictures.len());
        match failure {
            Some(why) if recognised.is_empty() => Err(ParserError::NotRecognised { why }),
            _ => Ok(Some(recognised)),
        }
    }

    async fn read_page(
        &self,
        (page, drawn): (usize, Result<Page, ParserError>),
        installed: &Installed,
        languages: &str,
        pages: &impl Pages,
    ) -> Result<RecognisedPage, NotRead> {
        let drawn = drawn.map_err(NotRead::Drawing)?;
        let hocr = self.recogniser.read(installed, drawn, languages).await;
        let hocr = hocr.map_err(NotRead::Recognising)?;
        let read = RecognisedPage { page, hocr };
        pages.keep(languages, &read).await.map_err(NotRead::Keeping)?;
        Ok(read)
    }
}

impl NotRead {
    fn why(&self) -> String {
        match self {
            Self::Drawing(error) => format!("it could not be drawn ({})", error.outcome()),
            Self::Recognising(error) => error.to_string(),
            Self::Keeping(error) => error.to_string(),
        }
    }
}
