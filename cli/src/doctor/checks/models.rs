use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use crate::process::embedder;

pub(super) const CHECK: Check = Check {
    name: "models",
    run: |site| Box::pin(check(site)),
};

/// The files of the embedding model and of the library that runs it are there. Machines that run only the API need neither.
async fn check(site: &Site) -> Looked {
    let settings = site.settings()?;
    Ok(match embedder(settings).check_files() {
        Ok(()) => Verdict::ok(format!(
            "{} and its runtime are in their places",
            settings.models.embedding
        )),
        Err(error) => Verdict::new(Health::Problem, error.to_string())
            .advise("needed where the pools ingest or retrieval run: put the files there (`./dev tools` fetches them)"),
    })
}
