use super::handle::{TIME_LIMIT, Task};
use super::record::{follow, record_failure};
use super::site::{Site, location};
use super::visit::is_asset;
use crate::{JobContext, JobError};
use integrations::http::HeaderMap;
use integrations::web::{Inflated, OutOfScope, Sitemap, SitemapError, gunzip, is_gzip, read_sitemap, to_utf8};
use jobs::CrawlMode;
use std::collections::{HashMap, HashSet, VecDeque};
use store::sources;
use url::Url;

/// Addresses that one sync asks for a sitemap, those that others lead to included.
const SITEMAPS_MAX: usize = 200;
/// An index may list sitemaps; some list indexes.
const INDEX_DEPTH_MAX: usize = 3;
/// As it is sent, and unpacked: the second is what the protocol allows (sitemaps.org).
const SITEMAP_BYTES_MAX: usize = 16 << 20;
const UNPACKED_BYTES_MAX: usize = 50 << 20;

const MISSING: &str = "sitemap_missing";
const UNAVAILABLE: &str = "sitemap_unavailable";
const NOT_A_SITEMAP: &str = "not_a_sitemap";
const BROKEN: &str = "sitemap_broken";
/// It stands on a host of which nothing is asked: whether it lists pages of the source, nobody knows.
const OUT_OF_SCOPE: &str = "sitemap_out_of_scope";
const TOO_MANY: &str = "too_many_sitemaps";

/// Notes what the sync begins from: the start pages, and what the sitemaps list. Returns why it ended before that, if it did; then that is for the next sync
/// to do, from the beginning.
pub(super) async fn seed(job: &JobContext, task: &Task, site: &mut Site<'_>) -> Result<Option<&'static str>, JobError> {
    let start: Vec<Url> = task
        .config
        .start_urls
        .iter()
        .filter_map(|text| Url::parse(text).ok())
        .collect();
    if task.follows_links() {
        // Whatever is included: they lead to it.
        let names: Vec<String> = start
            .iter()
            .filter_map(|url| site.name(url))
            .filter(|url| matches!(site.scope.check(url), Ok(()) | Err(OutOfScope::Excluded)))
            .map(String::from)
            .collect();
        follow(job, task, &names, 0).await?;
    }
    if task.config.mode != CrawlMode::Links {
        let ended_early = read_sitemaps(job, task, site, &start).await?;
        if ended_early.is_some() {
            return Ok(ended_early);
        }
    }
    job.app
        .store
        .tenant(job.tenant(), async |tx| {
            sources::note_seeded(tx, job.held(), task.source.id).await
        })
        .await?;
    Ok(None)
}

/// A sitemap that is to be read.
struct Listed {
    url: Url,
    /// In how many indexes it stands.
    depth: usize,
    /// Nobody said that it is there.
    guessed: bool,
}

async fn read_sitemaps(
    job: &JobContext,
    task: &Task,
    site: &mut Site<'_>,
    start: &[Url],
) -> Result<Option<&'static str>, JobError> {
    let Some(mut listed) = first(job, task, site, start).await? else {
        return Ok(Some(TIME_LIMIT));
    };
    let mut read: HashSet<Url> = HashSet::new();
    let mut led: HashMap<Url, Url> = HashMap::new();
    let mut found_one = false;
    while let Some(Listed { url, depth, guessed }) = listed.pop_front() {
        if !read.insert(url.clone()) {
            continue;
        }
        if site.is_late() {
            return Ok(Some(TIME_LIMIT));
        }
        // Also where nobody listed so many: one may lead to another without end.
        if read.len() > SITEMAPS_MAX {
            record_failure(job, task, &url, TOO_MANY).await?;
            break;
        }
        if !site.scope.has_host(&url) {
            if !guessed {
                record_failure(job, task, &url, OUT_OF_SCOPE).await?;
            }
            continue;
        }
        job.progress(0, None, url.as_str());
        let sitemap = match get(site, &url).await? {
            Got::Sitemap(sitemap) => sitemap,
            Got::Elsewhere(target) if !site.scope.has_host(&target) => {
                record_failure(job, task, &url, OUT_OF_SCOPE).await?;
                continue;
            }
            Got::Elsewhere(target) if leads_back(&led, &target, &url) => {
                record_failure(job, task, &url, UNAVAILABLE).await?;
                continue;
            }
            Got::Elsewhere(target) => {
                led.insert(url, target.clone());
                listed.push_back(Listed {
                    url: target,
                    depth,
                    guessed,
                });
                continue;
            }
            Got::Nothing(MISSING | NOT_A_SITEMAP) if guessed => continue,
            Got::Nothing(reason) => {
                record_failure(job, task, &url, reason).await?;
                continue;
            }
        };
        found_one = true;
        if sitemap.cut {
            record_failure(job, task, &url, "sitemap_too_long").await?;
        }
        if let Some(reason) = queue(site, &mut listed, read.len(), &url, depth + 1, &sitemap.sitemaps) {
            record_failure(job, task, &url, reason).await?;
        }
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
    Ok(None)
}

/// Whether `target` has led to `url` before: a ring, in which no sitemap stands. None is closed in `led`.
fn leads_back(led: &HashMap<Url, Url>, target: &Url, url: &Url) -> bool {
    let mut at = target;
    while let Some(next) = led.get(at) {
        at = next;
    }
    at == url
}

/// Queues what an index lists, as far as it is of the source's hosts; and says why some of it is not read. What nobody will read is not kept either, since an
/// index may list fifty thousand others.
fn queue(
    site: &Site<'_>,
    listed: &mut VecDeque<Listed>,
    read: usize,
    index: &Url,
    depth: usize,
    sitemaps: &[String],
) -> Option<&'static str> {
    let mut left_out = None;
    for url in sitemaps.iter().filter_map(|text| index.join(text).ok()) {
        if !site.scope.has_host(&url) {
            left_out = Some(OUT_OF_SCOPE);
            continue;
        }
        if depth > INDEX_DEPTH_MAX || read + listed.len() >= SITEMAPS_MAX {
            return Some(TOO_MANY);
        }
        listed.push_back(Listed {
            url,
            depth,
            guessed: false,
        });
    }
    left_out
}

