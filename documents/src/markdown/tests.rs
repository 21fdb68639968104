#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use crate::{BlockKind, Format, ParsedDocument, parse};

fn markdown(text: &str) -> ParsedDocument {
    parse(text.as_bytes(), Format::Markdown).unwrap()
}

fn texts(document: &ParsedDocument) -> Vec<&str> {
    document.blocks.iter().map(|block| block.text.as_str()).collect()
}

#[test]
fn headings_structure_the_blocks_and_the_first_h1_is_the_title() {
    let document = markdown("Intro\n\n# The *Title* {#id}\n\nOne\n\n## Part\n\nTwo\n\nSetext\n------\n\nThree");
    assert_eq!(document.title.as_deref(), Some("The Title"));
    let found: Vec<_> = document
        .blocks
        .iter()
        .map(|block| (block.headings.join("/"), block.text.as_str()))
        .collect();
    let expected = [
        ("", "Intro"),
        ("The Title", "One"),
        ("The Title/Part", "Two"),
        ("The Title/Setext", "Three"),
    ];
    assert_eq!(found, expected.map(|(path, text)| (path.to_owned(), text)));
}

#[test]
fn a_line_that_ends_inside_a_japanese_word_goes_on_without_a_space() {
    let document =
        markdown("すぐに返金手\n続きを**開\n始**し、[返\n金](https://a.example)\nします\nnow\nand\n- 返\n  金");
    assert_eq!(
        texts(&document),
        [
            "すぐに返金手続きを開始し、返金 (https://a.example) します now and",
            "- 返金"
        ]
    );
}

#[test]
fn front_matter_gives_title_and_description() {
    let document = markdown("---\ntitle: Front\ndescription: What it is.\nid: 7\n---\n# Other\n\nText");
    assert_eq!(document.title.as_deref(), Some("Front"));
    assert_eq!(document.metadata["id"], 7);
    assert_eq!(texts(&document), ["What it is.", "Text"]);
}

#[test]
fn lists_keep_markers_nesting_and_continuations() {
    let document = markdown("3. three\n4. four\n\n   more\n   - inner\n   - [x] done\n\nafter");
    assert_eq!(
        texts(&document),
        ["3. three", "4. four", "  more", "  - inner", "  - [x] done", "after"]
    );
    assert!(
        document.blocks[..5]
            .iter()
            .all(|block| block.kind == BlockKind::ListItem)
    );
}

#[test]
fn tables_code_and_quotes_are_blocks_of_their_kind() {
    let document = markdown(
        "| a | b |\n|---|---|\n| 1 | `x \\| y` |\n\n> quoted\n\n```rust\nfn f() {\n    1\n}\n```\n\n    indented",
    );
    let kinds: Vec<_> = document.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(
        kinds,
        [BlockKind::Table, BlockKind::Quote, BlockKind::Code, BlockKind::Code]
    );
    assert_eq!(
        texts(&document),
        [
            "a | b\n1 | x, y",
            "quoted",
            "```rust\nfn f() {\n    1\n}\n```",
            "```\nindented\n```"
        ]
    );
}

#[test]
fn links_keep_their_text_and_where_they_lead_and_images_their_alternative() {
    let document =
        markdown("See [the *guide*](http://a) and ![a chart](b.png), <https://c.example>.[^1]\n\n[^1]: The note.");
    assert_eq!(
        texts(&document),
        ["See the guide (http://a) and a chart, https://c.example.", "The note."]
    );
}

#[test]
fn links_to_places_nearby_and_links_of_headings_are_not_told() {
    let document = markdown(
        "# [Help](https://a.example)\n\n## <a href='https://a.example'>Refunds</a>\n\nSee [above](#help), [next](next.md) and \
         <a class=x href=\"https://b.example/?a=1&amp;b=2\">the form</a>, or [write][us].\n\n| a | b |\n|---|---|\n| [c](https://c.example) | d |\n\n\
         <p><a href='https://d.example'>In HTML</a></p>\n\n[us]: mailto:us@a.example",
    );
    assert_eq!(document.title.as_deref(), Some("Help"));
    assert_eq!(
        texts(&document),
        [
            "See above, next and the form (https://b.example/?a=1&b=2), or write (mailto:us@a.example).",
            "a | b\nc (https://c.example) | d",
            "In HTML (https://d.example)"
        ]
    );
    assert!(
        document
            .blocks
            .iter()
            .all(|block| block.headings == ["Help", "Refunds"])
    );
}

