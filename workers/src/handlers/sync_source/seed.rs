use super::handle::Task;
use super::record::{follow, record_failure};
use super::site::Site;
use super::visit::is_asset;
use crate::{JobContext, JobError};
use integrations::http::HeaderMap;
use integrations::web::{Inflated, Sitemap, gunzip, is_gzip, read_sitemap, to_utf8};
use jobs::CrawlMode;
use std::collections::{HashSet, VecDeque};
use store::sources;
use url::Url;

/// Sitemaps that one sync reads.
const SITEMAPS_MAX: usize = 200;
/// An index may list sitemaps; some list indexes.
const INDEX_DEPTH_MAX: usize = 3;
/// As it is sent, and unpacked: the second is what the protocol allows (sitemaps.org).
const SITEMAP_BYTES_MAX: usize = 16 << 20;
const UNPACKED_BYTES_MAX: usize = 50 << 20;

/// Notes what the sync begins from: the start pages, and what the sitemaps list.
pub(super) async fn seed(job: &JobContext, task: &Task, site: &mut Site<'_>) -> Result<(), JobError> {
    let start: Vec<Url> = task
        .config
        .start_urls
        .iter()
        .filter_map(|text| Url::parse(text).ok())
        .collect();
    if task.follows_links() {
        let names: Vec<String> = start
            .iter()
            .filter_map(|url| site.name_in_scope(url))
            .map(String::from)
            .collect();
        follow(job, task, &names, 0).await?;
    }
    if task.config.mode != CrawlMode::Links {
        read_sitemaps(job, task, site, &start).await?;
    }
    job.app
        .store
        .tenant(job.tenant(), async |tx| {
            sources::note_seeded(tx, job.held(), task.source.id).await
        })
        .await?;
    Ok(())
}

/// A sitemap that is to be read.
struct Listed {
    url: Url,
    /// In how many indexes it stands.
    depth: usize,
    /// Nobody said that it is there.
    guessed: bool,
}

async fn read_sitemaps(job: &JobContext, task: &Task, site: &mut Site<'_>, start: &[Url]) -> Result<(), JobError> {
    let mut listed: VecDeque<Listed> = first(task, site, start).await?;
    let mut read: HashSet<Url> = HashSet::new();
    let mut found_one = false;
    while let Some(Listed { url, depth, guessed }) = listed.pop_front() {
        if !site.scope.has_host(&url) || !read.insert(url.clone()) {
            continue;
        }
        if read.len() > SITEMAPS_MAX || depth > INDEX_DEPTH_MAX {
            record_failure(job, task, &url, "too_many_sitemaps").await?;
            continue;
        }
        job.progress(0, None, url.as_str());
        let sitemap = match get(site, &url).await? {
            Ok(sitemap) => sitemap,
            Err(_) if guessed => continue,
            Err(reason) => {
                record_failure(job, task, &url, reason).await?;
                continue;
            }
        };
        found_one = true;
        if sitemap.cut {
            record_failure(job, task, &url, "sitemap_too_long").await?;
        }
        listed.extend(
            sitemap
                .sitemaps
                .iter()
                .filter_map(|text| url.join(text).ok())
                .map(|url| Listed {
                    url,
                    depth: depth + 1,
                    guessed: false,
                }),
        );
        let pages: Vec<String> = sitemap
            .pages
            .iter()
            .filter_map(|text| url.join(text).ok())
            .filter(|page| !is_asset(page))
            .filter_map(|page| site.name_in_scope(&page))
            .map(String::from)
            .collect();
        for pages in pages.chunks(1000) {
            follow(job, task, pages, 0).await?;
        }
    }
    if !found_one && task.config.mode == CrawlMode::Sitemap {
        return Err(JobError::retry(
            "no_sitemap",
            "No sitemap could be read, and the source is to read nothing else.",
        ));
    }
    Ok(())
}

/// Those of the config; or those that robots.txt names; or where they stand as a rule.
async fn first(task: &Task, site: &mut Site<'_>, start: &[Url]) -> Result<VecDeque<Listed>, JobError> {
    let listed = |url: Url, guessed: bool| Listed { url, depth: 0, guessed };
    if !task.config.sitemaps.is_empty() {
        let given = task.config.sitemaps.iter().filter_map(|text| Url::parse(text).ok());
        return Ok(given.map(|url| listed(url, false)).collect());
    }
    let mut found = VecDeque::new();
    for url in start {
        let named = site.robots(url).await?.sitemaps.clone();
        let named: Vec<Url> = named.iter().filter_map(|text| url.join(text).ok()).collect();
        if named.is_empty() {
            found.extend(url.join("/sitemap.xml").ok().map(|url| listed(url, true)));
        }
        found.extend(named.into_iter().map(|url| listed(url, false)));
    }
    Ok(found)
}

async fn get(site: &mut Site<'_>, url: &Url) -> Result<Result<Sitemap, &'static str>, JobError> {
    let answer = match site.get(url, HeaderMap::new(), SITEMAP_BYTES_MAX).await? {
        Ok(answer) => answer,
        Err(_) => return Ok(Err("sitemap_unavailable")),
    };
    if !answer.status.is_success() {
        return Ok(Err("sitemap_unavailable"));
    }
    let bytes = answer.body;
    tokio::task::spawn_blocking(move || {
        // Packed for the way, packed at rest, or both.
        let mut unpacked = bytes.to_vec();
        for _ in 0..2 {
            if is_gzip(&unpacked) {
                unpacked = match gunzip(&unpacked, UNPACKED_BYTES_MAX) {
                    Inflated::Whole(whole) => whole,
                    Inflated::TooLarge => return Err("sitemap_too_large"),
                    Inflated::Broken => return Err("not_a_sitemap"),
                };
            }
        }
        read_sitemap(&to_utf8(&unpacked, Some("utf-8"))).map_err(|_| "not_a_sitemap")
    })
    .await
    .map_err(|error| {
        tracing::error!(%error, "reading a sitemap panicked");
        JobError::permanent("unreadable", "A sitemap could not be read; this is a defect.")
    })
}
