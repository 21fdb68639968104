use crate::ingest::Bars;
use anyhow::{Context as _, bail, ensure};
use config::{ModelFile, Settings};
use futures::StreamExt as _;
use indicatif::ProgressBar;
use reqwest::redirect::Policy;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

/// Servers of models send a client on to where the bytes lie.
const REDIRECTS_MAX: usize = 5;
/// How long a server may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What became of one file.
#[derive(Serialize)]
pub(crate) struct Pulled {
    model: String,
    file: String,
    became: Became,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Became {
    /// It was there, and is what it should be.
    Kept,
    Fetched,
    Failed,
}

/// Fetches the files of these local models, or of all that have some, into their folders. A file appears there whole and with the right SHA-256, or not
/// at all; one that fails does not keep the others from being fetched.
///
/// # Errors
/// A name that is not in the catalogue, or whose model has no files there.
pub(crate) async fn pull(settings: &Settings, names: &[String]) -> anyhow::Result<Vec<Pulled>> {
    let models = &settings.models;
    for name in names {
        let Some(model) = models.catalogue.get(name) else {
            bail!("there is no model `{name}` in models.catalogue; `visualkit models list` shows those that are");
        };
        ensure!(
            !model.files.is_empty(),
            "models.catalogue.{name} does not say where its files are: give it `files`"
        );
    }
    let client = reqwest::Client::builder()
        .redirect(Policy::limited(REDIRECTS_MAX))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(SILENCE_MAX)
        .build()?;
    let mut pulled = Vec::new();
    for (name, model) in &models.catalogue {
        if !names.is_empty() && !names.contains(name) {
            continue;
        }
        let folder = models.dir.join(model.folder.as_deref().unwrap_or(name));
        for (file, source) in &model.files {
            let result = provide(&client, source, &folder, file).await;
            let (became, bytes, error) = match result {
                Ok((became, bytes)) => (became, Some(bytes), None),
                Err(error) => (Became::Failed, None, Some(format!("{error:#}"))),
            };
            pulled.push(Pulled {
                model: name.clone(),
                file: file.clone(),
                became,
                bytes,
                error,
            });
        }
    }
    Ok(pulled)
}

async fn provide(
    client: &reqwest::Client,
    source: &ModelFile,
    folder: &Path,
    file: &str,
) -> anyhow::Result<(Became, u64)> {
    let path = folder.join(file);
    if let Ok(mut there) = std::fs::File::open(&path) {
        let mut sha256 = Sha256::new();
        let bytes =
            std::io::copy(&mut there, &mut sha256).with_context(|| format!("cannot read {}", path.display()))?;
        if hex(sha256) == source.sha256.to_lowercase() {
            return Ok((Became::Kept, bytes));
        }
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // In the same folder, so that it can take the file's place in one step.
    let mut part = NamedTempFile::new_in(folder).with_context(|| format!("cannot write into {}", folder.display()))?;
    let (sha256, bytes) = fetch(client, &source.url, &mut part, file).await?;
    ensure!(
        sha256 == source.sha256.to_lowercase(),
        "what came has the SHA-256 {sha256}, not the one in the catalogue"
    );
    part.as_file().sync_all()?;
    // A temporary file is its owner's alone; a model is read by whoever runs the workers.
    #[cfg(unix)]
    std::fs::set_permissions(part.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    part.persist(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok((Became::Fetched, bytes))
}

/// Writes the body as it comes; its SHA-256 and length.
async fn fetch(
    client: &reqwest::Client,
    url: &str,
    into: &mut NamedTempFile,
    file: &str,
) -> anyhow::Result<(String, u64)> {
    let response = client.get(url).send().await?.error_for_status()?;
    let length = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(0);
    let bar: ProgressBar = Bars::new(false).start(file.to_owned(), length);
    let (mut sha256, mut bytes, mut body) = (Sha256::new(), 0, response.bytes_stream());
    while let Some(piece) = body.next().await {
        let piece = piece.context("the answer broke off")?;
        sha256.update(&piece);
        into.write_all(&piece)?;
        bytes += piece.len() as u64;
        bar.set_position(bytes);
    }
    bar.finish_and_clear();
    Ok((hex(sha256), bytes))
}

fn hex(sha256: Sha256) -> String {
    sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Pulled {
    pub(crate) fn is_there(&self) -> bool {
        self.became != Became::Failed
    }

    pub(crate) fn table(pulled: &[Self]) -> String {
        if pulled.is_empty() {
            return "no model of models.catalogue says where its files are (`files`)\n".to_owned();
        }
        let mut text = String::new();
        for one in pulled {
            let (word, detail) = match one.became {
                Became::Kept => ("kept", one.bytes.map(size)),
                Became::Fetched => ("fetched", one.bytes.map(size)),
                Became::Failed => ("FAILED", one.error.clone()),
            };
            text.push_str(&format!(
                "{:<28}{:<28}{word:<9}{}\n",
                one.model,
                one.file,
                detail.unwrap_or_default()
            ));
        }
        text
    }
}

fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
