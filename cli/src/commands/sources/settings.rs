//! What a source is made with, and what can be changed of it.

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::which::Which;
use crate::commands::json_object::object;

#[derive(clap::Args)]
pub(super) struct AddArgs {
    /// What to call it; unique in its knowledge base
    name: String,
    /// Where to begin
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// The knowledge base, by name; made if there is none
    #[arg(long, value_name = "NAME")]
    pub(super) kb: String,
    #[command(flatten)]
    crawl: CrawlArgs,
    /// The collection that its documents are put into, by name; made if it is not there
    #[arg(long, value_name = "NAME")]
    pub(super) collection: Option<String>,
    #[command(flatten)]
    said: SaidArgs,
}

#[derive(clap::Args)]
pub(super) struct UpdateArgs {
    #[command(flatten)]
    pub(super) which: Which,
    /// What to call it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to begin, in the place of where it began; more than once for several
    #[arg(long = "url", value_name = "URL")]
    urls: Vec<String>,
    #[command(flatten)]
    crawl: CrawlArgs,
    /// The collection that its documents are put into, by name, also those that it has; made if it is not there
    #[arg(long, value_name = "NAME", conflicts_with = "no_collection")]
    pub(super) collection: Option<String>,
    /// Take its documents out of the collection that they are in
    #[arg(long)]
    no_collection: bool,
    /// Nobody but the tenant may see its documents
    #[arg(long, conflicts_with_all = ["public", "acl"])]
    private: bool,
    #[command(flatten)]
    said: SaidArgs,
}

/// What is said of every document that comes from it.
#[derive(clap::Args)]
struct SaidArgs {
    /// Anybody may see its documents
    #[arg(long, visible_alias = "acl-public")]
    public: bool,
    /// Who may see its documents, as JSON: {"groups": ["staff"]}
    #[arg(long, value_name = "JSON", value_parser = object, conflicts_with = "public")]
    acl: Option<Value>,
    /// Its documents' metadata, as JSON: {"product": "lamp"}
    #[arg(long, value_name = "JSON", value_parser = object)]
    metadata: Option<Value>,
}

impl SaidArgs {
    fn acl(&self) -> Option<Value> {
        match self.public {
            true => Some(json!({"public": true})),
            false => self.acl.clone(),
        }
    }
}

/// How pages are found.
#[derive(clap::Args)]
struct CrawlArgs {
    /// sitemap, links or both
    #[arg(long)]
    mode: Option<String>,
    /// A sitemap, if robots.txt does not name it; more than once for several
    #[arg(long, value_name = "URL")]
    sitemap: Vec<String>,
    /// Only addresses like it, such as '/docs/*'; more than once for several
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// None like it
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Only addresses that begin like it, by host and path, in the place of the hosts and folders where it begins; more than once for several
    #[arg(long, value_name = "URL")]
    scope: Vec<String>,
    /// What follows the ? of an address: keep, drop_tracking or drop
    #[arg(long, value_name = "POLICY", value_parser = ["keep", "drop_tracking", "drop"])]
    query: Option<String>,
    /// No more pages than this
    #[arg(long, value_name = "N")]
    max_pages: Option<u32>,
    /// Links followed in a row from where it begins
    #[arg(long, value_name = "N")]
    max_depth: Option<u32>,
    /// Between two requests
    #[arg(long, value_name = "MS")]
    min_delay_ms: Option<u32>,
    /// A larger page is skipped
    #[arg(long, value_name = "BYTES")]
    max_page_bytes: Option<u32>,
    /// A sync ends early after so long
    #[arg(long, value_name = "MINUTES")]
    max_minutes: Option<u32>,
    /// Put behind the name that sites are told, such as '(+example.com/bot)'
    #[arg(long, value_name = "TEXT")]
    user_agent_suffix: Option<String>,
}

impl CrawlArgs {
    /// What was named of a source's config.
    fn config(&self, urls: &[String]) -> Map<String, Value> {
        let list = |given: &[String]| (!given.is_empty()).then(|| json!(given));
        let config = [
            ("start_urls", list(urls)),
            ("mode", self.mode.as_deref().map(Value::from)),
            ("sitemaps", list(&self.sitemap)),
            ("include", list(&self.include)),
            ("exclude", list(&self.exclude)),
            ("scope", list(&self.scope)),
            ("query", self.query.as_deref().map(Value::from)),
            ("max_pages", self.max_pages.map(Value::from)),
            ("max_depth", self.max_depth.map(Value::from)),
            ("min_delay_ms", self.min_delay_ms.map(Value::from)),
            ("max_page_bytes", self.max_page_bytes.map(Value::from)),
            ("max_minutes", self.max_minutes.map(Value::from)),
            ("user_agent_suffix", self.user_agent_suffix.as_deref().map(Value::from)),
        ];
        named(config)
    }
}

impl AddArgs {
    pub(super) fn body(&self) -> Value {
        let body = named([
            ("kind", Some(json!("web"))),
            ("name", Some(json!(self.name))),
            ("config", Some(self.crawl.config(&self.urls).into())),
            ("acl", self.said.acl()),
            ("metadata", self.said.metadata.clone()),
        ]);
        body.into()
    }
}

impl UpdateArgs {
    /// What is to be different of the source as it was read: a config is changed as a whole, so that what was not named comes from there.
    pub(super) fn body(&self, source: &Value, collection: Option<Uuid>) -> anyhow::Result<Value> {
        let named_config = self.crawl.config(&self.urls);
        let config = if named_config.is_empty() {
            None
        } else {
            let mut config = source.get("config").and_then(Value::as_object).cloned();
            let whole = config.as_mut().context("the source as it was read has no config")?;
            whole.extend(named_config);
            config.map(Value::Object)
        };
        let acl = match self.private {
            true => Some(Value::Null),
            false => self.said.acl(),
        };
        let collection = match (collection, self.no_collection) {
            (Some(id), _) => Some(json!(id)),
            (None, true) => Some(Value::Null),
            (None, false) => None,
        };
        let body = named([
            ("name", self.name.as_deref().map(Value::from)),
            ("config", config),
            ("acl", acl),
            ("metadata", self.said.metadata.clone()),
            ("collection_id", collection),
        ]);
        if body.is_empty() {
            bail!("nothing is to be changed: `visualkit sources update --help` says what can be");
        }
        Ok(body.into())
    }
}

fn named<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = fields.into_iter();
    given
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
