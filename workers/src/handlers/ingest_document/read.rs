use crate::embedding_models::Model;
use crate::{JobContext, JobError};
use documents::Format;
use jobs::kinds::IngestDocument;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::documents::{Ready, Version, lock_for_ingest, version};
use store::knowledge_bases::KnowledgeBase;
use store::{StoreError, blobs, knowledge_bases};

/// Grows when content that has not changed must be ingested again all the same, which embeds it again. Other cuts alone are no reason: they come with the next
/// change of a document.
const PIPELINE_VERSION: u8 = 11;

/// A submission with everything its index entries depend on.
pub(super) struct Source {
    pub(super) version: Version,
    pub(super) ready: Ready,
    pub(super) base: KnowledgeBase,
    /// By which it is cut, and found from the moment it is ready.
    pub(super) model: Model,
    /// Of the base's other index, while it is migrated.
    pub(super) other: Option<Model>,
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) fingerprint: Vec<u8>,
}

impl Source {
    /// Whether this is what search serves already.
    pub(super) fn is_unchanged(&self) -> bool {
        self.ready.ready_version.is_some() && self.ready.fingerprint.as_ref() == Some(&self.fingerprint)
    }

    /// What its texts are embedded with; always in one order, so that transactions which write the same vectors wait for each other in it.
    pub(super) fn models(&self) -> Vec<&Model> {
        let mut models: Vec<&Model> = std::iter::once(&self.model).chain(&self.other).collect();
        models.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        models
    }

    /// The media type of what was found: as it was said where that is right, parameters included.
    pub(super) fn media_type(&self, format: Format) -> String {
        let said = &self.version.mime_type;
        match Format::of_media_type(said) == Some(format) {
            true => said.clone(),
            false => format.media_type().to_owned(),
        }
    }

    /// What a document is called that names itself nowhere.
    pub(super) fn fallback_title(&self) -> String {
        let stem = self
            .version
            .file_name
            .as_deref()
            .map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem));
        stem.filter(|stem| !stem.is_empty())
            .unwrap_or(&self.ready.title)
            .to_owned()
    }
}

/// Reads the submission; `None` when a newer one was ready first, or the document is gone.
pub(super) async fn read(job: &JobContext, asked: &IngestDocument) -> Result<Option<Source>, JobError> {
    let read = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let version = version(tx, asked.document_id, asked.version).await?;
            let ready = lock_for_ingest(tx, asked.document_id).await?;
            let head = knowledge_bases::heads(tx, &[ready.knowledge_base_id]).await?.pop();
            let head = head.ok_or(StoreError::NotFound { what: "knowledge base" })?;
            let bytes = blobs::read(tx, version.blob_id).await?;
            Ok::<_, StoreError>((version, ready, head, bytes))
        })
        .await;
    let (version, ready, head, bytes) = match read {
        Err(StoreError::NotFound { .. }) => return Ok(None),
        read => read?,
    };
    let base = head.base;
    let model = job.app.models.find(&base.embedding_model)?;
    model.check()?;
    let other = head
        .other
        .filter(|other| other.embedding_model != base.embedding_model)
        .map(|other| job.app.models.find(&other.embedding_model))
        .transpose()?;
    other.as_ref().map_or(Ok(()), Model::check)?;
    let fingerprint = fingerprint(&version, &base, &bytes);
    Ok(Some(Source {
        version,
        ready,
        base,
        model,
        other,
        bytes: Arc::new(bytes),
        fingerprint,
    }))
}

fn fingerprint(version: &Version, base: &KnowledgeBase, bytes: &[u8]) -> Vec<u8> {
    let (metadata, acl) = (version.metadata.to_string(), version.acl.to_string());
    let texts = [
        base.embedding_model.as_str(),
        version.mime_type.as_str(),
        version.title.as_deref().unwrap_or(""),
        version.file_name.as_deref().unwrap_or(""),
        metadata.as_str(),
        acl.as_str(),
    ];
    let mut hash = Sha256::new_with_prefix([PIPELINE_VERSION, u8::from(version.title.is_some())]);
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.update(bytes);
    hash.finalize().to_vec()
}
