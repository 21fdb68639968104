//! Lines of a label and its value, "Phone: 555 0100": where several follow each other, each says something of its own.

/// The words of a label and its bytes at most.
const LABEL_WORDS: usize = 4;
const LABEL_BYTES: usize = 40;

/// Ends the lines of a paragraph where the source did, between two that are labelled. Elsewhere the source was only wrapped. `ends` is where its lines ended, ascending: a space stands there,
/// or nothing between two characters of a script without spaces.
pub(crate) fn labelled_lines(text: String, ends: &[usize]) -> String {
    let mut start = 0;
    let mut between = Vec::new();
    for (place, &end) in ends.iter().enumerate() {
        let next_end = ends.get(place + 1).copied().unwrap_or(text.len());
        let (line, next) = (text.get(start..end), text.get(end..next_end));
        if line.is_some_and(is_labelled) && next.is_some_and(is_labelled) {
            between.push(end);
        }
        start = end;
    }
    if between.is_empty() {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + between.len());
    let mut start = 0;
    for end in between {
        lines.push_str(text.get(start..end).unwrap_or_default().trim_start_matches(' '));
        lines.push('\n');
        start = end;
    }
    lines.push_str(text.get(start..).unwrap_or_default().trim_start_matches(' '));
    lines
}

/// By the rule of `answers`, which takes such a line for a sentence of its own; the samples of the tests are the same in both.
fn is_labelled(line: &str) -> bool {
    // After a line break that was meant, what stands last.
    let line = line.rsplit('\n').next().unwrap_or(line).trim();
    let Some((label, value)) = line.split_once([':', '：']) else {
        return false;
    };
    let is_wide = line.get(label.len()..).is_some_and(|rest| rest.starts_with('：'));
    (is_wide || value.starts_with(char::is_whitespace))
        && !value.trim().is_empty()
        && label.len() <= LABEL_BYTES
        && label.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase())
        && label.split_whitespace().count() <= LABEL_WORDS
        && !label.contains(['.', '!', '?', ','])
}

#[cfg(test)]
mod tests {
    use super::{is_labelled, labelled_lines};

    /// The same as in `answers/src/text/blocks.rs`.
    const SAMPLES: [(&str, bool); 20] = [
        ("Phone: 555 0100", true),
        ("Opening hours: 9 to 17", true),
        ("Phone:\t555 0100", true),
        ("電話: 03-1234-5678", true),
        ("電話：03-1234-5678", true),
        ("営業時間： 9時から17時", true),
        ("Grüße an: Ann", true),
        ("Phone:555 0100", false),
        ("電話:03-1234-5678", false),
        ("Phone:", false),
        ("電話：", false),
        ("phone: 555 0100", false),
        ("2024: a good year", false),
        ("What to do when it is hot: wait.", false),
        ("In short, then: it is hot", false),
        ("Nordic countries. Also: Norway", false),
        ("これは四十バイトより長いラベルです：値", false),
        ("Open 9:30 to: noon", false),
        ("Page:Picture：3", false),
        ("No label at all", false),
    ];

    #[test]
    fn a_line_is_labelled_where_answers_take_it_for_one() {
        for (line, expected) in SAMPLES {
            assert_eq!(is_labelled(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_end_between_labels_whether_a_space_stands_there_or_not() {
        let text = "電話：03-1234 住所：東京都時間：9時から 続き";
        let ends: Vec<usize> = [" 住所", "時間", " 続き"]
            .iter()
            .filter_map(|next| text.find(next))
            .collect();
        assert_eq!(
            labelled_lines(text.to_owned(), &ends),
            "電話：03-1234\n住所：東京都\n時間：9時から 続き"
        );
        // Places that are no longer there.
        assert_eq!(labelled_lines("A: b".to_owned(), &[4, 5, 90]), "A: b");
    }
}
