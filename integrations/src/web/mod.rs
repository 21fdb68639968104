//! Reading web sites as a well-behaved robot: what may be asked, what an address is called, and where pages lead. Nothing here sends anything.
mod address;
mod gunzip;
mod head;
mod links;
mod pattern;
mod robots;
mod scope;
mod sitemap;
mod text;

pub use address::{Query, normalise};
pub use gunzip::{Inflated, gunzip, is_gzip};
pub use head::{PageHead, media_type};
pub use links::{PageLinks, read_links};
pub use pattern::matches;
pub use robots::{ROBOTS_BYTES_MAX, Robots};
pub use scope::{OutOfScope, Scope};
pub use sitemap::{Sitemap, SitemapError, read_sitemap};
pub use text::to_utf8;
