use crate::error::Problems;
use serde::Deserialize;

/// Whether pages that are pictures are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecognitionMode {
    /// Where Tesseract is installed.
    Auto,
    Off,
}

/// Text recognition (OCR) by Tesseract; see `docs/decisions/035-text-recognition.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecognitionSettings {
    pub mode: RecognitionMode,
    /// A path, or a name in `PATH`.
    pub program: String,
    /// Beside that of the base, by Tesseract's names (`deu`); those that are not installed are left out.
    pub languages: Vec<String>,
    /// The most pages of one document; what is beyond them stays without text.
    pub pages_max: usize,
    /// For drawing all of them, by the clock; what is not drawn by then stays without text.
    pub drawing_timeout_ms: u64,
    /// For one page, by the clock; as much on the processor.
    pub page_timeout_ms: u64,
    /// Of the process, beside its code and stack.
    pub memory_mb: u64,
}

impl RecognitionSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(!self.program.is_empty(), "recognition.program", "must name a program");
        let named = |language: &String| {
            !language.is_empty()
                && language
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/'))
        };
        problems.check(
            self.languages.iter().all(named),
            "recognition.languages",
            "must be names of Tesseract's data, such as deu or chi_sim",
        );
        problems.check(
            (1..=5_000).contains(&self.pages_max),
            "recognition.pages_max",
            "must be 1 to 5000",
        );
        problems.check(
            (1..=86_400_000).contains(&self.drawing_timeout_ms),
            "recognition.drawing_timeout_ms",
            "must be 1 to 86400000",
        );
        problems.check(
            (1..=3_600_000).contains(&self.page_timeout_ms),
            "recognition.page_timeout_ms",
            "must be 1 to 3600000",
        );
        problems.check(
            (16..=65_536).contains(&self.memory_mb),
            "recognition.memory_mb",
            "must be 16 to 65536",
        );
    }
}
