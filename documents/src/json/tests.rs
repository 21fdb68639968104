#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::parse;
use crate::BlockKind;

fn read(source: &str) -> (Option<String>, Vec<(String, BlockKind, String)>) {
    let document = parse(source.as_bytes()).unwrap();
    let blocks = document
        .blocks
        .into_iter()
        .map(|block| (block.headings.join("/"), block.kind, block.text))
        .collect();
    (document.title, blocks)
}

fn block(headings: &str, kind: BlockKind, text: &str) -> (String, BlockKind, String) {
    (headings.to_owned(), kind, text.to_owned())
}

#[test]
fn members_are_lines_and_nested_objects_stand_under_their_keys() {
    let (title, blocks) = read(
        r#"{"title": "Plan", "price": 1e300, "big": 12345678901234567890.10, "limits": {"seats": 5, "on": true}, "none": null}"#,
    );
    assert_eq!(title.as_deref(), Some("Plan"));
    assert_eq!(
        blocks,
        [
            block(
                "",
                BlockKind::Paragraph,
                "title: Plan\nprice: 1e300\nbig: 12345678901234567890.10"
            ),
            block("limits", BlockKind::Paragraph, "seats: 5\non: true")
        ]
    );
}

#[test]
fn alike_objects_are_a_table_and_plain_values_a_list() {
    let (_, blocks) = read(
        r#"{"rows": [{"a": 1, "b": "x"}, {"a": 2, "b": null}], "tags": ["red", "blue"], "notes": ["a first note that is long enough", "a second note that is longer still"]}"#,
    );
    assert_eq!(
        blocks,
        [
            block("", BlockKind::Paragraph, "tags: red, blue"),
            block("rows", BlockKind::Table, "a | b\n1 | x\n2 |"),
            block("notes", BlockKind::ListItem, "- a first note that is long enough"),
            block("notes", BlockKind::ListItem, "- a second note that is longer still")
        ]
    );
}

#[test]
fn one_long_text_reads_as_text() {
    let (title, blocks) = read(r#"{"title": "Refunds", "content": "First.\n\nSecond."}"#);
    assert_eq!(title.as_deref(), Some("Refunds"));
    assert_eq!(
        blocks,
        [
            block("", BlockKind::Paragraph, "title: Refunds"),
            block("", BlockKind::Paragraph, "First."),
            block("", BlockKind::Paragraph, "Second.")
        ]
    );
}

#[test]
fn records_of_json_lines_are_rows_or_sections() {
    let (_, blocks) = read("{\"a\": 1}\n{\"a\": 2}\n");
    assert_eq!(blocks, [block("", BlockKind::Table, "a\n1\n2")]);
    let (_, blocks) = read("{\"a\": 1}\n{\"name\": \"N\", \"b\": 2}\n");
    assert_eq!(
        blocks,
        [
            block("1", BlockKind::Paragraph, "a: 1"),
            block("N", BlockKind::Paragraph, "name: N\nb: 2")
        ]
    );
}

#[test]
fn both_values_of_a_key_given_twice_are_kept() {
    assert_eq!(
        read(r#"{"a": 1, "a": 2}"#).1,
        [block("", BlockKind::Paragraph, "a: 1\na: 2")]
    );
}

#[test]
fn what_is_not_json_is_damaged_with_its_place() {
    let error = parse(b"{\"a\": 1,\n  b}").unwrap_err();
    assert_eq!(error.code(), "damaged");
    assert!(error.to_string().contains("line 2 column 3"), "{error}");
    let error = parse(b"{\"a\": [1, 2").unwrap_err();
    assert_eq!(error.code(), "damaged");
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [70, 127, 200, 1_000_000] {
        assert_eq!(
            parse("[".repeat(depth).as_bytes()).unwrap_err().code(),
            "damaged",
            "{depth}"
        );
        let source = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(parse(source.as_bytes()).unwrap_err().code(), "too_complex", "{depth}");
    }
}

#[test]
fn whatever_gives_the_title_no_member_is_lost() {
    for (source, title) in [
        (
            r#"{"name": "acme-42", "title": "Widget guide", "body": "long"}"#,
            "Widget guide",
        ),
        (
            r#"{"name": {"first": "acme-42"}, "title": "Widget guide"}"#,
            "Widget guide",
        ),
        (r#"{"name": "acme-42", "price": 7}"#, "acme-42"),
    ] {
        let (named, blocks) = read(source);
        assert_eq!(named.as_deref(), Some(title), "{source}");
        assert!(blocks.iter().any(|(_, _, text)| text.contains("acme-42")), "{blocks:?}");
    }
}

#[test]
fn lists_of_lists_are_rows() {
    let (_, blocks) = read(r#"{"columns":["Name","Age"],"rows":[["Ann",30],["Bob | B",null]]}"#);
    assert_eq!(
        blocks,
        [block("rows", BlockKind::Table, "Name | Age\nAnn | 30\nBob, B | ")]
    );
    let (_, blocks) = read(r#"{"fields":["a"],"values":[["Name","Age"],["Ann",30],["Bob",40]]}"#);
    assert_eq!(
        blocks,
        [
            block("", BlockKind::Paragraph, "fields: a"),
            block("values", BlockKind::Table, "Name | Age\nAnn | 30\nBob | 40")
        ]
    );
}

#[test]
fn long_lines_on_a_map_are_counted_and_places_are_given() {
    let pairs = vec!["[13.4, -52.5]"; 330_000].join(",");
    let (_, blocks) = read(&format!(
        r#"{{"type": "Polygon", "coordinates": [[{pairs}]], "place": {{"type": "Point", "coordinates": [13.4, -52.5]}}}}"#
    ));
    assert_eq!(blocks.len(), 3);
    assert_eq!(
        blocks,
        [
            block("", BlockKind::Paragraph, "type: Polygon"),
            block("coordinates", BlockKind::Paragraph, "330000 pairs of numbers"),
            block("place", BlockKind::Paragraph, "type: Point\ncoordinates: 13.4, -52.5")
        ]
    );
}

#[test]
fn what_would_end_a_cell_becomes_a_comma() {
    let (_, blocks) = read(r#"[{"a | b": "1 | 2", "c": 3}, {"a | b": "4", "c": 5}]"#);
    assert_eq!(blocks, [block("", BlockKind::Table, "a, b | c\n1, 2 | 3\n4 | 5")]);
}

#[test]
fn empty_lists_and_objects_are_left_out_as_null_is() {
    let (_, blocks) = read(r#"{"a": 1, "tags": [], "more": {}, "none": [null, {"b": []}], "d": [{}, {"e": 2}]}"#);
    assert_eq!(
        blocks,
        [
            block("", BlockKind::Paragraph, "a: 1"),
            block("d/2", BlockKind::Paragraph, "e: 2")
        ]
    );
}

#[test]
fn a_nul_in_a_key_is_white_space_as_it_is_in_a_value() {
    let (_, blocks) = read(
        r#"{"a\u0000b": "c\u0000d", "k\u0000": {"x": "y"}, "rows": [{"n\u0000|\u0000m": 1}, {"n\u0000|\u0000m": 2}]}"#,
    );
    assert_eq!(
        blocks,
        [
            block("", BlockKind::Paragraph, "a b: c d"),
            block("k", BlockKind::Paragraph, "x: y"),
            block("rows", BlockKind::Table, "n, m\n1\n2"),
        ]
    );
}
