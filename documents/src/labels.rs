//! Lines of a label and its value, "Phone: 555 0100": where several follow each other, each says something of its own.

/// The words of a label and its bytes at most.
const LABEL_WORDS: usize = 4;
const LABEL_BYTES: usize = 40;

/// Ends the lines of a paragraph where the source did, `ends` being where spaces stand for that, between two that are labelled. Elsewhere the source was only wrapped.
pub(crate) fn labelled_lines(mut text: String, ends: &[usize]) -> String {
    let mut start = 0;
    let mut between = Vec::new();
    for (place, &end) in ends.iter().enumerate() {
        let next_end = ends.get(place + 1).copied().unwrap_or(text.len());
        let (line, next) = (text.get(start..end), text.get(end + 1..next_end));
        if line.is_some_and(is_labelled) && next.is_some_and(is_labelled) {
            between.push(end);
        }
        start = end + 1;
    }
    for end in between.into_iter().rev() {
        if text.get(end..=end) == Some(" ") {
            text.replace_range(end..=end, "\n");
        }
    }
    text
}

fn is_labelled(line: &str) -> bool {
    // After a line break that was meant, what stands last.
    let line = line.rsplit('\n').next().unwrap_or(line).trim();
    line.split_once(": ").is_some_and(|(label, value)| {
        !value.trim().is_empty()
            && label.len() <= LABEL_BYTES
            && label.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase())
            && label.split_whitespace().count() <= LABEL_WORDS
            && !label.contains(['.', '!', '?', ','])
    })
}
