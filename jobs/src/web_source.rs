use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a web source looks for pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrawlMode {
    /// What its sitemaps list, and nothing else.
    Sitemap,
    /// What its start pages lead to.
    Links,
    Both,
}

/// What becomes of the query of an address (`?…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueryPolicy {
    Keep,
    /// What only says where a visitor came from goes: `utm_…`, `gclid`, `fbclid` and their like.
    DropTracking,
    Drop,
}

/// The config of a source of kind `web`, as it is stored: checked, and every default filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebSource {
    /// Where links are followed from; they also say what is in scope where `scope` does not.
    pub start_urls: Vec<String>,
    pub mode: CrawlMode,
    /// Where none is given: those that robots.txt names, or else `/sitemap.xml`.
    pub sitemaps: Vec<String>,
    /// Addresses that pages must begin with, by host and path. Empty: the hosts and folders of the start pages.
    pub scope: Vec<String>,
    /// Patterns over path and query, with `*` for anything and `$` for the end. Empty: all of the scope.
    pub include: Vec<String>,
    /// Patterns of what is left out all the same.
    pub exclude: Vec<String>,
    pub query: QueryPolicy,
    /// Addresses that one sync looks at.
    pub max_pages: u32,
    /// Links from a start page.
    pub max_depth: u32,
    /// Between two requests to a host; longer where its robots.txt asks for it.
    pub min_delay_ms: u32,
    /// A larger page is skipped.
    pub max_page_bytes: u32,
    /// A sync ends early after so long.
    pub max_minutes: u32,
    /// Is put behind our own user agent, so that a site can tell whose crawl it is.
    pub user_agent_suffix: Option<String>,
}
