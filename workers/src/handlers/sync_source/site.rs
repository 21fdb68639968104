use crate::error::Advice;
use crate::{Heard, JobContext, JobError};
use integrations::IntegrationError;
use integrations::http::header::{ACCEPT, ACCEPT_ENCODING, LOCATION, USER_AGENT};
use integrations::http::{GuardedResponse, HeaderMap, HeaderValue};
use integrations::web::{Inflated, Query, ROBOTS_BYTES_MAX, Robots, Scope, gunzip, is_gzip, normalise};
use jobs::{Estimate, QueryPolicy, Wait, WebSource, is_credential_name};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// A site that asks for more than this between two requests waits no longer for us.
const CRAWL_DELAY_MAX: Duration = Duration::from_secs(30);
/// As slowly as the governor learns to ask: a sync that gave its slot away for less would come back to ask for robots.txt, and to nothing else.
const WAIT_IN_SLOT_MAX: Duration = Duration::from_secs(61);
/// A shorter wait is the site's pace, and nothing to be told.
const WAIT_TOLD_FROM: Duration = Duration::from_secs(1);
/// So often in a row an address is asked for that limits us and has us come back soon: what it limits is that address.
const LIMITED_MAX: usize = 5;
/// RFC 9309, 2.3.1.2.
const ROBOTS_REDIRECTS: usize = 5;
/// What a redirect may name, in bytes: servers take no longer address either, as a rule.
const LOCATION_BYTES_MAX: usize = 8 << 10;

/// What came of a request; or that the job must wait.
type Answered = Result<Result<GuardedResponse, IntegrationError>, JobError>;

/// The hosts of a source, and how they want to be asked.
pub(super) struct Site<'a> {
    job: &'a JobContext,
    config: &'a WebSource,
    pub(super) scope: Scope,
    /// When the sync has to end; `None` when that was in an earlier attempt's time.
    deadline: Option<Instant>,
    agent: HeaderValue,
    robots: HashMap<String, Robots>,
    /// Hosts that could not say what they allow, in this attempt.
    silent: HashSet<String>,
    /// Whether it was the site itself that the last request was put off by, and not our budget.
    pub(super) puts_off: bool,
    /// When the last request to a host ended.
    asked_at: HashMap<String, Instant>,
}

impl<'a> Site<'a> {
    pub(super) fn new(job: &'a JobContext, config: &'a WebSource, deadline: Option<Instant>) -> Result<Self, JobError> {
        let urls = |texts: &[String]| {
            texts
                .iter()
                .filter_map(|text| Url::parse(text).ok())
                .collect::<Vec<_>>()
        };
        let scope = Scope::new(
            &urls(&config.start_urls),
            &urls(&config.scope),
            config.include.clone(),
            config.exclude.clone(),
        );
        let suffix = config.user_agent_suffix.as_deref().map(|suffix| format!(" {suffix}"));
        let agent = format!("visualkit/{}{}", env!("CARGO_PKG_VERSION"), suffix.unwrap_or_default());
        let agent = HeaderValue::from_str(&agent)
            .map_err(|_| JobError::permanent("invalid_config", "The user agent cannot be sent as a header."))?;
        Ok(Self {
            job,
            config,
            scope,
            deadline,
            agent,
            robots: HashMap::new(),
            silent: HashSet::new(),
            puts_off: false,
            asked_at: HashMap::new(),
        })
    }

    /// Whether the time that the sync has is over: nothing else is asked for then.
    pub(super) fn is_late(&self) -> bool {
        self.time_left().is_zero()
    }

    /// Whether the job must wait, and its turn is not before the time that the sync has is over.
    pub(super) fn is_put_off_too_long(&self, error: &JobError) -> bool {
        matches!(error.advice(), Advice::Snooze { wait, .. } if wait.turn_in >= self.time_left())
    }

    fn is_put_off_in_time(&self, error: &JobError) -> bool {
        matches!(error.advice(), Advice::Snooze { wait, .. } if wait.turn_in < self.time_left())
    }

