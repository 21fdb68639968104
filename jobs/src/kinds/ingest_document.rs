use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use store::DocumentId;
use utoipa::ToSchema;

/// Makes one submitted version of a document searchable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IngestDocument {
    pub document_id: DocumentId,
    pub version: i32,
}

impl Kind for IngestDocument {
    const NAME: &'static str = "ingest_document";
    const POOL: Pool = Pool::Ingest;
    const STEPS: &'static [&'static str] = &["fetch", "parse", "chunk", "embed", "index", "verify"];
}

/// What ingesting did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IngestedDocument {
    /// The content, title, metadata and access list were those that are served already: nothing was done.
    pub unchanged: bool,
    /// A newer submission of the document was ready first: nothing was done.
    pub superseded: bool,
    pub chunks: usize,
    /// Chunks whose text had to be embedded by the attempt that succeeded; the others' vectors were known, or kept by an attempt before it.
    pub embedded: usize,
    /// The knowledge base's change number from which on searches see it.
    pub index_seq: Option<i64>,
}
