use crate::bench::rig::Rig;
use anyhow::Context as _;
use serde_json::json;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use store::{KnowledgeBaseId, TenantId, documents, knowledge_bases};
use uuid::Uuid;

/// Documents read at a time.
const PAGE: usize = 500;

/// One chunk of a base, as it was indexed.
pub(super) struct Chunk {
    pub(super) id: Uuid,
    pub(super) document: Uuid,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) embed_text: String,
    pub(super) vector: Vec<f32>,
}

/// Every chunk of a base, by document and place.
pub(super) struct Chunks(pub(super) Vec<Chunk>);

impl Chunks {
    pub(super) async fn of_base(rig: &Rig, tenant: TenantId, base: KnowledgeBaseId) -> anyhow::Result<Self> {
        let store = &rig.context.store;
        let (model, ids) = store
            .tenant(tenant, async |tx| {
                let model = knowledge_bases::find(tx, base).await?.embedding_model;
                Ok::<_, store::StoreError>((model, documents::ids_of_base(tx, base, i64::MAX).await?))
            })
            .await?;
        let mut all = Vec::new();
        for page in ids.chunks(PAGE) {
            let read = store
                .tenant(tenant, async |tx| documents::indexed(tx, &model, page).await)
                .await?;
            for document in read {
                let title = document.title;
                all.extend(document.chunks.into_iter().map(|chunk| Chunk {
                    id: chunk.id.0,
                    document: document.id.0,
                    title: title.clone(),
                    text: chunk.text,
                    embed_text: chunk.embed_text,
                    vector: chunk.vector,
                }));
            }
        }
        Ok(Self(all))
    }

    /// `chunks.jsonl` with {id, document, title, text}, `text` being what is indexed and embedded, and `vectors.f32`: little-endian, in the same order.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut lines = BufWriter::new(File::create(folder.join("chunks.jsonl"))?);
        for chunk in &self.0 {
            let line =
                json!({ "id": chunk.id, "document": chunk.document, "title": chunk.title, "text": chunk.embed_text });
            writeln!(lines, "{line}")?;
        }
        lines.flush()?;
        write_vectors(
            &folder.join("vectors.f32"),
            self.0.iter().map(|chunk| chunk.vector.as_slice()),
        )
    }
}

/// Little-endian f32, one vector after the other.
pub(super) fn write_vectors<'a>(path: &Path, vectors: impl Iterator<Item = &'a [f32]>) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for vector in vectors {
        file.write_all(&store::embeddings::to_bytes(vector))?;
    }
    Ok(file.flush()?)
}