    pub(super) fn time_left(&self) -> Duration {
        self.deadline.map_or(Duration::ZERO, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        })
    }

    /// The one name of an address, where it is in scope.
    pub(super) fn name_in_scope(&self, url: &Url) -> Option<Url> {
        self.name(url).filter(|url| self.scope.check(url).is_ok())
    }

    pub(super) fn name(&self, url: &Url) -> Option<Url> {
        let query = match self.config.query {
            QueryPolicy::Keep => Query::Keep,
            QueryPolicy::DropTracking => Query::DropTracking,
            QueryPolicy::Drop => Query::Drop,
        };
        normalise(url, query)
    }

    /// Asks for an address, when its host has been left alone long enough and the budget of `web:<host>` allows it. What the site answers, or that it
    /// does not, is for the caller; so is that it limits us for this address however often it is asked.
    ///
    /// # Errors
    /// That the job must wait: for the budget, or because the site asked for it, which [`Self::puts_off`] tells.
    pub(super) async fn get(&mut self, url: &Url, mut headers: HeaderMap, bytes_max: usize) -> Answered {
        headers.insert(USER_AGENT, self.agent.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static(
            "text/html,application/xhtml+xml,text/markdown;q=0.9,text/plain;q=0.9,*/*;q=0.5",
        ));
        let host = host_of(url);
        self.leave_alone(&host).await;
        let mut limited = 0;
        let result = loop {
            let (result, is_limited) = self.ask(&host, url, headers.clone(), bytes_max).await;
            limited += usize::from(is_limited);
            match result {
                Err(_) if limited >= LIMITED_MAX => break Ok(Err(limits_us(&host))),
                Err(error) => match short_wait(&error) {
                    Some((credential, wait)) => {
                        if wait.limited_for >= WAIT_TOLD_FROM {
                            self.job.waits_in_slot(&credential, &wait);
                        }
                        tokio::time::sleep(wait.limited_for).await;
                    }
                    None => {
                        self.puts_off = is_limited;
                        break Err(error);
                    }
                },
                answered => break answered,
            }
        };
        self.asked_at.insert(host, Instant::now());
        result
    }

    /// The answer, or that the job must wait; and whether the site was asked and wants that.
    async fn ask(&self, host: &str, url: &Url, headers: HeaderMap, bytes_max: usize) -> (Answered, bool) {
        let heard = Heard::default();
        let (http, heard_there) = (&self.job.app.http, heard.clone());
        let limited = AtomicBool::new(false);
        let is_limited = &limited;
        let call = async move {
            match heard_there.exchange(http.get_up_to(url, headers, bytes_max)).await {
                Ok(answer) if answer.is_limited() => {
                    is_limited.store(true, Ordering::Relaxed);
                    Err(answer.success().err().map_or_else(
                        || JobError::retry("integration", "The site limits our rate of requests."),
                        JobError::from,
                    ))
                }
                answer => Ok(answer),
            }
        };
        let credential = format!("web:{host}");
        let asked = self.job.governed(&credential, Estimate::default(), &heard, call).await;
        (asked, limited.load(Ordering::Relaxed))
    }

    async fn leave_alone(&self, host: &str) {
        let asked_for = self
            .robots
            .get(host)
            .and_then(|robots| robots.crawl_delay)
            .unwrap_or_default();
        let delay = Duration::from_millis(self.config.min_delay_ms.into()).max(asked_for.min(CRAWL_DELAY_MAX));
        if let Some(asked_at) = self.asked_at.get(host) {
            tokio::time::sleep(delay.saturating_sub(asked_at.elapsed())).await;
        }
    }

    /// What the host of `url` allows, which is asked once an attempt.
    ///
    /// # Errors
    /// That the job must wait; or, of the only host of the source, that it cannot say it: nothing of it is asked then (RFC 9309, 2.3.1.4). Another host that
    /// cannot, or not in the time that the sync has, is `None`.
    pub(super) async fn robots(&mut self, url: &Url) -> Result<Option<&Robots>, JobError> {
        let host = host_of(url);
        if self.silent.contains(&host) {
            return Ok(None);
        }
        if !self.robots.contains_key(&host) {
            match self.read_robots(url).await {
                Ok(robots) => drop(self.robots.insert(host.clone(), robots)),
                Err(error) if self.scope.has_one_host() || self.is_put_off_in_time(&error) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::info!(%host, %error, "a host of a source says not what it allows");
                    self.silent.insert(host);
                    return Ok(None);
                }
            }
        }
        Ok(self.robots.get(&host))
    }

    async fn read_robots(&mut self, url: &Url) -> Result<Robots, JobError> {
        let mut at = url
            .join("/robots.txt")
            .map_err(|error| JobError::permanent("invalid_config", error.to_string()))?;
        for _ in 0..=ROBOTS_REDIRECTS {
            let answer = match self.get(&at, HeaderMap::new(), 4 * ROBOTS_BYTES_MAX).await? {
                Ok(answer) => answer,
                Err(error @ (IntegrationError::Forbidden { .. } | IntegrationError::NotConfigured { .. })) => {
                    return Err(error.into());
                }
                Err(error) => return Err(robots_unavailable(&at, &error.to_string())),
            };
            match answer.status.as_u16() {
                200..=299 => return read_robots_body(&at, &answer.body),
                300..=399 => match location(&answer, &at) {
                    Some(next) => at = next,
                    None => return Ok(Robots::default()),
                },
                400..=499 => return Ok(Robots::default()),
                status => return Err(robots_unavailable(&at, &format!("it answered {status}"))),
            }
        }
        Ok(Robots::default())
    }
}

