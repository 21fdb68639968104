use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use crate::process::local_embedders;

pub(super) const CHECK: Check = Check {
    name: "models",
    run: |site| Box::pin(check(site)),
};

/// The files of the local embedding models and of the library that runs it are there. Machines that run only the API need neither.
async fn check(site: &Site) -> Looked {
    let settings = site.settings()?;
    let checked: Result<Vec<()>, _> = local_embedders(settings)
        .iter()
        .map(|local| local.check_files())
        .collect();
    Ok(match checked {
        Ok(all) => Verdict::ok(format!(
            "{} local model(s) and their runtime are in their places",
            all.len()
        )),
        Err(error) => Verdict::new(Health::Problem, error.to_string())
            .advise("needed where the pools ingest or retrieval run: put the files there (`./dev tools` fetches them)"),
    })
}
