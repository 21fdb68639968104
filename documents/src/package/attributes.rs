/// More attributes than any element of Office has. The parser compares each with all before it, so without a limit one tag of a few
/// megabytes would take hours.
const MAX_ATTRIBUTES: usize = 1_000;

/// Whether a tag of the XML has more than [`MAX_ATTRIBUTES`]. Each attribute has one equals sign outside its quotes; where that is not so
/// the parser refuses the tag.
pub(super) fn too_many(xml: &str) -> bool {
    let mut rest = xml;
    while let Some(start) = memchr::memchr(b'<', rest.as_bytes()) {
        rest = rest.get(start..).unwrap_or_default();
        let end = ["<!--", "<![CDATA[", "<?"]
            .iter()
            .zip(["-->", "]]>", "?>"])
            .find(|(open, _)| rest.starts_with(**open))
            .map(|(_, close)| close);
        let len = match end {
            Some(close) => rest.find(close),
            None => {
                let (len, attributes) = tag(rest);
                if attributes > MAX_ATTRIBUTES {
                    return true;
                }
                Some(len)
            }
        };
        // What never ends is refused by the parser.
        let Some(len) = len.filter(|len| *len > 0) else {
            return false;
        };
        rest = rest.get(len..).unwrap_or_default();
    }
    false
}

/// The bytes before the end of the tag at the start of `xml`, and how many attributes it has.
fn tag(xml: &str) -> (usize, usize) {
    let mut quote: Option<u8> = None;
    let mut attributes = 0;
    for (index, byte) in xml.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => return (index, attributes),
            (None, _) => {}
        }
    }
    (xml.len(), attributes)
}