/// Packed for the way or not: what is packed and not unpacked would forbid nothing.
fn read_robots_body(url: &Url, body: &[u8]) -> Result<Robots, JobError> {
    if !is_gzip(body) {
        return Ok(Robots::parse(body));
    }
    match gunzip(body, 4 * ROBOTS_BYTES_MAX) {
        Inflated::Whole(text) => Ok(Robots::parse(&text)),
        Inflated::TooLarge => Err(robots_unavailable(url, "it is too large")),
        Inflated::Broken => Err(robots_unavailable(url, "it is compressed and cannot be unpacked")),
    }
}

/// The budget, or the site itself, that holds the sync back, where that is until its turn and not for long.
fn short_wait(error: &JobError) -> Option<(Arc<str>, Wait)> {
    match error.advice() {
        Advice::Snooze { credential, wait } if wait.turn_in <= WAIT_IN_SLOT_MAX => {
            let limited_for = wait.turn_in.max(Duration::from_millis(1));
            Some((credential.clone(), Wait { limited_for, ..*wait }))
        }
        _ => None,
    }
}

fn limits_us(host: &str) -> IntegrationError {
    IntegrationError::RateLimited {
        system: host.to_owned(),
        retry_after: None,
    }
}

fn robots_unavailable(url: &Url, why: &str) -> JobError {
    JobError::retry(
        "robots_unavailable",
        format!(
            "{} cannot be read, so that nothing of the site may be asked: {why}",
            url.as_str()
        ),
    )
}

/// Where an answer sends us, if it says so in reasonable length.
pub(super) fn location(answer: &GuardedResponse, url: &Url) -> Option<Url> {
    let target = url.join(answer.headers.get(LOCATION)?.to_str().ok()?).ok()?;
    (target.as_str().len() <= LOCATION_BYTES_MAX).then_some(target)
}

/// Host and port, as far as the name of a credential can say them.
fn host_of(url: &Url) -> String {
    let host: String = url
        .host_str()
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if is_credential_name(c.encode_utf8(&mut [0; 4])) {
                c
            } else {
                '-'
            }
        })
        .take(180)
        .collect();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}