#[test]
fn only_what_names_a_heading_goes_from_its_end() {
    for (heading, expected) in [
        ("DELETE /orders/{id}", "DELETE /orders/{id}"),
        ("Refunds {#refunds .wide}", "Refunds"),
        ("概要{#overview}", "概要"),
        ("Refunds {.wide}", "Refunds"),
        ("GET /orders{.format}", "GET /orders{.format}"),
        ("GET /pages/{#part}", "GET /pages/{#part}"),
        ("A set {1, 2}", "A set {1, 2}"),
    ] {
        let document = markdown(&format!("### {heading}\n\ntext"));
        assert_eq!(document.blocks[0].headings, [expected]);
    }
}

#[test]
fn superscripts_do_not_grow_the_number_they_follow() {
    for format in [Format::Markdown, Format::Mdx] {
        let text = "Limit is 10<sup>6</sup> rows, the 1<sup>st</sup> of 5<sup>*[1](#fn)*</sup>.\n\n| a | b |\n|---|---|\n| 1 | 10<sup>3</sup> |";
        let document = parse(text.as_bytes(), format).unwrap();
        assert_eq!(
            texts(&document),
            ["Limit is 10^6 rows, the 1st of 5.", "a | b\n1 | 10^3"]
        );
    }
}

#[test]
fn inline_html_goes_and_its_text_stays() {
    let document = markdown(
        "A <b class=\"x\">bold</b> move<br>next <img alt=\"pic\" src=\"y\"> set <your-key> <!-- no --> <script>no()</script>end",
    );
    assert_eq!(texts(&document), ["A bold move\nnext pic set <your-key> end"]);
}

#[test]
fn html_blocks_are_read_as_html() {
    let document = markdown(
        "<h1 align=\"center\">Project</h1>\n\n<details>\n<summary>More</summary>\n\nHidden *text*\n\n</details>\n\n\
         <script>\nlet a = 1;\n</script>\n\n<table><tr><th>k</th><th>v</th></tr><tr><td>1</td><td>2</td></tr></table>",
    );
    assert_eq!(document.title.as_deref(), Some("Project"));
    assert_eq!(texts(&document), ["More", "Hidden text", "k | v\n1 | 2"]);
}

#[test]
fn empty_lines_within_a_table_or_a_list_of_html_do_not_tear_it() {
    let document = markdown(
        "<table>\n\n<tr><th>Plan</th><th>Price</th></tr>\n\n<tr>\n<td>Pro</td>\n\n<td>9</td>\n</tr>\n\n</table>\n\nBetween\n\n\
         <ul>\n<li>One\n\n<ul>\n<li>Two</li>\n\n</ul>\n</li>\n\n</ul>\n\n<p>After</p>\n\n> <ol>\n>\n> <li>Quoted</li>\n\nEnd",
    );
    assert_eq!(
        texts(&document),
        [
            "Plan | Price\nPro | 9",
            "Between",
            "- One",
            "  - Two",
            "After",
            "1. Quoted",
            "End"
        ]
    );
    // Markdown in a cell divides the rest into blocks of their own.
    let document = markdown("<table>\n<tr><td>\n\n**a**\n\n</td></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>");
    assert_eq!(texts(&document), ["a", "1 | 2"]);
}

#[test]
fn an_unclosed_inline_script_does_not_swallow_the_document() {
    assert_eq!(texts(&markdown("a <script> b\n\nc")), ["a", "c"]);
}

#[test]
fn admonitions_lose_their_markers() {
    let document = markdown(":::note Mind this\nThe text.\n:::\n\n> [!TIP]\n> The tip.");
    assert_eq!(texts(&document), ["Mind this", "The text.", "The tip."]);
}

#[test]
fn markdown_that_imports_components_is_read_as_mdx() {
    let document = markdown("import Box from '@site/Box';\n\nText {/* no */}\n\n<Box title=\"Hello\" />");
    assert_eq!(texts(&document), ["Text", "Hello"]);
}

#[test]
fn hostile_markdown_is_read_in_linear_time() {
    let nested_list: String = (0..800).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    for text in [
        "> ".repeat(100_000) + "a",
        "[".repeat(200_000) + "a",
        "![a](".repeat(100_000),
        "*a _b ".repeat(100_000),
        "`a``".repeat(100_000),
        "<a ".repeat(150_000),
        "<script>".repeat(50_000) + "a",
        "text <script>a".repeat(50_000),
        "<div>\n\n".repeat(50_000) + "a",
        "<table>\n\n".repeat(50_000) + "a",
        "<ul>\n\n<li>a\n\n".repeat(25_000) + "a",
        "|a".repeat(100_000) + "\n" + &"|-".repeat(100_000) + "\n|b",
        "- ".repeat(100_000) + "a",
        "# ".repeat(100_000) + "a",
        nested_list,
        "a\n".repeat(200_000),
    ] {
        let start = std::time::Instant::now();
        for format in [Format::Markdown, Format::Mdx] {
            drop(parse(text.as_bytes(), format));
        }
        assert!(
            start.elapsed() < std::time::Duration::from_secs(30),
            "{:?} {:?}",
            &text[..20],
            start.elapsed()
        );
    }
}

