use super::finish::finish;
use super::outcome::MAY_PASS;
use super::seed::seed;
use super::site::Site;
use super::visit::visit;
use crate::{Done, Handle, JobContext, JobError};
use jobs::WebSource;
use jobs::kinds::{SyncSource, SyncedSource};
use std::time::{Duration, Instant};
use store::sources::{self, Again, Source, Sync, Take};
use store::{StoreError, knowledge_bases};

/// Addresses that are read from the database at a time.
const BATCH: i64 = 20;

/// Why a sync ends early: it has had its time.
pub(super) const TIME_LIMIT: &str = "time_limit";
/// Or it would have to wait for longer than it has.
const PUT_OFF: &str = "put_off";

/// So many pages that could not be read are asked for once more; where there are more, it is the site.
const AGAIN_MAX: i64 = 100;
/// How much later.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What a sync is about.
pub(super) struct Task {
    pub(super) asked: SyncSource,
    pub(super) source: Source,
    pub(super) config: WebSource,
}

impl Task {
    /// Whether pages are followed to where they lead.
    pub(super) fn follows_links(&self) -> bool {
        self.config.mode != jobs::CrawlMode::Sitemap
    }
}

impl Handle for SyncSource {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let (source, sync) = match take(&job, &self).await? {
            Take::Taken(taken) => *taken,
            Take::Busy(other) => return Done::with(&superseded(&self, other.0)),
        };
        let config: WebSource = serde_json::from_value(source.config.clone()).map_err(|error| {
            JobError::permanent("invalid_config", format!("The source's config cannot be read: {error}"))
        })?;
        let task = Task {
            asked: self,
            source,
            config,
        };
        let mut site = Site::new(&job, &task.config, deadline(&task.config, &sync))?;
        let ended_early = match read(&job, &task, &mut site, &sync).await {
            Err(error) if site.is_put_off_too_long(&error) => {
                tracing::info!(%error, source.id = %task.source.id, "a sync ends rather than wait for longer than it may take");
                Some(PUT_OFF)
            }
            read => read?,
        };
        finish(&job, &task, ended_early).await
    }
}

/// Notes what to begin from, where that is not known, and looks at everything. Returns why it ended before that, if it did.
async fn read(
    job: &JobContext,
    task: &Task,
    site: &mut Site<'_>,
    sync: &Sync,
) -> Result<Option<&'static str>, JobError> {
    if sync.seeded_at.is_none() && !go_on(job, task).await? {
        let ended_early = Box::pin(seed(job, task, site)).await?;
        if ended_early.is_some() {
            return Ok(ended_early);
        }
    }
    crawl(job, task, site).await
}

async fn take(job: &JobContext, asked: &SyncSource) -> Result<Take, JobError> {
    job.app
        .store
        .tenant(job.tenant(), async |tx| {
            let taken = sources::take(tx, job.held(), asked.source_id, asked.dry_run).await?;
            if let Take::Taken(taken) = &taken {
                knowledge_bases::find(tx, taken.0.knowledge_base_id).await?;
            }
            Ok::<_, StoreError>(taken)
        })
        .await
        .map_err(JobError::from)
}

/// Whether the sync goes on where the one before ran out of time. A dry run looks at everything by itself.
async fn go_on(job: &JobContext, task: &Task) -> Result<bool, JobError> {
    if task.asked.dry_run {
        return Ok(false);
    }
    let going_on = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            sources::go_on(tx, job.held(), &task.source, &MAY_PASS).await
        })
        .await?;
    Ok(going_on)
}

/// When this attempt has to end; `None` when that was in an earlier one's time.
fn deadline(config: &WebSource, sync: &Sync) -> Option<Instant> {
    let passed = Duration::from_secs(u64::try_from(sync.secs_since_start).unwrap_or(0));
    let left = Duration::from_mins(config.max_minutes.into()).checked_sub(passed)?;
    Some(Instant::now() + left)
}

/// Looks at everything that waits, and at what is found on the way. Returns why it ended before that, if it did.
async fn crawl(job: &JobContext, task: &Task, site: &mut Site<'_>) -> Result<Option<&'static str>, JobError> {
    loop {
        let (waiting, sync) = job
            .app
            .store
            .tenant(job.tenant(), async |tx| {
                let waiting = sources::next(tx, (task.source.id, job.id()), BATCH).await?;
                let sync = sources::find_sync(tx, task.source.id, job.id()).await?;
                Ok::<_, StoreError>((waiting, sync))
            })
            .await?;
        if waiting.is_empty() {
            match ask_again(job, task, site).await? {
                true => continue,
                false => return Ok(None),
            }
        }
        let count = |number: i32| usize::try_from(number).unwrap_or(0);
        let done = count(sync.continued + sync.unchanged + sync.ingested + sync.skipped + sync.failed);
        for (place, item) in waiting.iter().enumerate() {
            if site.is_late() {
                return Ok(Some(TIME_LIMIT));
            }
            job.progress(done + place, Some(count(sync.found)), &item.url);
            Box::pin(visit(job, task, site, item)).await?;
        }
    }
}

/// Whether some of what could not be read, for a reason that may pass, waits once more: after a pause, where the sync has time for it. A site that is down is not asked for all
/// its pages again; what they lead to is not known then.
async fn ask_again(job: &JobContext, task: &Task, site: &Site<'_>) -> Result<bool, JobError> {
    let (source, sync) = (task.source.id, (task.source.id, job.id()));
    let again = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let again = sources::ask_again(tx, job.held(), source, &MAY_PASS, AGAIN_MAX).await?;
            if matches!(again, Again::TooMany(_)) && task.follows_links() {
                sources::note_blind(tx, sync).await?;
            }
            Ok::<_, StoreError>(again)
        })
        .await?;
    if let Again::Waiting(pages) = again {
        tracing::debug!(pages, "pages that could not be read are asked for once more");
        tokio::time::sleep(AGAIN_AFTER.min(site.time_left())).await;
    }
    Ok(matches!(again, Again::Waiting(_)))
}

fn superseded(asked: &SyncSource, by: uuid::Uuid) -> SyncedSource {
    SyncedSource {
        dry_run: asked.dry_run,
        superseded_by: Some(by),
        continued: 0,
        found: 0,
        fetched: 0,
        unchanged: 0,
        ingested: 0,
        skipped: 0,
        failed: 0,
        deleted: 0,
        deletions_withheld: 0,
        deletions_withheld_because: None,
        complete: false,
        ended_early: None,
        reasons: Vec::new(),
    }
}
