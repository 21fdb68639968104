//! Pictures on their way to a model: shared by ingests and migrations.
use crate::JobError;
use crate::embedding_models::{EmbeddingModels, Model};
use integrations::embedding::{ImageFault, InputMeasure};

/// Whether the model reads the picture, if the input has one.
///
/// # Errors
/// A permanent one that says what to do: a picture is never embedded by its words alone.
pub(super) fn check_image(models: &EmbeddingModels, model: &Model, input: &InputMeasure<'_>) -> Result<(), JobError> {
    model.check_image(input).map_err(|fault| {
        let (code, message) = match fault {
            ImageFault::NotRead => ("images_not_read", not_read(models, &model.name)),
            ImageFault::TooManyPixels { most } => (
                "too_many_pixels",
                format!(
                    "The picture has {} pixels, and {} reads at most {most} of one. Make it smaller and send it again.",
                    input.image.map_or(0, |image| image.pixels),
                    model.name
                ),
            ),
            ImageFault::TooManyBytes { most } => (
                "image_too_large",
                format!(
                    "The picture has {} bytes, and {} reads at most {most} of one. Save it smaller and send it again.",
                    input.image.map_or(0, |image| image.bytes),
                    model.name
                ),
            ),
        };
        JobError::permanent(code, message)
    })
}

fn not_read(models: &EmbeddingModels, model: &str) -> String {
    let what = format!(
        "The document is a picture, and {model}, which its knowledge base is embedded with, reads none; no words were recognised on it either, or no text recognition \
         is installed."
    );
    match models.image_readers() {
        [] => format!("{what} No model of this installation does. Send a text that says what is on it."),
        readers => format!(
            "{what} Send it to a knowledge base whose model reads pictures ({}), or migrate this one to such a model.",
            readers.join(", ")
        ),
    }
}
