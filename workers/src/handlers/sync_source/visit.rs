use super::handle::Task;
use super::outcome::{Outcome, Submission};
use super::page::{Page, Read, UNSUPPORTED_MEDIA_TYPE, read_failure, read_page};
use super::record::record;
use super::site::{Site, location};
use crate::{JobContext, JobError};
use integrations::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use integrations::http::{GuardedResponse, HeaderMap, HeaderValue};
use integrations::web::PageHead;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use store::sources::{self, ItemStatus, Waiting};
use url::Url;

/// So often a sync waits for long for one address before it goes on without it.
const PUT_OFF_MAX: i32 = 3;

/// What is no page whatever it is served as: not asked for.
/// Scripts are not among it: `/wiki/Node.js` is a page.
const ASSETS: [&str; 24] = [
    "avi", "bmp", "css", "eot", "exe", "gif", "gz", "ico", "iso", "jpeg", "jpg", "mov", "mp3", "mp4", "ogg", "png",
    "svg", "tar", "ttf", "wav", "webm", "webp", "woff", "woff2",
];

/// Looks at one address, and writes down what came of it.
pub(super) async fn visit(job: &JobContext, task: &Task, site: &mut Site<'_>, item: &Waiting) -> Result<(), JobError> {
    let outcome = look(job, task, site, item).await?;
    record(job, task, item, outcome).await
}

async fn look(job: &JobContext, task: &Task, site: &mut Site<'_>, item: &Waiting) -> Result<Outcome, JobError> {
    let Ok(url) = Url::parse(&item.url) else {
        return Ok(Outcome::of(ItemStatus::Skipped, "invalid_url"));
    };
    match site.robots(&url).await? {
        None => return Ok(Outcome::of(ItemStatus::Failed, "robots_unavailable")),
        Some(robots) if !robots.allows(&url) => return Ok(Outcome::of(ItemStatus::Skipped, "robots")),
        Some(_) => {}
    }
    let bytes_max = usize::try_from(task.config.max_page_bytes).unwrap_or(usize::MAX);
    let answer = match site.get(&url, conditions(item), bytes_max).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Ok(unread(item, read_failure(&error)).fetched()),
        Err(error) if site.puts_off && put_off(job, task, item).await? >= PUT_OFF_MAX => {
            tracing::info!(%error, "a page is given up until the next sync");
            return Ok(Outcome::of(ItemStatus::Failed, "limited").fetched());
        }
        Err(error) => return Err(error),
    };
    let outcome = match answer.status.as_u16() {
        200 | 203 => match read_in_background(job, answer, url.clone(), bytes_max).await {
            Read::Page(page) => judge(task, site, item, &url, *page),
            read => unread(item, read),
        },
        304 if item.served => unchanged(task, site, item, &answer),
        301 | 308 => redirected(site, item, &answer, &url, false),
        302 | 303 | 307 => redirected(site, item, &answer, &url, true),
        404 | 410 => Outcome::of(ItemStatus::Gone, "not_found"),
        401 | 403 => Outcome::of(ItemStatus::Failed, "not_allowed"),
        500.. => Outcome::of(ItemStatus::Failed, "server_error"),
        _ => Outcome::of(ItemStatus::Failed, "unexpected_status"),
    };
    Ok(outcome.fetched())
}

