use jobs::kinds::FoundImage;
use serde::Serialize;
use store::chunks::Chunk;
use utoipa::ToSchema;
use uuid::Uuid;

/// A piece of a document, as it is searched and cited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chunk)]
pub(crate) struct ChunkObject {
    /// Stays while its text and headings stay.
    pub(crate) id: Uuid,
    pub(crate) document_id: Uuid,
    /// Its place in the document, from 0.
    pub(crate) ordinal: i32,
    /// The headings it stands under, outermost first.
    pub(crate) headings: Vec<String>,
    /// Of a picture: its title.
    pub(crate) text: String,
    /// By the embedding model's tokenizer, title and headings included; of a picture, its words alone.
    pub(crate) tokens: i32,
    /// What it is, where it is a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<FoundImage>,
}

impl From<Chunk> for ChunkObject {
    fn from(chunk: Chunk) -> Self {
        Self {
            id: chunk.id.0,
            document_id: chunk.document_id.0,
            ordinal: chunk.ordinal,
            headings: chunk.headings,
            text: chunk.text,
            tokens: chunk.tokens,
            image: chunk.image.map(FoundImage::from),
        }
    }
}
