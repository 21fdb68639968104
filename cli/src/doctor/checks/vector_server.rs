use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::vector_indexes;

pub(super) const CHECK: Check = Check {
    name: "vector_server",
    run: |site| Box::pin(check(site)),
};

/// It answers, where there is one; and there is one, where indexes are on it.
async fn check(site: &Site) -> Looked {
    let indexes = vector_indexes::all(site.system()?).await?.len();
    let Some(server) = workers::vector_server(&site.settings()?.qdrant) else {
        let missing = format!("{indexes} indexes are on a Qdrant server, and none is set");
        return Ok(match indexes {
            0 => Verdict::ok("none, and none is needed"),
            _ => Verdict::new(Health::Problem, missing).advise(
                "set qdrant.url (QDRANT_URL) for every process; docs/OPERATIONS.md says what to do when it is gone for good",
            ),
        });
    };
    let version = match server {
        Ok(server) => server.version().await,
        Err(error) => Err(error),
    };
    Ok(match version {
        Ok(version) => Verdict::ok(format!("Qdrant {version} answers; indexes on it: {indexes}")),
        Err(error) => Verdict::new(Health::Problem, format!("no answer: {error}")).advise(
            "start Qdrant, or correct qdrant.url and qdrant.api_key; meanwhile hybrid and vector searches of bases on it fail",
        ),
    })
}
