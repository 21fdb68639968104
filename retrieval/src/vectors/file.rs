use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use half::f16;

use crate::error::{Error, Result};

/// The vectors on disk: rows of little-endian f16 (IEEE 754 half precision), appended, nothing else.
#[derive(Debug)]
pub(crate) struct VectorFile {
    path: PathBuf,
    file: File,
    checksum: Hasher,
}

impl VectorFile {
    /// An empty file in the place of whatever was there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(Error::io(path))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            checksum: Hasher::new(),
        })
    }

    /// Opens for appending and reads every value; the checksum then tells whether they are what was written.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<f16>)> {
        let mut file = File::options()
            .read(true)
            .append(true)
            .open(path)
            .map_err(Error::io(path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::io(path))?;
        let mut checksum = Hasher::new();
        checksum.update(&bytes);
        let (values, _) = bytes.as_chunks::<2>();
        let values = values.iter().map(|&value| f16::from_le_bytes(value)).collect();
        Ok((
            Self {
                path: path.to_path_buf(),
                file,
                checksum,
            },
            values,
        ))
    }

    /// CRC-32 of the whole file.
    pub(crate) fn checksum(&self) -> u32 {
        self.checksum.clone().finalize()
    }

    pub(crate) fn append(&mut self, values: &[f16]) -> Result<()> {
        let mut writer = BufWriter::with_capacity(1 << 16, &self.file);
        for block in values.chunks(1024) {
            let bytes: Vec<u8> = block.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.checksum.update(&bytes);
            writer.write_all(&bytes).map_err(Error::io(&self.path))?;
        }
        writer.flush().map_err(Error::io(&self.path))
    }

    /// Replaces the whole content.
    pub(crate) fn rewrite(&mut self, values: &[f16]) -> Result<()> {
        let temporary = self.path.with_extension("new");
        let mut fresh = Self::create(&temporary)?;
        fresh.append(values)?;
        fs::rename(&temporary, &self.path).map_err(Error::io(&temporary))?;
        fresh.path.clone_from(&self.path);
        *self = fresh;
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(Error::io(&self.path))
    }
}
