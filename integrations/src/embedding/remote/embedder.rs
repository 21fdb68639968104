use super::batch::batch_len;
use super::images::ImageFault;
use super::model::RemoteModel;
use super::usage::{self, EmbeddingUsage};
use super::vectors::sound_vectors;
use super::{EmbeddingVendor, voyage};
use crate::IntegrationError;
use crate::embedding::{EmbeddingInput, EmbeddingModel, EmbeddingPurpose, InputMeasure};
use crate::http::{GuardedClient, GuardedResponse};
use crate::token_estimate::TokenEstimate;
use crate::vendor_endpoint::VendorEndpoint;

/// What one call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedInputs {
    /// One an input, in order, of Euclidean length 1.
    pub vectors: Vec<Vec<f32>>,
    /// What the vendor bills, if it said so.
    pub usage: Option<EmbeddingUsage>,
}

/// A model behind a vendor's API. It makes one exchange for each call and retries nothing: that is the caller's to decide.
#[derive(Debug)]
pub struct RemoteEmbedder {
    described: EmbeddingModel,
    model: RemoteModel,
    estimate: TokenEstimate,
    endpoint: VendorEndpoint,
}

impl RemoteEmbedder {
    /// # Errors
    /// [`IntegrationError::NotConfigured`] for a key that no header can carry, and for a model said to read pictures that cannot be sent any.
    pub fn new(model: RemoteModel, client: GuardedClient) -> Result<Self, IntegrationError> {
        if model.reads_images && (model.vendor != EmbeddingVendor::Voyage || !voyage::reads_images(&model)) {
            return Err(IntegrationError::NotConfigured {
                system: model.id,
                what_to_do: "take off its reads_images: only Voyage's multimodal models read pictures".to_owned(),
            });
        }
        let prefix = model.query_prefix.len().max(model.passage_prefix.len());
        Ok(Self {
            described: EmbeddingModel {
                id: model.id.clone(),
                dimensions: model.dimensions,
                max_tokens: model.max_tokens,
            },
            estimate: TokenEstimate::new(model.max_tokens, prefix, model.chunk_tokens),
            endpoint: VendorEndpoint::new(
                &model.id,
                model.base_url.clone(),
                model.key.as_deref().map(|key| (model.vendor.key_header(), key)),
                client,
            )?,
            model,
        })
    }

    #[must_use]
    pub fn model(&self) -> &EmbeddingModel {
        &self.described
    }

    /// The most tokens of a chunk, as [`Self::count_tokens`] counts them: such a chunk is within the model's limit.
    #[must_use]
    pub fn chunk_tokens_max(&self) -> usize {
        self.estimate.chunk_max
    }

    /// An estimate that errs on the high side: the vendor's tokenizer is not here.
    #[must_use]
    pub fn count_tokens(&self, text: &str) -> usize {
        self.estimate.count(text)
    }

    /// Whether the model reads the input's picture, if it has one.
    ///
    /// # Errors
    /// Why not.
    pub fn check_image(&self, input: &InputMeasure<'_>) -> Result<(), ImageFault> {
        // What goes before a text is read too.
        let text = self.count_tokens(input.text) + self.model.passage_prefix.len();
        self.model.check_image(input, text)
    }

    /// How many of the first inputs make one call; at least one.
    #[must_use]
    pub fn batch_len<'t>(&self, inputs: impl Iterator<Item = InputMeasure<'t>>) -> usize {
        let measured = inputs.map(|input| {
            let tokens = self.count_tokens(input.text) + self.model.image_tokens(&input);
            // Four letters for each three bytes of a picture.
            let sent = input.image.map_or(0, |image| image.bytes.div_ceil(3) * 4);
            (tokens, input.text.len() + sent)
        });
        batch_len(&self.model, measured)
    }

    /// What a call with the inputs is expected to take of a budget; errs on the high side.
    #[must_use]
    pub fn expected_usage(&self, inputs: &[EmbeddingInput]) -> EmbeddingUsage {
        let measured = inputs.iter().map(EmbeddingInput::measure);
        usage::expected(&self.model, measured, |text| self.count_tokens(text))
    }

    /// Whether the model does not read all of a text that was cut for another one.
    #[must_use]
    pub fn cuts(&self, text: &str) -> bool {
        self.fitting(text, EmbeddingPurpose::CutForAnother).len() < text.len()
    }

    /// One exchange. A query that is over the model's limit is cut, and what was cut for another model; its own chunks are sent as they are.
    ///
    /// # Errors
    /// As [`GuardedClient::post_json`]; a refusal is an answer, which [`Self::read`] makes an error of. `NotConfigured` for a picture that the model
    /// does not read: its words alone are never embedded in its place.
    pub async fn send(
        &self,
        inputs: &[EmbeddingInput],
        purpose: EmbeddingPurpose,
    ) -> Result<GuardedResponse, IntegrationError> {
        if !self.model.reads_images && inputs.iter().any(|input| input.image.is_some()) {
            return Err(IntegrationError::NotConfigured {
                system: self.model.id.clone(),
                what_to_do: "send it no pictures: it reads none".to_owned(),
            });
        }
        let inputs: Vec<EmbeddingInput> = inputs.iter().map(|input| self.prepared(input, purpose)).collect();
        let request = self.model.vendor.request(&self.model, &inputs, purpose);
        let mut answer = self.endpoint.post(&request.path, &request.body).await?;
        self.model.vendor.translate_refusal(&mut answer);
        Ok(answer)
    }

    /// Exactly one sound vector for each of the `inputs` that were sent, or an error.
    ///
    /// # Errors
    /// What the status stands for; `InvalidAnswer`; `NotConfigured` when its vectors have other dimensions than the model was said to have.
    pub fn read(&self, inputs: &[EmbeddingInput], answer: GuardedResponse) -> Result<EmbeddedInputs, IntegrationError> {
        let answer = answer.success()?;
        let read = self.model.vendor.read(&answer)?;
        let images = inputs.iter().filter(|input| input.image.is_some()).count() as u64;
        let usage = read.billed.map(|billed| usage::billed(&self.model, billed, images));
        let vectors = sound_vectors(&self.model.id, read, inputs.len(), self.model.dimensions)?;
        Ok(EmbeddedInputs { vectors, usage })
    }

    fn prepared(&self, input: &EmbeddingInput, purpose: EmbeddingPurpose) -> EmbeddingInput {
        let prefix = match purpose {
            EmbeddingPurpose::Document | EmbeddingPurpose::CutForAnother => &self.model.passage_prefix,
            EmbeddingPurpose::Query => &self.model.query_prefix,
        };
        EmbeddingInput {
            text: format!("{prefix}{}", self.fitting(&input.text, purpose)),
            image: input.image.clone(),
        }
    }

    /// What is sent of a text.
    fn fitting<'t>(&self, text: &'t str, purpose: EmbeddingPurpose) -> &'t str {
        match purpose {
            EmbeddingPurpose::Document => text,
            // A vendor that cuts by itself makes good what the estimate is wrong about. Elsewhere a question that is refused for it can be asked in other words;
            // a document that is, would hold up its whole base.
            EmbeddingPurpose::CutForAnother if !self.model.vendor.cuts() => self.estimate.surely(text),
            EmbeddingPurpose::Query | EmbeddingPurpose::CutForAnother => self.estimate.likely(text),
        }
    }
}
