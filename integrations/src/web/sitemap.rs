use quick_xml::Reader;
use quick_xml::events::Event;

/// Entries that are read of one sitemap: what the protocol allows (sitemaps.org).
const ENTRIES_MAX: usize = 50_000;
/// The text of one entry; an address is shorter.
const TEXT_BYTES_MAX: usize = 4096;

/// What a sitemap lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sitemap {
    pub pages: Vec<String>,
    /// Other sitemaps, of an index.
    pub sitemaps: Vec<String>,
    /// There were more entries than are read.
    pub cut: bool,
}

/// Why a text cannot be read as a sitemap; what stood before the fault is lost with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SitemapError {
    /// It is something else, such as the page that a site answers with for what it does not have.
    #[error("not a sitemap: {0}")]
    Other(String),
    /// It is, or may be, one of which something is missing.
    #[error("not all of a sitemap: {0}")]
    Broken(String),
}

/// Reads a sitemap or an index of sitemaps, or a list with one address a line. No entity but XML's own five is known and none can be declared, so that
/// nothing can be expanded or fetched.
///
/// # Errors
/// [`SitemapError`].
pub fn read_sitemap(text: &str) -> Result<Sitemap, SitemapError> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Err(SitemapError::Broken("it is empty".to_owned()));
    }
    if !text.starts_with('<') {
        return read_list(text);
    }
    let mut reader = Reader::from_str(text);
    let mut found = Sitemap::default();
    let mut is_known = false;
    // Inside `loc`: its text so far.
    let mut loc: Option<String> = None;
    let mut in_index = false;
    // In how many elements: an entry's own address stands in the third, and other things in an entry (images, videos) have addresses as well.
    let mut depth = 0_usize;
    loop {
        let event = reader.read_event().map_err(|error| match is_known {
            true => SitemapError::Broken(error.to_string()),
            false => SitemapError::Other(error.to_string()),
        })?;
        match event {
            Event::Eof if is_known && depth > 0 => {
                return Err(SitemapError::Broken("it ends in the middle".to_owned()));
            }
            Event::Eof => break,
            Event::Start(tag) => {
                depth += 1;
                match (depth, tag.local_name().as_ref()) {
                    (1, "urlset") => is_known = true,
                    (1, "sitemapindex") => (is_known, in_index) = (true, true),
                    (3, "loc") => loc = Some(String::new()),
                    _ => {}
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if depth == 2
                    && let Some(text) = loc.take()
                {
                    found.take(text.trim(), in_index);
                }
            }
            Event::Text(text) => add(&mut loc, &text.xml10_content()),
            Event::CData(text) => add(&mut loc, &text.xml10_content()),
            Event::GeneralRef(entity) => {
                let known = entity
                    .resolve_char_ref()
                    .ok()
                    .flatten()
                    .or(match &*entity.xml10_content() {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => None,
                    });
                match known {
                    Some(known) => add(&mut loc, known.encode_utf8(&mut [0; 4])),
                    // An entity of its own: whatever it stands for, it is no address.
                    None => loc = None,
                }
            }
            _ => {}
        }
    }
    if !is_known {
        return Err(SitemapError::Other(
            "it has neither <urlset> nor <sitemapindex>".to_owned(),
        ));
    }
    Ok(found)
}

fn read_list(text: &str) -> Result<Sitemap, SitemapError> {
    let mut found = Sitemap::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !line.starts_with("http") {
            return Err(SitemapError::Other(
                "it is neither XML nor a list of addresses".to_owned(),
            ));
        }
        found.take(line, false);
    }
    Ok(found)
}

fn add(loc: &mut Option<String>, text: &str) {
    if let Some(so_far) = loc
        && so_far.len() + text.len() <= TEXT_BYTES_MAX
    {
        so_far.push_str(text);
    }
}

impl Sitemap {
    fn take(&mut self, text: &str, in_index: bool) {
        if self.pages.len() + self.sitemaps.len() >= ENTRIES_MAX {
            self.cut = true;
        } else if in_index {
            self.sitemaps.push(text.to_owned());
        } else {
            self.pages.push(text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sitemaps_indexes_and_lists_are_read() {
        let pages = read_sitemap(
            "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:i='i'>
             <url><loc> https://example.com/?a=1&amp;b=2 </loc><lastmod>2026-01-01</lastmod><i:image><i:loc>https://example.com/x.png</i:loc><i:title>x</i:title></i:image></url>
             <url><loc><![CDATA[https://example.com/b]]></loc></url></urlset>",
        );
        assert_eq!(
            pages.unwrap().pages,
            ["https://example.com/?a=1&b=2", "https://example.com/b"]
        );
        let index =
            read_sitemap("<sitemapindex><sitemap><loc>https://example.com/s.xml.gz</loc></sitemap></sitemapindex>");
        assert_eq!(index.unwrap().sitemaps, ["https://example.com/s.xml.gz"]);
        let list = read_sitemap("\u{feff}https://example.com/a\r\nhttps://example.com/b\n").unwrap();
        assert_eq!(list.pages.len(), 2);
    }

    #[test]
    fn hostile_xml_expands_to_nothing() {
        let bomb = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>
            <urlset><url><loc>https://example.com/&b;&f;</loc></url><url><loc>https://example.com/ok</loc></url></urlset>";
        assert_eq!(read_sitemap(bomb).unwrap().pages, ["https://example.com/ok"]);
        let long = format!(
            "<urlset><url><loc>https://example.com/{}</loc></url></urlset>",
            "x".repeat(1 << 20)
        );
        assert!(read_sitemap(&long).unwrap().pages[0].len() <= TEXT_BYTES_MAX);
    }

    #[test]
    fn what_is_no_sitemap_is_an_error() {
        for other in [
            "<html><body>Not found</body></html>",
            "<!doctype html><p>Not found<br>",
            "Not found",
        ] {
            assert!(matches!(read_sitemap(other), Err(SitemapError::Other(_))), "{other}");
        }
    }

    #[test]
    fn what_is_not_all_there_is_no_sitemap_with_less_in_it() {
        for broken in [
            "<urlset><url></loc>",
            "",
            "\u{feff} \n",
            "<urlset><url><loc>https://example.com/1</loc></url><url>",
            "<urlset><url><loc>https://exam",
        ] {
            assert!(matches!(read_sitemap(broken), Err(SitemapError::Broken(_))), "{broken}");
        }
    }

    #[test]
    fn no_more_is_read_than_the_protocol_allows() {
        let many = format!(
            "<urlset>{}</urlset>",
            "<url><loc>https://e.test/</loc></url>".repeat(ENTRIES_MAX + 1)
        );
        let found = read_sitemap(&many).unwrap();
        assert!(found.pages.len() == ENTRIES_MAX && found.cut);
    }
}
