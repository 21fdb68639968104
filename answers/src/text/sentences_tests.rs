#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
use super::{MAX_SENTENCE_BYTES, SentenceKind, split_sentences};

fn texts(text: &str) -> Vec<String> {
    split_sentences(text)
        .into_iter()
        .map(|sentence| sentence.text)
        .collect()
}

#[test]
fn abbreviations_decimals_versions_and_addresses_do_not_end_a_sentence() {
    let cases = [
        "Ask Dr. Smith about it.",
        "Use a proxy, e.g. nginx, in front.",
        "Version v2.0 costs 3.5 times as much.",
        "See https://example.com/a.b?c=d. for more",
        "Edit config.toml first.",
        "It was written by J. R. Tolkien.",
        "Press No. 5 to go on.",
    ];
    for case in cases {
        assert_eq!(texts(case), [case], "{case}");
    }
}

#[test]
fn full_stops_questions_and_closing_quotes_end_a_sentence() {
    assert_eq!(texts("It works. Does it? Yes!"), ["It works.", "Does it?", "Yes!"]);
    assert_eq!(
        texts("He said \"stop.\" Then he left."),
        ["He said \"stop.\"", "Then he left."]
    );
    assert_eq!(
        texts("We sell pens, ink, etc. Orders ship daily."),
        ["We sell pens, ink, etc.", "Orders ship daily."]
    );
}

#[test]
fn chinese_and_japanese_marks_need_no_space() {
    assert_eq!(
        texts("退款需要三天。请联系我们！好吗？"),
        ["退款需要三天。", "请联系我们！", "好吗？"]
    );
}

#[test]
fn rows_without_bars_at_their_ends_are_rows_when_a_neighbour_has_as_many_cells() {
    let kinds =
        |text: &str| -> Vec<SentenceKind> { split_sentences(text).iter().map(|sentence| sentence.kind).collect() };
    assert_eq!(
        kinds("Plan | Monthly | Seats\nTeam | €29 | 10"),
        [SentenceKind::TableRow, SentenceKind::TableRow]
    );
    assert_eq!(
        kinds("Run cat names | sort to sort them.\n\nThen go on with it."),
        [SentenceKind::Prose, SentenceKind::Prose]
    );
}

#[test]
fn lists_headings_tables_and_code_stand_alone() {
    let text =
        "# Setup\nRun these steps:\n1. Open the app.\n2. Click Save\n\n| a | b |\n```\nlet x = 1. + 2;\n```\nDone.";
    let kinds: Vec<_> = split_sentences(text)
        .into_iter()
        .map(|sentence| (sentence.kind, sentence.text))
        .collect();
    assert_eq!(kinds[0], (SentenceKind::Heading, "Setup".to_owned()));
    assert_eq!(kinds[1].0, SentenceKind::Prose);
    assert_eq!(kinds[2], (SentenceKind::Item, "Open the app.".to_owned()));
    assert_eq!(kinds[3], (SentenceKind::Item, "Click Save".to_owned()));
    assert_eq!(kinds[4].0, SentenceKind::TableRow);
    assert_eq!(kinds[5], (SentenceKind::Code, "let x = 1. + 2;".to_owned()));
    assert_eq!(kinds[6], (SentenceKind::Prose, "Done.".to_owned()));
}

#[test]
fn a_wrapped_paragraph_is_one_sentence() {
    let text = "A paragraph that was wrapped by hand at some column goes\non in the next line without any break.";
    assert_eq!(texts(text).len(), 1);
}

#[test]
fn offsets_point_into_the_text() {
    let text = "  Première phrase.  Zweiter  Satz!\n- Ein Punkt";
    for sentence in split_sentences(text) {
        let raw = &text[sentence.start..sentence.end];
        assert_eq!(raw.split_whitespace().collect::<Vec<_>>().join(" "), sentence.text);
    }
}

#[test]
fn a_text_without_spaces_is_cut_into_bounded_pieces() {
    let sentences = split_sentences(&"é".repeat(100_000));
    assert!(sentences.len() > 100);
    assert!(
        sentences
            .iter()
            .all(|sentence| sentence.text.len() <= MAX_SENTENCE_BYTES + 4)
    );
}

#[test]
fn a_value_with_its_label_is_a_sentence_of_its_own() {
    let lines = [
        "Opening hours: Monday to Friday, 9 am to 5 pm, closed on bank holidays",
        "Phone: 555 0100",
        "E-mail: help@example.com",
    ];
    let text = lines.join("\n");
    assert_eq!(texts(&text), lines);
    let kinds: Vec<SentenceKind> = split_sentences(&text).iter().map(|sentence| sentence.kind).collect();
    assert_eq!(kinds, [SentenceKind::Prose; 3]);
}

#[test]
fn a_colon_inside_a_wrapped_sentence_begins_no_other() {
    let wrapped = "The service is stopped in one of two ways that are both\ndescribed below: by hand or by a timer.";
    assert_eq!(texts(wrapped).len(), 1);
    let late =
        "There are several reasons for which somebody may want to\nRead this long text about one thing: it is short.";
    assert_eq!(texts(late).len(), 1);
}
