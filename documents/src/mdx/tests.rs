#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use crate::{BlockKind, Format, ParsedDocument, parse};

fn mdx(text: &str) -> ParsedDocument {
    parse(text.as_bytes(), Format::Mdx).unwrap()
}

fn texts(document: &ParsedDocument) -> Vec<&str> {
    document.blocks.iter().map(|block| block.text.as_str()).collect()
}

#[test]
fn module_statements_comments_and_expressions_go() {
    let document = mdx(
        "import A from 'a'\nexport const b = {\n  c: 1,\n}\n\n# Title {#id}\n\nOne{' '}two {b.c}\n{/* don't\n\nshow */}three",
    );
    assert_eq!(document.title.as_deref(), Some("Title"));
    assert_eq!(texts(&document), ["One two three"]);
}

#[test]
fn tags_go_and_their_text_and_readable_attributes_stay() {
    let document = mdx(
        "<Card\n  title=\"How do I pay?\"\n  icon=\"coin\"\n  href={link({a: 1})}\n>\n  By *card*.\n</Card>\n\nUse <Kbd>Esc</Kbd> or <b>click</b>.",
    );
    assert_eq!(texts(&document), ["How do I pay?", "By card.", "Use Esc or click."]);
}

#[test]
fn indentation_inside_components_makes_no_code_blocks() {
    let document = mdx(
        "<Tabs>\n    <Tab title=\"Linux\">\n        Install it:\n\n        ```bash\n        apt install it\n          --yes\n        ```\n\n        1. One\n           - nested\n        2. Two\n    </Tab>\n</Tabs>\n\nOut\n\n      Far in",
    );
    let expected = [
        "Linux",
        "Install it:",
        "```bash\napt install it\n  --yes\n```",
        "1. One",
        "  - nested",
        "2. Two",
        "Out",
        "Far in",
    ];
    assert_eq!(texts(&document), expected);
    assert_eq!(
        document
            .blocks
            .iter()
            .filter(|block| block.kind == BlockKind::Code)
            .count(),
        1
    );
}

#[test]
fn rows_of_a_table_need_not_begin_with_a_line() {
    let rows = "Key | What\n--- | :---\na | First<br/>second\n<Kbd>b</Kbd> | <ul><li>One</li><li>Two</li></ul>\nc | New\n\nAfter | all\n";
    let table = "Key | What\na | First second\nb | One; Two\nc | New";
    assert_eq!(texts(&mdx(rows)), [table, "After | all"]);
    let quoted: String = rows.lines().take(4).map(|line| format!("> {line}\n")).collect();
    assert_eq!(texts(&mdx(&quoted)), ["Key | What\na | First second\nb | One; Two"]);
    // A line that only has a line in it.
    assert_eq!(texts(&mdx("One | two<br/>three")), ["One | two\nthree"]);
}

#[test]
fn a_component_inside_a_list_item_stays_in_the_list() {
    let document = mdx("1. First\n   <Note>\n     Mind this.\n   </Note>\n2. Second");
    assert_eq!(texts(&document), ["1. First", "  Mind this.", "2. Second"]);
}

#[test]
fn code_is_left_alone() {
    let document = mdx("```jsx\nimport A from 'a'\n<A b={c} />\n```\n\nWrite `<A b={c} />` and ``{`x`}``.");
    assert_eq!(
        texts(&document),
        [
            "```jsx\nimport A from 'a'\n<A b={c} />\n```",
            "Write <A b={c} /> and {`x`}."
        ]
    );
}

#[test]
fn what_is_not_markup_stays() {
    let document = mdx("a < b, {unclosed, <your-domain> and <https://a.example> \\{escaped\\}");
    assert_eq!(
        texts(&document),
        ["a < b, {unclosed, <your-domain> and https://a.example {escaped}"]
    );
}

#[test]
fn a_table_written_in_html_is_a_table() {
    let document = mdx("Before\n<table>\n  <tr>\n    <td>a</td>\n\n    <td>b</td>\n  </tr>\n</table>\nAfter");
    assert_eq!(texts(&document), ["Before", "a | b", "After"]);
    assert_eq!(document.blocks[1].kind, BlockKind::Table);
}

#[test]
fn html_elements_keep_their_text_apart() {
    let document = mdx(
        "<ul><li>One</li><li>Two</li></ul>\n\n<div>A</div><div>B</div>\n\nline<br/>break <img alt=\"pic\" src={x} />",
    );
    assert_eq!(texts(&document), ["- One", "- Two", "A", "B", "line\nbreak pic"]);
}

#[test]
fn hostile_mdx_is_read_in_linear_time() {
    for text in [
        "{".repeat(300_000),
        "{'".repeat(150_000),
        "{/*".repeat(100_000),
        "<!--".repeat(100_000),
        "<A b='".repeat(50_000),
        "<A b={".repeat(50_000),
        "<A b=\"<A c='d\" ".repeat(20_000),
        "<A>".repeat(100_000),
        "<script>".repeat(40_000),
        "<table>".repeat(40_000),
        "`".repeat(300_000),
        "` `` ``` ".repeat(30_000),
        "<A>\n  ".repeat(50_000),
        "export const a = {\n".repeat(50_000),
    ] {
        let start = std::time::Instant::now();
        drop(parse(format!("x{text}").as_bytes(), Format::Mdx));
        drop(parse(text.as_bytes(), Format::Mdx));
        assert!(
            start.elapsed() < std::time::Duration::from_secs(30),
            "{:?} {:?}",
            &text[..12],
            start.elapsed()
        );
    }
}

