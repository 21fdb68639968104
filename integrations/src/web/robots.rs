use super::address::plain;
use super::pattern::matches;
use std::time::Duration;
use url::Url;

/// What is read of a robots.txt; RFC 9309, 2.5 asks for 500 KiB at least.
pub const ROBOTS_BYTES_MAX: usize = 512 * 1024;
const SITEMAPS_MAX: usize = 100;

/// Who we are to robots.txt.
const PRODUCT: &str = "visualkit";

/// What a site allows us (RFC 9309).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Robots {
    rules: Vec<Rule>,
    /// How long it asks to be left alone between two requests. Not of the standard, but widely written.
    pub crawl_delay: Option<Duration>,
    /// As written.
    pub sitemaps: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    pattern: String,
}

/// The rules of the groups that are for one agent, or for all.
#[derive(Default)]
struct Group {
    named: bool,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

impl Robots {
    /// Reads a robots.txt; lines that are none are passed over.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes.get(..ROBOTS_BYTES_MAX).unwrap_or(bytes));
        let (mut ours, mut everyones) = (Group::default(), Group::default());
        let mut sitemaps = Vec::new();
        // Whom the present group is for, and whether its list of agents has ended.
        let (mut for_us, mut for_all, mut listed) = (false, false, true);
        for line in text.trim_start_matches('\u{feff}').split(['\r', '\n']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    if listed {
                        (for_us, for_all, listed) = (false, false, false);
                    }
                    for_us |= is_us(value);
                    for_all |= value == "*";
                    ours.named |= for_us;
                }
                "allow" | "disallow" | "crawl-delay" => {
                    listed = true;
                    for group in [(for_us, &mut ours), (for_all, &mut everyones)] {
                        if let (true, group) = group {
                            group.take(&key, value);
                        }
                    }
                }
                "sitemap" if sitemaps.len() < SITEMAPS_MAX => sitemaps.push(value.to_owned()),
                _ => {}
            }
        }
        let group = if ours.named { ours } else { everyones };
        Self {
            rules: group.rules,
            crawl_delay: group.crawl_delay,
            sitemaps,
        }
    }

    /// Whether the address may be asked for. The longest rule that fits decides, and of two as long the one that allows; robots.txt itself always
    /// may.
    #[must_use]
    pub fn allows(&self, url: &Url) -> bool {
        let mut path = plain(url.path());
        if path == "/robots.txt" {
            return true;
        }
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(&plain(query));
        }
        self.rules
            .iter()
            .filter(|rule| matches(&rule.pattern, &path))
            .max_by_key(|rule| (rule.pattern.len(), rule.allow))
            .is_none_or(|rule| rule.allow)
    }
}

impl Group {
    fn take(&mut self, key: &str, value: &str) {
        if key == "crawl-delay" {
            let secs = value
                .parse()
                .ok()
                .and_then(|secs| Duration::try_from_secs_f64(secs).ok());
            self.crawl_delay = secs.or(self.crawl_delay);
        } else if !value.is_empty() {
            self.rules.push(Rule {
                allow: key == "allow",
                pattern: plain(value),
            });
        }
    }
}

/// Our name, whatever its case and whatever version follows.
fn is_us(agent: &str) -> bool {
    let token = agent
        .split(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'))
        .next();
    token.is_some_and(|token| token.eq_ignore_ascii_case(PRODUCT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(robots: &str, path: &str) -> bool {
        let url = Url::parse("https://example.com").unwrap().join(path).unwrap();
        Robots::parse(robots.as_bytes()).allows(&url)
    }

    #[test]
    fn the_group_with_our_name_counts_alone_and_groups_of_one_name_are_one() {
        let robots = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: VisualKit/1.0\nDisallow: /a\n\nuser-agent: visualkit\nDisallow: /b";
        assert!(allowed(robots, "/"));
        assert!(!allowed(robots, "/a"));
        assert!(!allowed(robots, "/b"));
        assert!(!allowed(
            "User-agent: *\nDisallow: /\nUser-agent: visualkitten\nAllow: /",
            "/x"
        ));
        // Ours is there and says nothing: everything is allowed.
        assert!(allowed(
            "User-agent: *\nDisallow: /\nUser-agent: visualkit\nDisallow:",
            "/x"
        ));
    }

    #[test]
    fn the_longest_rule_decides_and_allow_wins_a_tie() {
        let robots =
            "User-agent: *\nDisallow: /docs/\nAllow: /docs/open\nAllow: /same\nDisallow: /same\nDisallow: /*.pdf$";
        assert!(allowed(robots, "/docs/open/x"));
        assert!(!allowed(robots, "/docs/x"));
        assert!(allowed(robots, "/same"));
        assert!(!allowed(robots, "/a/b.pdf"));
        assert!(allowed(robots, "/a/b.pdf?x"));
        assert!(allowed("User-agent: *\nDisallow: /", "/robots.txt"));
    }

    #[test]
    fn every_line_counts_however_it_ends_and_however_many_there_are() {
        assert!(!allowed("User-agent: *\rDisallow: /private", "/private"));
        let many: String = (0..20_000).map(|number| format!("Disallow: /{number}\n")).collect();
        assert!(!allowed(&format!("User-agent: *\n{many}"), "/19999"));
    }

    #[test]
    fn percent_encodings_are_compared_by_what_they_mean() {
        assert!(!allowed("User-agent: *\nDisallow: /%7Eann/ü", "/~ann/%c3%bcber"));
    }

    #[test]
    fn comments_other_lines_and_sitemaps_between_groups_break_nothing() {
        let robots = Robots::parse(
            "\u{feff}# hello\nUser-agent: * # all\nSitemap: https://example.com/s.xml\nnonsense\nCrawl-delay: 2.5\nDisallow: /x # not this\n".as_bytes(),
        );
        assert_eq!(robots.crawl_delay, Some(Duration::from_millis(2500)));
        assert_eq!(robots.sitemaps, ["https://example.com/s.xml"]);
        assert!(!robots.allows(&Url::parse("https://example.com/x").unwrap()));
        assert_eq!(Robots::parse(b"\xff\xfe\0\0binary"), Robots::default());
        assert_eq!(
            Robots::parse(b"User-agent: *\nCrawl-delay: -1\nCrawl-delay: NaN").crawl_delay,
            None
        );
    }
}
