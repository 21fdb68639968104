use std::fs::{self, File};
use std::path::Path;

use uuid::Uuid;

use super::disk::{self, Layout};
use super::marker::{BuiltFor, Marker};
use super::options::ReplicaOptions;
use super::state::{Phase, Remains, Replica, State, Writer};
use crate::documents::Documents;
use crate::error::{Error, Result};
use crate::keyword::KeywordIndex;
use crate::slot::lock_file;
use crate::vectors::{FlatVectors, VectorFile};

impl Replica {
    /// Opens the replica in `directory` where it was closed, or creates an empty one at cursor 0: when there is none,
    /// it was not closed, a file is damaged or missing, or it was built for other options.
    pub fn open(directory: &Path, options: ReplicaOptions) -> Result<Self> {
        options.check()?;
        fs::create_dir_all(directory).map_err(Error::io(directory))?;
        let layout = Layout::new(directory);
        let lock = match lock_file(&layout.lock) {
            Err(Error::Locked(_)) => return Err(Error::Locked(directory.to_path_buf())),
            outcome => outcome?,
        };
        let loaded = load(&layout, &options).unwrap_or_else(|error| Loaded::Unusable(error.to_string()));
        let (keyword, vector_file, contents) = match loaded {
            Loaded::Whole(parts) => *parts,
            Loaded::Nothing => create(&layout, &options)?,
            Loaded::Unusable(reason) => {
                tracing::warn!(replica.directory = %directory.display(), reason, "the replica is rebuilt from empty");
                create(&layout, &options)?
            }
        };
        layout.remove_marker()?;
        Ok(assemble(options, layout, keyword, vector_file, contents, lock))
    }
}

/// The parts of a replica on disk.
type Parts = (KeywordIndex, VectorFile, Contents);

struct Contents {
    documents: Documents,
    vectors: FlatVectors,
    cursor: u64,
    era: Option<Uuid>,
    next_number: u64,
    remains: Remains,
    saved_documents: Option<u32>,
}

enum Loaded {
    Whole(Box<Parts>),
    Nothing,
    /// With the reason.
    Unusable(String),
}

fn load(layout: &Layout, options: &ReplicaOptions) -> Result<Loaded> {
    let unusable = |reason: &str| Ok(Loaded::Unusable(reason.to_owned()));
    if !layout.keyword.exists() {
        return Ok(Loaded::Nothing);
    }
    let Some(marker) = Marker::read(&layout.marker) else {
        return unusable("it was not closed");
    };
    if marker.built_for != BuiltFor::now(options) {
        return unusable("it was built for other options");
    }
    if layout.keyword_checksum()? != marker.keyword_checksum {
        return unusable("the list of segments is damaged");
    }
    let Some(keyword) = KeywordIndex::open(&layout.keyword, options.language, options.writer_memory_bytes)? else {
        return unusable("the keyword index is damaged");
    };
    let (vector_file, values) = VectorFile::open(&layout.vectors)?;
    if vector_file.checksum() != marker.vectors_checksum {
        return unusable("the vectors are damaged");
    }
    let Some((documents, documents_checksum)) = disk::read_documents(&layout.documents)? else {
        return unusable("the documents are damaged");
    };
    if documents_checksum != marker.documents_checksum {
        return unusable("the documents are damaged");
    }
    let legs_agree = keyword.searcher().num_docs() == documents.chunk_count() as u64;
    if keyword.cursor()? != Some(marker.cursor) || !legs_agree {
        return unusable("its legs stand at different cursors");
    }
    let contents = Contents {
        documents,
        vectors: FlatVectors::new(options.dimensions, values),
        cursor: marker.cursor,
        era: marker.era,
        next_number: marker.next_number,
        remains: marker.remains,
        saved_documents: Some(documents_checksum),
    };
    Ok(Loaded::Whole(Box::new((keyword, vector_file, contents))))
}

fn create(layout: &Layout, options: &ReplicaOptions) -> Result<Parts> {
    layout.clear()?;
    let keyword = KeywordIndex::create(&layout.keyword, options.language, options.writer_memory_bytes)?;
    let vector_file = VectorFile::create(&layout.vectors)?;
    let contents = Contents {
        documents: Documents::default(),
        vectors: FlatVectors::new(options.dimensions, Vec::new()),
        cursor: 0,
        era: None,
        next_number: 0,
        remains: Remains::Nothing,
        saved_documents: None,
    };
    Ok((keyword, vector_file, contents))
}

fn assemble(
    options: ReplicaOptions,
    layout: Layout,
    keyword: KeywordIndex,
    vector_file: VectorFile,
    contents: Contents,
    lock: File,
) -> Replica {
    let state = State {
        searcher: keyword.searcher(),
        documents: contents.documents,
        vectors: contents.vectors,
        cursor: contents.cursor,
        era: contents.era,
        remains: contents.remains,
    };
    let writer = Writer {
        phase: Phase::Open,
        vector_file,
        next_number: contents.next_number,
        saved_documents: contents.saved_documents,
        lock: Some(lock),
    };
    Replica::assemble(options, layout, keyword, state, writer)
}
