//! The embedding models that this process can use: each knowledge base names one.
use crate::embedding_call::{QueryVectors, RemoteCaller, remote_embedder};
use crate::{JobContext, JobError};
use config::ModelSettings;
use documents::CountTokens;
use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingInput, EmbeddingPurpose, ImageFault, InputMeasure};
use integrations::http::GuardedClient;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Texts and pictures a call at most: between two calls a cancellation is heard, progress is told and what there is, is kept.
const CALL_TEXTS_MAX: usize = 64;

/// All models of the catalogue; cheap to clone.
#[derive(Clone)]
pub struct EmbeddingModels(Arc<Inner>);

struct Inner {
    models: BTreeMap<String, Model>,
    /// Those that can be used and read pictures.
    image_readers: Vec<String>,
    query_vectors: QueryVectors,
}

/// One model, and how it is reached; cheap to clone.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) name: Arc<str>,
    /// Numbers in a vector.
    pub(crate) dimensions: usize,
    computed: Computed,
}

#[derive(Clone)]
enum Computed {
    Here(Arc<dyn Embedder>),
    There(Arc<RemoteCaller>),
    /// Why not.
    Nowhere(Arc<str>),
}

/// Why a model of a vendor cannot be used here: `key` names what is missing.
pub(crate) fn lacks_key(name: &str, key: Option<&str>) -> Arc<str> {
    let key = key.unwrap_or("its key");
    format!("{name} cannot be used: this process has no {key}.").into()
}

impl EmbeddingModels {
    /// The models of `settings`: of the local ones those that `locals` holds, by their ids. A remote one whose provider has no key can be named, and
    /// used for nothing but to search by keywords.
    ///
    /// # Errors
    /// A base URL or key that cannot be used.
    pub fn of(
        settings: &ModelSettings,
        locals: Vec<Arc<dyn Embedder>>,
        client: &GuardedClient,
    ) -> Result<Self, IntegrationError> {
        let mut models = BTreeMap::new();
        for embedder in locals {
            let model = Model {
                name: embedder.model().id.as_str().into(),
                dimensions: embedder.model().dimensions,
                computed: Computed::Here(embedder),
            };
            models.insert(model.name.to_string(), model);
        }
        for (name, of) in &settings.catalogue {
            let Some(credential) = of.credential(name) else {
                continue;
            };
            let computed = match remote_embedder(settings, name, client)? {
                Some(embedder) => Computed::There(Arc::new(RemoteCaller::new(embedder, credential))),
                None => Computed::Nowhere(lacks_key(name, of.provider.key_name())),
            };
            let model = Model {
                name: name.as_str().into(),
                dimensions: of.dimensions,
                computed,
            };
            models.insert(name.clone(), model);
        }
        Ok(Self(Arc::new(Inner {
            models,
            image_readers: settings.available_image_readers().map(str::to_owned).collect(),
            query_vectors: QueryVectors::default(),
        })))
    }

    /// # Errors
    /// That this system does not run the model.
    pub(crate) fn find(&self, name: &str) -> Result<Model, JobError> {
        self.0.models.get(name).cloned().ok_or_else(|| {
            JobError::permanent(
                "model_unavailable",
                format!("The knowledge base is embedded with {name}, which this system does not run."),
            )
        })
    }

    /// The models that a picture may be embedded with, by name.
    pub(crate) fn image_readers(&self) -> &[String] {
        &self.0.image_readers
    }

    pub(crate) fn reads_images(&self, model: &Model) -> bool {
        self.0.image_readers.iter().any(|name| **name == *model.name)
    }

    /// The vector of a question: where somebody waits for it, whatever holds it up is said at once.
    pub(crate) async fn query_vector(&self, job: &JobContext, name: &str, query: &str) -> Result<Vec<f32>, JobError> {
        let model = self.find(name)?;
        match &model.computed {
            Computed::Here(embedder) => Ok(embedder.embed_query(query.to_owned()).await?),
            Computed::Nowhere(why) => Err(JobError::not_configured(&**why).said_to(job)),
            Computed::There(caller) => {
                let known = &self.0.query_vectors;
                if let Some(vector) = known.get(job.tenant(), name, query) {
                    return Ok(vector);
                }
                let called = caller
                    .call(job, &[query.to_owned().into()], EmbeddingPurpose::Query)
                    .await;
                let vectors = called.map_err(|error| error.said_to(job))?;
                let vector = vectors.into_iter().next().unwrap_or_default();
                known.put(job.tenant(), name, query, &vector);
                Ok(vector)
            }
        }
    }
}