#[test]
fn terms_and_quotations_in_html_are_kept_apart() {
    let document = mdx("<dl><dt>Term</dt><dd>Def</dd></dl>\n\nA<blockquote>B</blockquote>C<details>D</details>");
    assert_eq!(texts(&document), ["Term", "Def", "A", "B", "C", "D"]);
}

#[test]
fn html_within_a_row_does_not_end_the_row() {
    let document = mdx(
        "| Key | What |\n|---|---|\n| a | First line<br/>second line |\n| b | <ul><li>One</li><li>Two</li></ul> |\n\
         | c | <p>First.</p><p className={x}>Second.</p> |\n| d | <Badge text=\"New\" /> <div>Last</div> |",
    );
    assert_eq!(
        texts(&document),
        ["Key | What\na | First line second line\nb | One; Two\nc | First. Second.\nd | New Last"]
    );
}

#[test]
fn a_tag_far_to_the_right_does_not_multiply_what_it_holds() {
    for text in [
        " ".repeat(10_000) + "<A>\n" + &"a\n".repeat(20_000),
        " ".repeat(10_000) + &"<p>".repeat(20_000),
        "<A>\n".to_owned() + &" ".repeat(10_000) + "b\n" + &" ".repeat(20_000) + &"<p>".repeat(20_000),
    ] {
        let markdown = super::flatten::to_markdown(&text);
        assert!(markdown.len() < 2_000_000, "{}", markdown.len());
    }
}

#[test]
fn tags_in_one_long_line_are_read_in_linear_time() {
    for text in ["x<A>", " <A>", "<h3>a</h3>", "x<br/>"] {
        let text = text.repeat(300_000);
        let start = std::time::Instant::now();
        super::flatten::to_markdown(&text);
        assert!(
            start.elapsed() < std::time::Duration::from_secs(30),
            "{:?} {:?}",
            &text[..10],
            start.elapsed()
        );
    }
}

#[test]
fn fields_of_an_api_keep_their_names() {
    let document = mdx(
        "<ParamField path=\"userId\" type=\"string\" required>The id of the user.</ParamField>\n\n\
         <ParamField query=\"limit\" type=\"number\" default=\"10\">How many.</ParamField>\n\n\
         <ResponseField name=\"created_at\" type=\"timestamp\">\n  When it was made.\n</ResponseField>\n\n\
         <ParamField header=\"X-Key\" required={true} />",
    );
    assert_eq!(
        texts(&document),
        [
            "userId (string, required)",
            "The id of the user.",
            "limit (number, default 10)",
            "How many.",
            "created_at (timestamp)",
            "When it was made.",
            "X-Key (required)",
        ]
    );
}

#[test]
fn tips_and_names_of_tabs_are_kept_apart_from_what_they_name() {
    let document = mdx(
        "- <Card title=\"Quickstart\">Get going</Card>\n- Hover <Tooltip tip=\"Service level agreement\">SLA</Tooltip>\n\n\
         <Tabs>\n<TabItem value=\"npm\">\n\nRun it.\n\n</TabItem>\n<TabItem value=\"y\" label=\"Yarn\">\n\nOr so.\n\n</TabItem>\n</Tabs>\n\n\
         A <Tooltip tip=\"tip\"></Tooltip>, a <Badge text=\"new\" /> one",
    );
    assert_eq!(
        texts(&document),
        [
            "- Quickstart: Get going",
            "- Hover Service level agreement: SLA",
            "npm",
            "Run it.",
            "Yarn",
            "Or so.",
            "A tip, a new one"
        ]
    );
}

#[test]
fn links_written_in_html_keep_where_they_lead() {
    let document = mdx(
        "See <a href=\"https://a.example/page\">this *page*</a>, <Link to=\"https://b.example\">that</Link> or <a href=\"/here\">here</a>.\n\n\
         <Card title=\"Quickstart\" href=\"https://c.example/q\">Get going</Card>\n\n<a href=\"https://d.example\">\n  A *block*\n</a>\n\n\
         | a | b |\n|---|---|\n| <a href=\"https://e.example/?a|b\">c</a> | d |",
    );
    assert_eq!(
        texts(&document),
        [
            "See this page (https://a.example/page), that (https://b.example) or here.",
            "Quickstart (https://c.example/q)",
            "Get going",
            "A block",
            "a | b\nc (https://e.example/?a%7Cb) | d"
        ]
    );
}

#[test]
fn headings_and_numbered_lists_in_html_are_such() {
    let document = mdx(
        "<h2 id=\"a\">Steps</h2>\n\n<ol>\n  <li>One</li>\n  <li>Two</li>\n</ol>\n\n<ul><li>Bullet</li></ul>\n\n<ol start=\"4\"><li>Four</li></ol>\n\n\
         <h3>\n  Not on a line\n</h3>",
    );
    assert_eq!(
        texts(&document),
        ["1. One", "2. Two", "- Bullet", "4. Four", "Not on a line"]
    );
    assert!(document.blocks.iter().all(|block| block.headings == ["Steps"]));
}

#[test]
fn what_stands_under_a_condition_is_read() {
    let document = mdx(
        "{cond && <p>Don't do this.</p>}\n\n{isCloud && (\n  <Note>\n    In the cloud, {isPro && <b>and only there</b>}.\n  </Note>\n)}\n\nAfter {a && b}.",
    );
    assert_eq!(
        texts(&document),
        ["Don't do this.", "In the cloud, and only there.", "After ."]
    );
}

#[test]
fn conditions_within_conditions_are_read_in_linear_time() {
    let nested = "{a&&<p>".repeat(1_000) + &"</p>}".repeat(1_000);
    let text = nested.repeat(20);
    let start = std::time::Instant::now();
    super::flatten::to_markdown(&text);
    assert!(
        start.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}
