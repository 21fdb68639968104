use ego_tree::NodeId;
use html5ever::tendril::StrTendril;
use scraper::{Html, Node};

/// Makes links to other pages of a book links to places on the page, by which the marks of notes are known; gives the addresses of the page's pictures.
pub(super) fn prepare(page: &mut Html) -> Vec<String> {
    let mut pictures = Vec::new();
    let mut links: Vec<(NodeId, String)> = Vec::new();
    for node in page.tree.nodes() {
        let Node::Element(element) = node.value() else { continue };
        match element.name() {
            "img" => pictures.extend(element.attr("src").map(str::to_owned)),
            // `xlink:href` or, in newer pages, `href`.
            "image" => {
                let address = element
                    .attrs
                    .iter()
                    .find(|(name, _)| &*name.local == "href" || &*name.local == "xlink:href");
                pictures.extend(address.map(|(_, address)| address.to_string()));
            }
            "a" => {
                let target = element.attr("href").and_then(place);
                links.extend(target.map(|place| (node.id(), place)));
            }
            _ => {}
        }
    }
    for (id, place) in links {
        if let Some(mut node) = page.tree.get_mut(id)
            && let Node::Element(element) = node.value()
            && let Some((_, target)) = element.attrs.iter_mut().find(|(name, _)| &*name.local == "href")
        {
            *target = StrTendril::from(place);
        }
    }
    pictures
}

/// The place on a page of the book that a link leads to: `#n1` of `notes.xhtml#n1`.
fn place(target: &str) -> Option<String> {
    let (page, _) = target.split_once('#')?;
    let is_of_the_book = !page.is_empty() && !page.contains(':') && !page.starts_with("//");
    is_of_the_book.then(|| target.get(page.len()..).unwrap_or_default().to_owned())
}
