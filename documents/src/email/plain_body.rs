use crate::BlockKind;
use crate::outline::Outline;

/// Paragraphs are separated by blank lines, as in plain text; what is quoted with `>` becomes quotations.
///
/// `flowed` is set for `format=flowed` (RFC 3676), where a space at a line's end means that the line goes on; it says whether that
/// space is to be deleted (`delsp`).
pub(super) fn append(text: &str, flowed: Option<bool>, outline: &mut Outline) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}");
    let mut paragraph = String::new();
    let mut paragraph_depth = 0;
    let mut goes_on = false;
    for line in text.split('\n') {
        let (depth, line) = unquoted(line);
        let line = match flowed {
            // Lines that begin with a space, `>` or "From " are stuffed with a space.
            Some(_) => line.strip_prefix(' ').unwrap_or(line),
            None => line,
        };
        if line.trim().is_empty() || depth != paragraph_depth {
            put_out(&mut paragraph, paragraph_depth, outline);
            goes_on = false;
        }
        paragraph_depth = depth;
        if line.trim().is_empty() {
            continue;
        }
        if !paragraph.is_empty() && !goes_on {
            paragraph.push('\n');
        }
        // "-- " starts a signature and never goes on.
        goes_on = flowed.is_some() && line.ends_with(' ') && line != "-- ";
        paragraph.push_str(if goes_on && flowed == Some(true) {
            line.strip_suffix(' ').unwrap_or(line)
        } else if goes_on {
            line
        } else {
            line.trim_end()
        });
    }
    put_out(&mut paragraph, paragraph_depth, outline);
}

/// How deep the line is quoted, and the line.
fn unquoted(line: &str) -> (usize, &str) {
    let mut depth = 0;
    let mut rest = line;
    while let Some(inner) = rest
        .strip_prefix('>')
        .or_else(|| rest.strip_prefix(" >").filter(|_| depth > 0))
    {
        depth += 1;
        rest = inner;
    }
    (
        depth,
        if depth > 0 {
            rest.strip_prefix(' ').unwrap_or(rest)
        } else {
            rest
        },
    )
}

fn put_out(paragraph: &mut String, depth: usize, outline: &mut Outline) {
    let kind = if depth > 0 {
        BlockKind::Quote
    } else {
        BlockKind::Paragraph
    };
    outline.push(kind, paragraph.trim_end().to_owned());
    paragraph.clear();
}