/// Those of the config; or those that robots.txt names; or, where it names none that may be read, where they stand as a rule. `None` when there was no time to
/// ask every host.
async fn first(
    job: &JobContext,
    task: &Task,
    site: &mut Site<'_>,
    start: &[Url],
) -> Result<Option<VecDeque<Listed>>, JobError> {
    let listed = |url: Url, guessed: bool| Listed { url, depth: 0, guessed };
    if !task.config.sitemaps.is_empty() {
        let given = task.config.sitemaps.iter().filter_map(|text| Url::parse(text).ok());
        return Ok(Some(given.map(|url| listed(url, false)).collect()));
    }
    let mut found = VecDeque::new();
    for (place, url) in start.iter().enumerate() {
        // The first in any case: what is wrong with it is what the sync fails with.
        if place > 0 && site.is_late() {
            return Ok(None);
        }
        let robots_url = url.join("/robots.txt").unwrap_or_else(|_| url.clone());
        let Some(robots) = site.robots(url).await? else {
            record_failure(job, task, &robots_url, "robots_unavailable").await?;
            continue;
        };
        let named: Vec<Url> = robots.sitemaps.iter().filter_map(|text| url.join(text).ok()).collect();
        let (named, elsewhere): (Vec<Url>, Vec<Url>) = named.into_iter().partition(|url| site.scope.has_host(url));
        if !elsewhere.is_empty() {
            record_failure(job, task, &robots_url, OUT_OF_SCOPE).await?;
        }
        if named.is_empty() {
            found.extend(url.join("/sitemap.xml").ok().map(|url| listed(url, true)));
        }
        found.extend(named.into_iter().map(|url| listed(url, false)));
    }
    Ok(Some(found))
}

/// What came of asking for a sitemap.
enum Got {
    Sitemap(Sitemap),
    /// It is there.
    Elsewhere(Url),
    /// Why it could not be read.
    Nothing(&'static str),
}

async fn get(site: &mut Site<'_>, url: &Url) -> Result<Got, JobError> {
    let answer = match site.get(url, HeaderMap::new(), SITEMAP_BYTES_MAX).await? {
        Ok(answer) => answer,
        Err(_) => return Ok(Got::Nothing(UNAVAILABLE)),
    };
    match answer.status.as_u16() {
        200..=299 => {}
        301 | 302 | 303 | 307 | 308 => {
            return Ok(location(&answer, url).map_or(Got::Nothing(UNAVAILABLE), Got::Elsewhere));
        }
        404 | 410 => return Ok(Got::Nothing(MISSING)),
        // Also that we may not read it (401, 403), which says nothing of whether it is there.
        _ => return Ok(Got::Nothing(UNAVAILABLE)),
    }
    let bytes = answer.body;
    let read = tokio::task::spawn_blocking(move || {
        // Packed for the way, packed at rest, or both.
        let mut unpacked = bytes.to_vec();
        for _ in 0..2 {
            if is_gzip(&unpacked) {
                unpacked = match gunzip(&unpacked, UNPACKED_BYTES_MAX) {
                    Inflated::Whole(whole) => whole,
                    Inflated::TooLarge => return Err("sitemap_too_large"),
                    Inflated::Broken => return Err(BROKEN),
                };
            }
        }
        read_sitemap(&to_utf8(&unpacked)).map_err(|error| match error {
            SitemapError::Other(_) => NOT_A_SITEMAP,
            SitemapError::Broken(_) => BROKEN,
        })
    })
    .await
    .map_err(|error| {
        tracing::error!(%error, "reading a sitemap panicked");
        JobError::permanent("unreadable", "A sitemap could not be read; this is a defect.")
    })?;
    Ok(read.map_or_else(Got::Nothing, Got::Sitemap))
}
