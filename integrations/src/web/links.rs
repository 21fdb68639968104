use super::head::robots_words;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::cell::RefCell;
use url::Url;

/// Links that are taken of one page.
const LINKS_MAX: usize = 2000;

/// Where a page leads, and what it says to robots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageLinks {
    /// In their order, as they resolve; without those that are marked `nofollow`.
    pub links: Vec<Url>,
    /// What the page calls itself.
    pub canonical: Option<Url>,
    pub noindex: bool,
    pub nofollow: bool,
    /// There were more links than are taken.
    pub cut: bool,
}

/// Reads a page's tags. No tree is built, so that depth costs nothing; time is in proportion to its length.
#[must_use]
pub fn read_links(html: &str, url: &Url) -> PageLinks {
    let sink = Sink {
        found: RefCell::new(Found {
            base: None,
            page: PageLinks::default(),
        }),
        url,
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    // A sink that never asks for a script to be run gets all of it at once.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.found.into_inner().page
}

struct Found {
    /// Of the first `base` tag.
    base: Option<Url>,
    page: PageLinks,
}

struct Sink<'a> {
    found: RefCell<Found>,
    url: &'a Url,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        if tag.kind != TagKind::StartTag {
            return TokenSinkResult::Continue;
        }
        let mut found = self.found.borrow_mut();
        match &*tag.name {
            "a" | "area" => found.follow(&tag, self.url),
            "base" if found.base.is_none() => {
                found.base = attribute(&tag, "href").and_then(|href| self.url.join(href).ok())
            }
            "link" => found.note_canonical(&tag, self.url),
            "meta" => found.hear(&tag),
            _ => {}
        }
        raw(&tag.name)
    }
}

impl Found {
    fn resolve(&self, href: &str, url: &Url) -> Option<Url> {
        self.base.as_ref().unwrap_or(url).join(href.trim()).ok()
    }

    fn follow(&mut self, tag: &Tag, url: &Url) {
        let nofollow = attribute(tag, "rel").is_some_and(|rel| has_word(rel, "nofollow"));
        let Some(link) = attribute(tag, "href")
            .filter(|_| !nofollow)
            .and_then(|href| self.resolve(href, url))
        else {
            return;
        };
        if self.page.links.len() < LINKS_MAX {
            self.page.links.push(link);
        } else {
            self.page.cut = true;
        }
    }

    fn note_canonical(&mut self, tag: &Tag, url: &Url) {
        let is_canonical = attribute(tag, "rel").is_some_and(|rel| has_word(rel, "canonical"));
        if is_canonical && self.page.canonical.is_none() {
            self.page.canonical = attribute(tag, "href").and_then(|href| self.resolve(href, url));
        }
    }

    fn hear(&mut self, tag: &Tag) {
        let name = attribute(tag, "name").unwrap_or_default();
        if name.eq_ignore_ascii_case("robots") || name.eq_ignore_ascii_case("visualkit") {
            let (noindex, nofollow) = robots_words(attribute(tag, "content").unwrap_or_default());
            self.page.noindex |= noindex;
            self.page.nofollow |= nofollow;
        }
    }
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name)?;
    Some(&found.value)
}

fn has_word(list: &str, wanted: &str) -> bool {
    list.split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case(wanted))
}

/// What stands in these is text, whatever it looks like (WHATWG HTML, 13.2.6.4).
fn raw(name: &str) -> TokenSinkResult<()> {
    match name {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        _ => TokenSinkResult::Continue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> PageLinks {
        read_links(html, &Url::parse("https://example.com/docs/page").unwrap())
    }

    fn links(html: &str) -> Vec<String> {
        read(html).links.into_iter().map(String::from).collect()
    }

    #[test]
    fn links_resolve_against_the_page_or_its_base() {
        assert_eq!(
            links("<a href=next>x</a><A HREF='/top'>"),
            ["https://example.com/docs/next", "https://example.com/top"]
        );
        assert_eq!(
            links("<base href='/other/'><base href='/no/'><a href=next>"),
            ["https://example.com/other/next"]
        );
        assert_eq!(
            links("<a href=' //cdn.test/x '><a href='http://['>"),
            ["https://cdn.test/x"]
        );
    }

    #[test]
    fn what_only_looks_like_a_link_is_none() {
        let html = "<script>var a = '<a href=/s>'</script><style><a href=/t></style><!-- <a href=/c> -->
            <textarea><a href=/ta></textarea><a rel='nofollow me' href=/n><a name=x><a href=/yes>";
        assert_eq!(links(html), ["https://example.com/yes"]);
    }

    #[test]
    fn a_page_says_what_it_is_called_and_what_robots_may_do() {
        let page = read(
            "<link rel='shortcut icon' href=i><link rel=canonical href=../x><meta name=ROBOTS content='noindex,NOFOLLOW'>",
        );
        assert_eq!(page.canonical.unwrap().as_str(), "https://example.com/x");
        assert!(page.noindex && page.nofollow);
        assert!(!read("<meta name=description content=noindex>").noindex);
    }

    #[test]
    fn hostile_pages_end() {
        let deep = "<div>".repeat(200_000);
        assert_eq!(links(&format!("{deep}<a href=/x>")).len(), 1);
        let many = read(&"<a href=/x>".repeat(5000));
        assert!(many.links.len() == LINKS_MAX && many.cut);
        assert!(links("<a href='\0'><script>never ends <a href=/x>").len() <= 1);
    }
}