#[test]
fn html_blocks_within_a_cell_or_a_paragraph_keep_their_words_apart() {
    let document = markdown(
        "| Plan | Has |\n|---|---|\n| Pro | <ul><li>One</li><li>Two</li></ul> |\n| Max | <p>First.</p><p>Second.</p> |\n\n\
         See <dl><dt>Term</dt><dd>Def</dd></dl>",
    );
    assert_eq!(
        texts(&document),
        ["Plan | Has\nPro | One; Two\nMax | First. Second.", "See Term Def"]
    );
}

#[test]
fn a_heading_that_does_not_open_the_document_is_not_its_title() {
    let long = "Words of a letter that goes on. ".repeat(30);
    for (source, title) in [
        (format!("Badges\n\n# Guide\n\n{long}"), Some("Guide")),
        (format!("{long}\n\n# Step two\n\nText"), None),
        ("# Step 1\n\nText\n\n# Step 2\n\nText".to_owned(), None),
        ("# Introduction\n\nText".to_owned(), Some("Introduction")),
        ("---\ntitle: Untitled\n---\n# Guide\n\nText".to_owned(), Some("Guide")),
    ] {
        assert_eq!(markdown(&source).title.as_deref(), title, "{source}");
    }
}

#[test]
fn lines_of_labels_and_values_stay_lines_and_wrapped_prose_does_not() {
    let contact = "**Phone**: 555 0100\n*E-mail*: [help](mailto:help@a.example)\nOpening hours: 9 to 17";
    let document = markdown(contact);
    let lines: Vec<&str> = texts(&document)[0].lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!((lines[0], lines[2]), ("Phone: 555 0100", "Opening hours: 9 to 17"));
    for wrapped in [
        "The lamp is sold in three\nNordic countries: Norway, Sweden and Finland.",
        "Note: the lamp is hot,\nand it stays so.",
        "What to do when it is hot: wait.\nWhat to do when it is on: go.",
    ] {
        assert_eq!(texts(&markdown(wrapped)), [wrapped.replace('\n', " ")]);
    }
    let japanese = "電話：03-1234-5678\n住所：**東京都**\n時間：9時から17時";
    assert_eq!(texts(&markdown(japanese)), [japanese.replace("**", "")]);
    let wrapped = "注意：ランプは熱く\nなります。";
    assert_eq!(texts(&markdown(wrapped)), [wrapped.replace('\n', "")]);
}

#[test]
fn a_table_of_two_columns_without_names_is_names_and_their_values() {
    for (table, kind, expected) in [
        (
            "| | |\n|---|---|\n| **Born** | 14 March *1879* |\n| Died: | 1955 |\n| How old? | 76 \\| 77 |\n| Notes | |",
            BlockKind::Paragraph,
            "Born: 14 March 1879\nDied: 1955\nHow old? 76, 77\nNotes",
        ),
        (
            "| **Plan** | |\n|---|---|\n| Pro | 9 |",
            BlockKind::Table,
            "Plan | \nPro | 9",
        ),
        (
            "| | |\n|---|---|\n| Pro | 9 |\n| | 8 |",
            BlockKind::Table,
            "Pro | 9\n | 8",
        ),
        (
            "| | | |\n|---|---|---|\n| Pro | 9 | 90 |\n| Team | 8 | 80 |",
            BlockKind::Table,
            "Pro | 9 | 90\nTeam | 8 | 80",
        ),
    ] {
        let document = markdown(table);
        let found: Vec<_> = document
            .blocks
            .iter()
            .map(|block| (block.kind, block.text.as_str()))
            .collect();
        assert_eq!(found, [(kind, expected)], "{table}");
    }
    // One that follows a table with names has none of them.
    let both = markdown("| a | b |\n|---|---|\n| 1 | 2 |\n\n| | |\n|---|---|\n| Born | 1879 |");
    assert_eq!(texts(&both), ["a | b\n1 | 2", "Born: 1879"]);
}
