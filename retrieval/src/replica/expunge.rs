use std::fs;

use super::disk;
use super::state::{Phase, Remains, Replica};
use crate::error::{Error, Result};

impl Replica {
    /// Takes off the disk what the files still hold of deleted and replaced documents: rewrites the parts of the keyword index that hold any,
    /// the vectors, and drops the table of documents that was written before. Costs as much as those parts are large; searches go on meanwhile,
    /// changes wait. What it leaves behind is no more than free blocks of the file system.
    pub fn expunge(&self) -> Result<()> {
        let mut writer = self.writer()?;
        if self.read()?.remains == Remains::Nothing {
            return Ok(());
        }
        self.keyword.expunge(|| {
            self.keyword.reload()?;
            self.write()?.searcher = self.keyword.searcher();
            Ok(())
        })?;
        writer.phase = Phase::Changing;
        self.compact_vectors(&mut writer)?;
        writer.phase = Phase::Open;
        // The table as it stood when the replica was last closed; closing writes it anew.
        writer.saved_documents = None;
        disk::ignore_missing(fs::remove_file(&self.layout.documents)).map_err(Error::io(&self.layout.documents))?;
        self.write()?.remains = Remains::Nothing;
        Ok(())
    }
}
