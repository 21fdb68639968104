use super::address::plain;
use super::pattern::matches;
use url::Url;

/// Which addresses of which hosts are looked at.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Host, port and beginning of the path.
    prefixes: Vec<(String, u16, String)>,
    include: Vec<String>,
    exclude: Vec<String>,
}

/// Why an address is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfScope {
    Host,
    Path,
    Excluded,
}

impl Scope {
    /// `prefixes` as they are; where there are none, the folders of `start`.
    #[must_use]
    pub fn new(start: &[Url], prefixes: &[Url], include: Vec<String>, exclude: Vec<String>) -> Self {
        let prefixes = if prefixes.is_empty() {
            start.iter().filter_map(|url| prefix(url, folder(url.path()))).collect()
        } else {
            prefixes.iter().filter_map(|url| prefix(url, url.path())).collect()
        };
        // As addresses are written by their one name.
        let plain_all = |patterns: Vec<String>| patterns.iter().map(|pattern| plain(pattern)).collect();
        Self {
            prefixes,
            include: plain_all(include),
            exclude: plain_all(exclude),
        }
    }

    /// # Errors
    /// Why it is not.
    pub fn check(&self, url: &Url) -> Result<(), OutOfScope> {
        if !self.has_host(url) {
            return Err(OutOfScope::Host);
        }
        let at = plain(url.path());
        let fits = |(host, port, path): &(String, u16, String)| same_host(url, host, *port) && at.starts_with(path);
        if !self.prefixes.iter().any(fits) {
            return Err(OutOfScope::Path);
        }
        let text = match url.query() {
            Some(query) => format!("{at}?{}", plain(query)),
            None => at,
        };
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &text));
        if (!self.include.is_empty() && !any(&self.include)) || any(&self.exclude) {
            return Err(OutOfScope::Excluded);
        }
        Ok(())
    }

    /// Whether all of it is of one host.
    #[must_use]
    pub fn has_one_host(&self) -> bool {
        let mut hosts = self.prefixes.iter().map(|(host, port, _)| (host, port));
        let first = hosts.next();
        hosts.all(|host| Some(host) == first)
    }

    /// Whether it is of a host that anything may be asked of: sitemaps stand outside the folder that they list.
    #[must_use]
    pub fn has_host(&self, url: &Url) -> bool {
        self.prefixes.iter().any(|(host, port, _)| same_host(url, host, *port))
    }
}

/// http and https at their own ports are one host; at another port, it is that port's.
fn same_host(url: &Url, host: &str, port: u16) -> bool {
    url.host_str() == Some(host) && numbered(url) == Some(port)
}

fn numbered(url: &Url) -> Option<u16> {
    match url.port_or_known_default()? {
        80 | 443 => Some(443),
        port => Some(port),
    }
}

fn prefix(url: &Url, path: &str) -> Option<(String, u16, String)> {
    Some((url.host_str()?.to_owned(), numbered(url)?, plain(path)))
}

/// Up to and with the last slash.
fn folder(path: &str) -> &str {
    path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn by_default_the_scope_is_the_folder_that_a_start_page_stands_in() {
        let scope = Scope::new(&[url("https://example.com/docs/intro.html")], &[], vec![], vec![]);
        assert_eq!(scope.check(&url("http://example.com/docs/a/b?x")), Ok(()));
        assert_eq!(scope.check(&url("https://example.com/blog")), Err(OutOfScope::Path));
        for other in [
            "https://www.example.com/docs/",
            "https://example.com:8443/docs/",
            "https://example.com.evil.test/docs/",
            "http://169.254.169.254/docs/",
        ] {
            assert_eq!(scope.check(&url(other)), Err(OutOfScope::Host), "{other}");
        }
        assert!(scope.has_host(&url("https://example.com/sitemap.xml")));
    }

    #[test]
    fn names_are_compared_by_what_they_mean() {
        let scope = Scope::new(
            &[url("https://example.com/%7Eann/%c3%bc/")],
            &[],
            vec![],
            vec!["/~ann/ü/tür*".into()],
        );
        assert_eq!(scope.check(&url("https://example.com/~ann/%C3%BC/a")), Ok(()));
        let excluded = url("https://example.com/~ann/%C3%BC/t%C3%BCr/1");
        assert_eq!(scope.check(&excluded), Err(OutOfScope::Excluded));
        assert!(scope.has_one_host());
        assert!(!Scope::new(&[url("https://a.test/"), url("https://b.test/")], &[], vec![], vec![]).has_one_host());
    }

    #[test]
    fn patterns_choose_within_the_scope() {
        let scope = Scope::new(
            &[],
            &[url("https://example.com/")],
            vec!["/docs/*".into()],
            vec!["*/print$".into(), "*?page=".into()],
        );
        assert_eq!(scope.check(&url("https://example.com/docs/a")), Ok(()));
        for other in ["/blog/a", "/docs/a/print", "/docs/a?page=2"] {
            let url = url("https://example.com").join(other).unwrap();
            assert_eq!(scope.check(&url), Err(OutOfScope::Excluded), "{other}");
        }
    }
}