/// What was read last time need not be sent again; but only where what was made of it is there.
fn conditions(item: &Waiting) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !item.served {
        return headers;
    }
    for (name, value) in [(IF_NONE_MATCH, &item.etag), (IF_MODIFIED_SINCE, &item.last_modified)] {
        if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// How often the sync has been put off for long by this address.
async fn put_off(job: &JobContext, task: &Task, item: &Waiting) -> Result<i32, JobError> {
    let noted = job.app.store.tenant(job.tenant(), async |tx| {
        sources::note_put_off(tx, job.held(), task.source.id, &item.url).await
    });
    Ok(noted.await?)
}

/// A page that was read before and is not what it was says nothing of whether it is there, nor of what it led to; only a type that is no page's does.
fn unread(item: &Waiting, read: Read) -> Outcome {
    match read {
        Read::Skipped(reason) if item.was_read() && reason != UNSUPPORTED_MEDIA_TYPE => {
            Outcome::of(ItemStatus::Failed, reason)
        }
        Read::Skipped(reason) => Outcome::of(ItemStatus::Skipped, reason),
        Read::Failed(reason) => Outcome::of(ItemStatus::Failed, reason),
        Read::Page(_) => Outcome::of(ItemStatus::Failed, "unreadable"),
    }
}

/// It leads where it led, unless the answer says by now that it is not to.
fn unchanged(task: &Task, site: &Site<'_>, item: &Waiting, answer: &GuardedResponse) -> Outcome {
    let head = PageHead::of(&answer.headers);
    let links: Vec<String> = serde_json::from_value(item.links.clone()).unwrap_or_default();
    let links = if task.follows_links() && !head.nofollow {
        // The scope may be another than when they were kept.
        let urls: Vec<Url> = links.iter().filter_map(|link| Url::parse(link).ok()).collect();
        in_scope(site, &urls)
    } else {
        Vec::new()
    };
    if head.noindex {
        return Outcome {
            links,
            ..Outcome::of(ItemStatus::Skipped, "noindex")
        };
    }
    Outcome {
        links,
        canonical_url: item.canonical_url.clone(),
        ..Outcome::plain(ItemStatus::Unchanged)
    }
}

/// Where it leads is another page, looked at like any: nothing is followed blindly, and a ring of redirects ends where it began.
/// One for the time being is no evidence that a page which was read is gone: sites send visitors away while they are worked on, and to sign in. After a week it is.
fn redirected(
    site: &Site<'_>,
    item: &Waiting,
    answer: &GuardedResponse,
    url: &Url,
    for_the_time_being: bool,
) -> Outcome {
    let Some(target) = location(answer, url) else {
        return Outcome::of(ItemStatus::Failed, "bad_redirect");
    };
    let target = site.name_in_scope(&target);
    let leads_nowhere = target.as_ref() == Some(url);
    if item.was_read() && (leads_nowhere || for_the_time_being && !item.long_away) {
        return Outcome {
            links: target.map(String::from).into_iter().collect(),
            is_redirect: true,
            ..Outcome::of(ItemStatus::Failed, "temporary_redirect")
        };
    }
    match target {
        Some(target) => Outcome {
            links: vec![target.as_str().to_owned()],
            is_redirect: true,
            canonical_url: Some(target.into()),
            ..Outcome::of(ItemStatus::Skipped, "redirect")
        },
        None => Outcome::of(ItemStatus::Skipped, "redirect_out_of_scope"),
    }
}

/// What is to become of a page that could be read.
fn judge(task: &Task, site: &Site<'_>, item: &Waiting, url: &Url, page: Page) -> Outcome {
    let nofollow = page.head.nofollow || page.links.nofollow;
    let links = if nofollow || !task.follows_links() {
        Vec::new()
    } else {
        in_scope(site, &page.links.links)
    };
    let cut = page.links.cut && !nofollow;
    let not_wanted = match (page.head.noindex || page.links.noindex, site.scope.check(url)) {
        (true, _) => Some("noindex"),
        // A start page, which leads to what is wanted.
        (false, Err(_)) => Some("excluded"),
        (false, Ok(())) => None,
    };
    if let Some(reason) = not_wanted {
        return Outcome {
            links,
            cut,
            was_read: true,
            ..Outcome::of(ItemStatus::Skipped, reason)
        };
    }
    let canonical = page
        .links
        .canonical
        .as_ref()
        .and_then(|canonical| site.name_in_scope(canonical));
    let hash = content_hash(&page);
    let is_same = item.served && item.content_hash.as_deref() == Some(hash.as_slice());
    Outcome {
        links,
        cut,
        was_read: true,
        canonical_url: Some(canonical.map_or_else(|| url.as_str().to_owned(), String::from)),
        submission: Some(Submission {
            media_type: page.media_type,
            bytes: page.bytes,
            file_name: super::page::file_name(url).map(str::to_owned),
            etag: page.head.etag,
            last_modified: page.head.last_modified,
            hash,
        }),
        ..Outcome::plain(if is_same {
            ItemStatus::Unchanged
        } else {
            ItemStatus::Ingested
        })
    }
}

fn in_scope(site: &Site<'_>, links: &[Url]) -> Vec<String> {
    let mut seen = HashSet::new();
    links
        .iter()
        .filter(|link| !is_asset(link))
        .filter_map(|link| site.name_in_scope(link))
        .map(String::from)
        .filter(|link| seen.insert(link.clone()))
        .collect()
}

pub(super) fn is_asset(url: &Url) -> bool {
    let extension = url
        .path()
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| ASSETS.contains(&extension.as_str()))
}

/// Of what the site says. A source's metadata and access list reach its documents when they are changed.
fn content_hash(page: &Page) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update((page.media_type.len() as u64).to_le_bytes());
    hash.update(&page.media_type);
    hash.update(&page.bytes);
    hash.finalize().to_vec()
}

async fn read_in_background(job: &JobContext, answer: GuardedResponse, url: Url, bytes_max: usize) -> Read {
    let read = tokio::task::spawn_blocking(move || read_page(&answer, &url, bytes_max)).await;
    read.unwrap_or_else(|error| {
        tracing::error!(%error, job.id = %job.id(), "reading a page panicked");
        Read::Failed("unreadable")
    })
}