impl Model {
    /// The most tokens of a chunk, as this model counts them here.
    pub(crate) fn chunk_tokens_max(&self) -> usize {
        match &self.computed {
            Computed::Here(embedder) => embedder.model().content_tokens_max(),
            Computed::There(caller) => caller.embedder.chunk_tokens_max(),
            Computed::Nowhere(_) => 0,
        }
    }

    /// Whether it can be used here at all; asked before work is begun.
    ///
    /// # Errors
    /// That the job must wait for a process that has the key.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        match &self.computed {
            Computed::Nowhere(why) => Err(JobError::not_configured(&**why)),
            _ => Ok(()),
        }
    }

    /// Whether a job that was put off for a budget would still have to wait for a call.
    ///
    /// # Errors
    /// That it must wait.
    pub(crate) async fn look_at_budget(&self, job: &JobContext) -> Result<(), JobError> {
        match &self.computed {
            Computed::There(caller) => caller.look(job).await,
            Computed::Here(_) | Computed::Nowhere(_) => Ok(()),
        }
    }

    /// Whether it reads the input's picture, if it has one.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check_image(&self, input: &InputMeasure<'_>) -> Result<(), ImageFault> {
        match &self.computed {
            Computed::There(caller) => caller.embedder.check_image(input),
            _ if input.image.is_some() => Err(ImageFault::NotRead),
            _ => Ok(()),
        }
    }

    /// How many of the first inputs are embedded by one call; at least one.
    pub(crate) fn batch_len<'t>(&self, inputs: impl Iterator<Item = InputMeasure<'t>>) -> usize {
        match &self.computed {
            Computed::There(caller) => caller.embedder.batch_len(inputs.take(CALL_TEXTS_MAX)),
            _ => CALL_TEXTS_MAX,
        }
    }

    /// Whether it does not read all of a text that was cut for another model. Blocks while it counts.
    pub(crate) fn cuts(&self, text: &str) -> bool {
        match &self.computed {
            Computed::Here(embedder) => embedder.count_tokens(text) > embedder.model().content_tokens_max(),
            Computed::There(caller) => caller.embedder.cuts(text),
            Computed::Nowhere(_) => false,
        }
    }

    /// The vectors of a document's texts, or of a picture, by one call: one for each, of the model's length. Pictures have been [checked](Self::check_image).
    pub(crate) async fn embed_documents(
        &self,
        job: &JobContext,
        inputs: Vec<EmbeddingInput>,
        purpose: EmbeddingPurpose,
    ) -> Result<Vec<Vec<f32>>, JobError> {
        let (wanted, dimensions) = (inputs.len(), self.dimensions);
        let vectors = match &self.computed {
            Computed::Here(_) if inputs.iter().any(|input| input.image.is_some()) => {
                return Err(JobError::permanent(
                    "images_not_read",
                    format!("{} reads no pictures.", self.name),
                ));
            }
            Computed::Here(embedder) => {
                let texts = inputs.into_iter().map(|input| input.text).collect();
                embedder.embed(texts).await?
            }
            Computed::There(caller) => caller.call(job, &inputs, purpose).await?,
            Computed::Nowhere(why) => return Err(JobError::not_configured(&**why)),
        };
        if vectors.len() != wanted || vectors.iter().any(|vector| vector.len() != dimensions) {
            return Err(JobError::retry(
                "embedding",
                format!("The embedding model did not give one vector of {dimensions} dimensions for each text."),
            ));
        }
        Ok(vectors)
    }
}

impl CountTokens for Model {
    fn count_tokens(&self, text: &str) -> usize {
        match &self.computed {
            Computed::Here(embedder) => embedder.count_tokens(text),
            Computed::There(caller) => caller.embedder.count_tokens(text),
            Computed::Nowhere(_) => text.len(),
        }
    }
}
