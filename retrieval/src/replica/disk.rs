use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use crate::documents::{Document, DocumentNumber, Documents};
use crate::error::{Error, Result};

/// The file that says that a replica was closed cleanly.
pub(crate) const CLEAN_MARKER: &str = "clean.json";

/// The files of one replica.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) marker: PathBuf,
    pub(super) keyword: PathBuf,
    pub(super) vectors: PathBuf,
    /// What formats before 3 had them in.
    older_vectors: PathBuf,
    pub(super) documents: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
            lock: root.join("replica.lock"),
            marker: root.join(CLEAN_MARKER),
            keyword: root.join("keyword"),
            vectors: root.join("vectors.f16"),
            older_vectors: root.join("vectors.f32"),
            documents: root.join("documents.jsonl"),
        }
    }

    /// Removes the replica's own files and nothing else, whatever directory a caller named by mistake.
    pub(super) fn clear(&self) -> Result<()> {
        self.remove_marker()?;
        ignore_missing(fs::remove_dir_all(&self.keyword)).map_err(Error::io(&self.keyword))?;
        for file in [&self.vectors, &self.older_vectors, &self.documents] {
            ignore_missing(fs::remove_file(file)).map_err(Error::io(file))?;
        }
        Ok(())
    }

    /// On disk before anything else changes, so that a loss of power cannot bring the marker back.
    pub(super) fn remove_marker(&self) -> Result<()> {
        match fs::remove_file(&self.marker) {
            Ok(()) => sync_directory(&self.root),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::io(&self.marker)(error)),
        }
    }

    pub(super) fn sync_keyword(&self) -> Result<()> {
        for entry in fs::read_dir(&self.keyword).map_err(Error::io(&self.keyword))? {
            let path = entry.map_err(Error::io(&self.keyword))?.path();
            File::open(&path)
                .and_then(|file| file.sync_data())
                .map_err(Error::io(&path))?;
        }
        sync_directory(&self.keyword)
    }

    /// CRC-32 of tantivy's list of segments.
    pub(super) fn keyword_checksum(&self) -> Result<u32> {
        let path = self.keyword.join("meta.json");
        fs::read(&path)
            .map(|bytes| crc32fast::hash(&bytes))
            .map_err(Error::io(&path))
    }
}

pub(super) fn ignore_missing(outcome: std::io::Result<()>) -> std::io::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(super) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(Error::io(path))
}

/// Puts a file in place whole or not at all, on disk when this returns.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(Error::io(path))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Writes the table of documents, one JSON line each, and answers its CRC-32.
pub(super) fn write_documents(path: &Path, documents: &Documents) -> Result<u32> {
    let mut checksum = Hasher::new();
    let mut file = BufWriter::new(File::create(path).map_err(Error::io(path))?);
    for entry in documents.iter() {
        let mut line = serde_json::to_vec(&entry).map_err(|error| Error::io(path)(error.into()))?;
        line.push(b'\n');
        checksum.update(&line);
        file.write_all(&line).map_err(Error::io(path))?;
    }
    let file = file.into_inner().map_err(|error| Error::io(path)(error.into_error()))?;
    file.sync_all().map_err(Error::io(path))?;
    Ok(checksum.finalize())
}

/// Reads the table of documents with its CRC-32; `None` when a line is not what was written.
pub(super) fn read_documents(path: &Path) -> Result<Option<(Documents, u32)>> {
    let mut reader = BufReader::new(File::open(path).map_err(Error::io(path))?);
    let mut checksum = Hasher::new();
    let mut documents = Documents::default();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(Error::io(path))? > 0 {
        checksum.update(&line);
        let Ok((number, document)) = serde_json::from_slice::<(DocumentNumber, Document)>(&line) else {
            return Ok(None);
        };
        documents.insert(number, document);
        line.clear();
    }
    Ok(Some((documents, checksum.finalize())))
}
