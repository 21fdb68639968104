use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use crate::process::parser_program;
use config::RecognitionMode;
use workers::recogniser::Recogniser;

pub(super) const CHECK: Check = Check {
    name: "recognition",
    run: |site| Box::pin(check(site)),
};

/// What pages that are pictures are read with on this machine. Machines that run no pool `ingest` need nothing.
async fn check(site: &Site) -> Looked {
    let settings = &site.settings()?.recognition;
    if settings.mode == RecognitionMode::Off {
        return Ok(Verdict::ok(
            "switched off (recognition.mode): pages that are pictures stay without text",
        ));
    }
    Ok(match Recogniser::new(parser_program(), settings).installed().await {
        Ok(Some(installed)) => Verdict::ok(format!(
            "{} reads pages that are pictures, in {}",
            installed.path.display(),
            installed.languages.join(", ")
        )),
        Ok(None) => Verdict::ok(format!(
            "{} is not installed: PDFs without a text layer are refused (Debian: apt-get install tesseract-ocr tesseract-ocr-deu …)",
            settings.program
        )),
        Err(error) => Verdict::new(Health::Problem, format!("{} cannot be used: {error}", settings.program))
            .advise("needed where the pool ingest runs: install its language data, or set recognition.mode = \"off\""),
    })
}
