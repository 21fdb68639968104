//! Search: how good, how fast, and what a larger base costs; beside what other libraries make of the same chunks and vectors.
mod chunks;
mod fill;
mod growth;
mod quality;
mod speed;

use self::chunks::Chunks;
use super::report::save;
use super::rig::Rig;
use crate::client::ServerArgs;
use anyhow::Context as _;
use serde_json::json;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) struct Options {
    pub(crate) server: ServerArgs,
    /// Data sets in BEIR's layout; bases of other sizes are made of the first one's chunks.
    pub(crate) sets: Vec<PathBuf>,
    /// Chunks of the bases whose speed is measured.
    pub(crate) sizes: Vec<usize>,
    pub(crate) clients: Vec<usize>,
    /// Searches timed in each case.
    pub(crate) probes: usize,
    /// Name of the tenant that the server's API key is of.
    pub(crate) tenant: String,
}

/// Measures, prints, and writes beside `output` a folder with the chunks, vectors and rankings, for `scripts/bench_retrieval.py`.
pub(crate) async fn run(output: &Path, options: &Options) -> anyhow::Result<()> {
    let folder = output.with_extension("");
    // Of its own and empty: a replica that an earlier run left would only be opened, and not built.
    let data_dir = folder.join("data");
    match std::fs::remove_dir_all(&data_dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot empty {}", data_dir.display()));
        }
        _ => {}
    }
    let rig = Rig::open_with(|settings| settings.storage.data_dir = data_dir).await?;
    let tenant = rig.tenant(&options.tenant).await?;
    let client = options.server.connect()?;
    let (mut quality, mut speed, mut seed) = (Vec::new(), Vec::new(), None);
    for set in &options.sets {
        let measured = quality::measure(&rig, tenant, &client, set, &folder).await?;
        quality.push(measured.figures);
        seed.get_or_insert((measured.chunks, measured.queries));
    }
    let (seed, queries) = seed.context("--path names no data set")?;
    for &size in &options.sizes {
        let base = fill::base_of(&rig, tenant, &client, &seed, size).await?;
        let growth = growth::measure(&rig, tenant, base).await?;
        let cases = speed::Cases {
            client: &client,
            queries: &queries,
            clients: &options.clients,
            probes: options.probes,
        };
        let in_process = speed::in_process(&rig, &growth.replica, &cases).await?;
        let http = speed::over_http(base, &cases).await?;
        let queue = speed::beside_the_search(base, &cases).await?;
        Chunks::of_base(&rig, tenant, base)
            .await?
            .write(&folder.join(size.to_string()))?;
        speed.push(
            json!({ "chunks": size, "growth": growth.figures, "in_process": in_process, "http": http, "queue": queue }),
        );
    }
    let figures =
        json!({ "bench": "retrieval", "model": rig.context.embedder.model().id, "quality": quality, "speed": speed });
    save(output, &figures)
}
