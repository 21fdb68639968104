//! Plain text for a terminal. What tenants wrote never reaches it with control characters in it.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

const WIDTH: usize = 100;

/// Replaces control and direction-changing characters, which could move the cursor or disguise the text.
/// Line feeds stay; tabs become spaces.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\n',
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The text on one line, cut after `max` characters with an ellipsis.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let flat = printable(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= max {
        return flat;
    }
    let mut cut: String = flat.chars().take(max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Breaks text into lines of at most 100 characters, `indent` spaces before each. Longer words are not broken.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    for paragraph in printable(text).lines() {
        let mut column = 0;
        for word in paragraph.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > WIDTH {
                lines.push('\n');
                column = 0;
            }
            if column == 0 {
                lines.push_str(&" ".repeat(indent));
                column = indent;
            } else {
                lines.push(' ');
                column += 1;
            }
            lines.push_str(word);
            column += length;
        }
        if column > 0 {
            lines.push('\n');
        }
    }
    lines
}

/// A duration as people read it: `0.8 ms`, `42 ms`, `3.1 s`.
pub(crate) fn time(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1000.0;
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// So many of something, in words: `1 document`, `2 documents`.
pub(crate) fn number_of(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The lines of a list, or that there are none.
pub(crate) fn or_none(lines: String) -> String {
    match lines.is_empty() {
        true => "there are none\n".to_owned(),
        false => lines,
    }
}

/// Whether somebody still reads what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    Gone,
}

/// Writes to standard output. A closed pipe (`… | head`) is a reader that has seen enough, not an error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    print_bytes(text.as_bytes())
}

/// The same, of what need not be text.
pub(crate) fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    write_out(bytes).map(|_reader| ())
}

/// The same, for whoever goes on only while somebody reads, or must not lose what is written.
pub(crate) fn print_to_reader(text: &str) -> io::Result<Reader> {
    write_out(text.as_bytes())
}

fn write_out(bytes: &[u8]) -> io::Result<Reader> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error),
    }
}

/// Writes a value to standard output as indented JSON.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(print(&text)?)
}

/// Of what answers with nothing: says that it is done, as JSON by `null`.
pub(crate) fn print_done(json: bool, said: &str) -> anyhow::Result<()> {
    if json {
        return print_json(&());
    }
    Ok(print(said)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_direction_marks_are_made_harmless() {
        assert_eq!(
            printable("a\u{1b}]0;x\u{7}\u{202e}b\tc\r\n"),
            "a\u{fffd}]0;x\u{fffd}\u{fffd}b c\u{fffd}\n"
        );
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(one_line("äöü äöü\näöü", 6), "äöü ä…");
        assert_eq!(one_line("short", 6), "short");
    }

    #[test]
    fn text_is_wrapped_and_indented() {
        let text = wrapped(&"word ".repeat(30), 4);
        assert!(
            text.lines()
                .all(|line| line.starts_with("    word") && line.len() <= WIDTH)
        );
        assert_eq!(text.split_whitespace().count(), 30);
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(time(Duration::from_micros(800)), "0.8 ms");
        assert_eq!(time(Duration::from_millis(42)), "42 ms");
        assert_eq!(time(Duration::from_millis(3100)), "3.1 s");
    }
}
