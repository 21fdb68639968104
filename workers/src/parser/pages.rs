use documents::RecognisedPage;
use std::future::Future;
use store::StoreError;

/// Pages that are pictures, and pictures in documents, while they are read: who is told of them, and keeps them for another attempt. A page takes about a second, and a document may have hundreds.
pub(crate) trait Pages: Sync {
    /// So many pages have been read, of how many.
    fn read(&self, done: usize, total: usize);

    /// Those that an earlier attempt read in these languages.
    fn kept(&self, languages: &str) -> impl Future<Output = Result<Vec<RecognisedPage>, StoreError>> + Send;

    /// # Errors
    /// [`StoreError::NotFound`] when nobody waits for the document any more.
    fn keep(&self, languages: &str, page: &RecognisedPage) -> impl Future<Output = Result<(), StoreError>> + Send;
}
