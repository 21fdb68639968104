use crate::extract::{Fields, FromFields};
use config::Settings;
use integrations::http::{OutboundPolicy, web_url_faults};
use jobs::{CrawlMode, QueryPolicy, WebSource};
use serde_json::Value;
use std::ops::RangeInclusive;
use utoipa::ToSchema;

/// Fields of the config that hold addresses.
const ADDRESSES: [&str; 3] = ["start_urls", "sitemaps", "scope"];
/// The most that a sync reads of a page. It does not follow `server.max_document_bytes`, which is what clients may send: what is read of other people's sites stays bounded.
const MAX_PAGE_BYTES: i64 = 26_214_400;

/// How a web source is crawled. robots.txt is always followed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct WebConfig {
    /// 1 to 20 addresses, http or https, on the public internet. Links are followed from them, and they say what is in scope where `scope` does not.
    #[schema(example = json!(["https://example.com/docs/"]))]
    start_urls: Vec<String>,
    /// `both` by default.
    mode: Option<CrawlMode>,
    /// Up to 20; by default those that robots.txt names, or else `/sitemap.xml`.
    sitemaps: Option<Vec<String>>,
    /// Up to 20 addresses that pages must begin with, by host and path; by default the hosts and folders of the start pages.
    scope: Option<Vec<String>>,
    /// Up to 50 patterns over path and query: `*` is anything, `$` the end. All of the scope by default.
    #[schema(example = json!(["/docs/*"]))]
    include: Option<Vec<String>>,
    /// Up to 50 patterns of what is left out all the same.
    exclude: Option<Vec<String>>,
    /// `drop_tracking` by default.
    query: Option<QueryPolicy>,
    /// Addresses that one sync looks at; 1000 by default.
    #[schema(minimum = 1, maximum = 50000)]
    max_pages: Option<u32>,
    /// Links from a start page; 10 by default.
    #[schema(minimum = 0, maximum = 100)]
    max_depth: Option<u32>,
    /// Between two requests to a host; 500 by default, and longer where its robots.txt asks for it.
    #[schema(minimum = 20, maximum = 60000)]
    min_delay_ms: Option<u32>,
    /// A larger page is skipped; 25 MiB, the most, by default.
    #[schema(minimum = 1024, maximum = 26214400)]
    max_page_bytes: Option<u32>,
    /// A sync ends early after so long; 60 by default.
    #[schema(minimum = 1, maximum = 1440)]
    max_minutes: Option<u32>,
    /// Is put behind our own user agent: printable ASCII.
    #[schema(max_length = 100, example = "(+https://example.com/bot)")]
    user_agent_suffix: Option<String>,
}

/// A config that was read.
pub(super) struct ReadConfig(pub(super) WebSource);

impl FromFields for ReadConfig {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let start_urls = fields
            .required_value("start_urls")
            .and_then(|value| fields.texts("start_urls", value, 1..=20, 1..=1024));
        let mode = fields.optional_choice(
            "mode",
            &[
                ("sitemap", CrawlMode::Sitemap),
                ("links", CrawlMode::Links),
                ("both", CrawlMode::Both),
            ],
        );
        let query = fields.optional_choice(
            "query",
            &[
                ("keep", QueryPolicy::Keep),
                ("drop_tracking", QueryPolicy::DropTracking),
                ("drop", QueryPolicy::Drop),
            ],
        );
        let config = WebSource {
            start_urls: start_urls.unwrap_or_default(),
            mode: mode.unwrap_or(CrawlMode::Both),
            sitemaps: texts(fields, "sitemaps", 20),
            scope: texts(fields, "scope", 20),
            include: patterns(fields, "include"),
            exclude: patterns(fields, "exclude"),
            query: query.unwrap_or(QueryPolicy::DropTracking),
            max_pages: number(fields, "max_pages", 1..=50_000, 1000),
            max_depth: number(fields, "max_depth", 0..=100, 10),
            min_delay_ms: number(fields, "min_delay_ms", 20..=60_000, 500),
            max_page_bytes: number(fields, "max_page_bytes", 1024..=MAX_PAGE_BYTES, MAX_PAGE_BYTES),
            max_minutes: number(fields, "max_minutes", 1..=1440, 60),
            user_agent_suffix: suffix(fields),
        };
        Some(Self(config))
    }
}

fn texts(fields: &mut Fields, name: &str, count: usize) -> Vec<String> {
    let given = fields
        .value(name)
        .and_then(|value| fields.texts(name, value, 0..=count, 1..=1024));
    given.unwrap_or_default()
}

fn patterns(fields: &mut Fields, name: &str) -> Vec<String> {
    let given = texts(fields, name, 50);
    for (at, pattern) in given.iter().enumerate() {
        if !pattern.starts_with(['/', '*']) {
            fields.error(&format!("{name}.{at}"), "invalid", "must begin with `/` or `*`");
        }
    }
    given
}

fn number(fields: &mut Fields, name: &str, range: RangeInclusive<i64>, default: i64) -> u32 {
    let number = fields.optional_integer(name, range).unwrap_or(default);
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn suffix(fields: &mut Fields) -> Option<String> {
    let suffix = fields.optional_text("user_agent_suffix", 1..=100)?;
    if !suffix.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        fields.error("user_agent_suffix", "invalid", "must be printable ASCII");
    }
    Some(suffix)
}

/// Notes what is wrong with the addresses of `config`, as this installation may reach addresses.
pub(super) fn check_addresses(fields: &mut Fields, settings: &Settings) {
    let policy = OutboundPolicy {
        allow_loopback: settings.outgoing.allow_loopback,
        allow_private: settings.outgoing.allow_private,
    };
    let mut faults = Vec::new();
    for name in ADDRESSES {
        let given = fields
            .peek("config")
            .and_then(|config| config.get(name))
            .and_then(Value::as_array);
        for (at, url) in given.into_iter().flatten().enumerate() {
            let found = url.as_str().map(|url| web_url_faults(url, policy)).unwrap_or_default();
            faults.extend(found.into_iter().map(|fault| (format!("config.{name}.{at}"), fault)));
        }
    }
    // A long list of bad addresses is told from its beginning.
    for (field, fault) in faults.into_iter().take(100) {
        fields.error(&field, fault.code, fault.message);
    }
}

#[cfg(test)]
mod tests {
    use super::MAX_PAGE_BYTES;

    #[test]
    fn the_document_names_the_largest_page_that_is_read() {
        let document = serde_json::to_value(crate::openapi()).unwrap_or_default();
        let said = document.pointer("/components/schemas/WebConfig/properties/max_page_bytes/maximum");
        assert_eq!(said.and_then(serde_json::Value::as_i64), Some(MAX_PAGE_BYTES));
    }
}
