use crate::outline::Outline;
use crate::unspaced::is_wrapped;
use crate::{BlockKind, ParseError, ParsedDocument};

/// Blank lines separate paragraphs; lines within one are kept, but for those that end inside a word of a script without spaces. A title is not invented.
pub(crate) fn parse(text: &str) -> Result<ParsedDocument, ParseError> {
    let mut outline = Outline::default();
    let mut paragraph = String::new();
    for line in text.split('\n').chain([""]) {
        if line.trim().is_empty() {
            outline.push(BlockKind::Paragraph, std::mem::take(&mut paragraph));
            continue;
        }
        let before = paragraph.lines().next_back().unwrap_or_default();
        if !paragraph.is_empty() && !is_wrapped(before, line) {
            paragraph.push('\n');
        }
        paragraph.push_str(line.trim_end());
    }
    let (_, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        blocks,
        ..ParsedDocument::default()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::parse;

    #[test]
    fn blank_lines_separate_paragraphs_and_no_title_is_invented() {
        let document = parse("First\nline two  \n \t\n\n# not a heading").unwrap();
        let texts: Vec<_> = document.blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(texts, ["First\nline two", "# not a heading"]);
        assert_eq!(document.title, None);
    }

    #[test]
    fn a_line_that_ends_inside_a_japanese_word_goes_on_and_a_short_one_ends() {
        let of = |text: &str| parse(text).unwrap().blocks.remove(0).text;
        let wrapped = "お客様の口座が確認できましたら、すぐに返金手";
        assert_eq!(
            of(&format!("{wrapped}\n続きを開始します")),
            format!("{wrapped}続きを開始します")
        );
        for kept in [
            "返金\n配送",
            "返金の手続きを開始いたします。ご確認ください。\n次のページ",
        ] {
            assert_eq!(of(kept), kept);
        }
    }
}
