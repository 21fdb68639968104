use std::path::{Path, PathBuf};

use retrieval::{
    Acl, DocumentChange, Facts, Hits, IndexedChunk, IndexedDocument, Language, Mode, Query, Replica, ReplicaOptions,
    Viewer,
};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const DIMENSIONS: usize = 4;

pub(crate) fn options() -> ReplicaOptions {
    ReplicaOptions::new(Language::English, "test-model", DIMENSIONS)
}

/// A replica in a directory of its own.
pub(crate) struct Base {
    pub(crate) directory: TempDir,
    pub(crate) replica: Replica,
}

impl Base {
    pub(crate) fn new() -> Self {
        Self::with(options())
    }

    pub(crate) fn with(options: ReplicaOptions) -> Self {
        let directory = TempDir::new().unwrap();
        let replica = Replica::open(directory.path(), options).unwrap();
        Self { directory, replica }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn put(&self, documents: Vec<IndexedDocument>) {
        let cursor = self.replica.cursor() + 1;
        self.replica
            .apply(documents.into_iter().map(DocumentChange::Upsert).collect(), cursor)
            .unwrap();
    }

    pub(crate) fn search(&self, mode: Mode, text: &str, vector: [f32; DIMENSIONS]) -> Hits {
        self.replica.search(&query(mode, text, vector)).unwrap()
    }

    /// The documents found by a keyword search of the tenant.
    pub(crate) fn keyword(&self, text: &str) -> Vec<u128> {
        ids(&self.search(Mode::Keyword, text, [0.0; DIMENSIONS]))
    }
}

pub(crate) fn query(mode: Mode, text: &str, vector: [f32; DIMENSIONS]) -> Query {
    Query {
        mode,
        ..Query::new(text, Some(vector.to_vec()), Viewer::Tenant)
    }
}

pub(crate) fn ids(hits: &Hits) -> Vec<u128> {
    hits.documents().into_iter().map(|(id, _)| id.as_u128()).collect()
}

/// A document of one chunk, not public, whose vector points along the first axis.
pub(crate) fn document(id: u128, text: &str) -> IndexedDocument {
    IndexedDocument {
        document_id: Uuid::from_u128(id),
        title: format!("Document {id}"),
        metadata: json!({}),
        facts: Facts::default(),
        acl: Acl::default(),
        chunks: vec![chunk(id, 0, text, [1.0, 0.0, 0.0, 0.0])],
    }
}

pub(crate) fn chunk(document: u128, ordinal: u32, text: &str, vector: [f32; DIMENSIONS]) -> IndexedChunk {
    IndexedChunk {
        chunk_id: Uuid::from_u128(document * 1000 + u128::from(ordinal)),
        ordinal,
        headings: vec!["Heading".to_owned()],
        text: text.to_owned(),
        embed_text: text.to_owned(),
        vector: vector.to_vec(),
    }
}

pub(crate) fn with_vector(mut document: IndexedDocument, vector: [f32; DIMENSIONS]) -> IndexedDocument {
    for chunk in &mut document.chunks {
        chunk.vector = vector.to_vec();
    }
    document
}

/// The directory of public data sets, which is not part of the repository.
pub(crate) fn data_directory() -> PathBuf {
    #[allow(
        clippy::disallowed_methods,
        reason = "tests are told where the data sets are by the environment"
    )]
    let given = std::env::var_os("VISUALKIT_DATA_EVAL_DIR");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    workspace.join(given.map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from))
}
