//! Tables of web pages: merged cells, what stands within a cell, and tables that only lay out the page.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::time::{Duration, Instant};

use crate::{Block, BlockKind, Format, parse};

fn read(html: &str) -> Vec<Block> {
    parse(html.as_bytes(), Format::Html).unwrap().blocks
}

fn texts(html: &str) -> Vec<String> {
    read(html).into_iter().map(|block| block.text).collect()
}

#[test]
fn merged_cells_are_in_every_column_and_row_that_they_cover() {
    let found = texts(
        "<table><tr><th>Plan</th><th colspan=2>Price</th><th>Support</th></tr>\
         <tr><td rowspan=2>Pro</td><td>monthly</td><td>9</td><td rowspan='2'>by mail</td></tr>\
         <tr><td>yearly</td><td>90</td></tr>\
         <tr><td>Team</td><td colspan=2>on request</td><td>by phone</td></tr></table>",
    );
    let expected = "Plan | Price | Price | Support\nPro | monthly | 9 | by mail\nPro | yearly | 90 | by mail\nTeam | on request | on request | by phone";
    assert_eq!(found, [expected]);
}

#[test]
fn a_cell_may_cover_rows_and_columns_at_once_and_ends_with_its_group() {
    let found = texts(
        "<table><thead><tr><th rowspan=9>Part</th><th>A</th><th>B</th><th>C</th></tr></thead>\
         <tbody><tr><td>1</td><td rowspan=2 colspan=2>both</td><td>x</td></tr><tr><td>2</td><td>y</td></tr>\
         <tr><td>3</td><td>c</td><td>d</td><td rowspan=0>rest</td></tr><tr><td>4</td></tr></tbody>\
         <tfoot><tr><td>5</td><td>e</td><td>f</td><td>g</td></tr></tfoot></table>",
    );
    let expected =
        "Part | A | B | C\n1 | both | both | x\n2 | both | both | y\n3 | c | d | rest\n4 |  |  | rest\n5 | e | f | g";
    assert_eq!(found, [expected]);
}

#[test]
fn a_title_across_the_table_and_a_caption_stand_above_it() {
    let found = texts(
        "<table><caption>Prices</caption><tr><th colspan=3>In euros</th></tr><tr><th>Plan</th><th>Month</th><th>Year</th></tr>\
         <tr><td colspan='3'>Europe</td></tr><tr><td>Pro</td><td>9</td><td>90</td></tr></table>",
    );
    assert_eq!(
        found,
        ["Prices", "In euros", "Plan | Month | Year\nEurope\nPro | 9 | 90"]
    );
}

#[test]
fn a_header_of_several_rows_names_each_column_with_its_group() {
    let head = "<tr><th rowspan=2>Plan</th><th colspan=2>Price</th><th>Support</th></tr><tr><th>Month</th><th>Year</th><th>hours</th></tr>";
    let body = "<tr><th>Pro</th><td>nine</td><td>ninety</td><td>8</td></tr><tr><td>Team</td><td colspan=2>on request</td><td>24</td></tr>";
    let expected = "Plan | Price > Month | Price > Year | Support > hours\nPro | nine | ninety | 8\nTeam | on request | on request | 24";
    let cells = head
        .replace("<th>", "<td>")
        .replace("<th ", "<td ")
        .replace("</th", "</td");
    for table in [
        format!("<table>{head}{body}</table>"),
        format!("<table><thead>{head}</thead><tbody>{body}</tbody></table>"),
        format!("<table><thead>{}</thead>{body}</table>", cells),
    ] {
        assert_eq!(texts(&table), [expected], "{table}");
    }
    // A header cell across the table names the rows under it.
    let named = texts(
        "<table><tr><th>Plan</th><th>Month</th><th>Year</th></tr><tr><th colspan=3>Europe</th></tr><tr><td>Pro</td><td>9</td><td>90</td></tr></table>",
    );
    assert_eq!(named, ["Plan | Month | Year\nEurope\nPro | 9 | 90"]);
}

#[test]
fn header_cells_that_reach_down_name_the_rows_under_them() {
    let found = texts(
        "<table><tr><th>Year</th><th>Quarter</th><th>Month</th></tr>\
         <tr><th rowspan=5>2025</th><th rowspan=3>Q1</th></tr><tr><td>January</td></tr><tr><td>March</td></tr>\
         <tr><th rowspan=0>Q2</th></tr><tr><td>April</td></tr></table>",
    );
    let expected = "Year | Quarter | Month\n2025 | Q1 | January\n2025 | Q1 | March\n2025 | Q2 | April";
    assert_eq!(found, [expected]);
}

#[test]
fn what_stands_within_a_cell_stays_in_its_row() {
    let found = read(
        "<table><tr><th>Command</th><th>What it does</th></tr>\
         <tr><td><h4>list</h4></td><td><p>Lists files:</p><ul><li>names</li><li>sizes</li></ul></td></tr>\
         <tr><td><pre>rm a\nrm b</pre></td><td>Removes<br>them | all</td></tr>\
         <tr><td>cp</td><td>Copies. <table><tr><td>-r</td><td>folders</td></tr><tr><td>-p</td><td>modes</td></tr></table></td></tr></table>",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].kind, BlockKind::Table);
    assert_eq!(
        found[0].text,
        "Command | What it does\nlist | Lists files: names; sizes\nrm a; rm b | Removes them, all\ncp | Copies. -r, folders; -p, modes"
    );
    assert!(found[0].headings.is_empty());
}

#[test]
fn a_table_without_a_header_is_one_of_data_where_its_cells_are_no_pages() {
    assert_eq!(
        texts("<table><tr><td><h3>Basic</h3></td><td>9</td></tr><tr><td><h3>Pro</h3></td><td>19</td></tr></table>"),
        ["Basic | 9\nPro | 19"]
    );
    let long = "A page has many words, and a cell of a table of data does not. ".repeat(40);
    let layouts = [
        "<tr><td><h2>Part</h2>one</td></tr><tr><td>two</td></tr>".to_owned(),
        "<tr><td><h2>Part</h2>one</td><td>two</td></tr>".to_owned(),
        "<tr><td>zero</td><td>menu</td></tr><tr><td><h2>Part</h2>one<h3>More</h3></td><td>two</td></tr>".to_owned(),
        "<tr><td>zero</td><td>menu</td></tr><tr><td><section>one</section></td><td>two</td></tr>".to_owned(),
        format!("<tr><td>zero</td><td>menu</td></tr><tr><td><h2>Part</h2>{long}</td><td>two</td></tr>"),
    ];
    for rows in &layouts {
        // Within Markdown, where no article is looked for.
        let found = parse(format!("<table>{rows}</table>").as_bytes(), Format::Markdown).unwrap();
        let found: Vec<String> = found.blocks.into_iter().map(|block| block.text).collect();
        assert!(found.iter().any(|text| text == "two"), "{found:?}");
    }
    let said =
        "<table role=presentation><tr><td><h2>Part</h2>one</td><td>1</td></tr><tr><td>two</td><td>2</td></tr></table>";
    assert_eq!(texts(said), ["one", "1", "two", "2"]);
    // Nothing in it needs to be laid out.
    assert_eq!(
        texts("<table role=presentation><tr><td>Total</td><td>9</td></tr><tr><td>Paid</td><td>yes</td></tr></table>"),
        ["Total | 9\nPaid | yes"]
    );
}

#[test]
fn tables_in_markdown_and_their_hidden_rows() {
    let html = "<table><tr><th>a</th><th>b</th></tr><tr hidden><td>no</td><td>no</td></tr><tr><td rowspan=2>1</td><td>2</td></tr><tr><td>3</td></tr></table>";
    let document = parse(format!("# T\n\n{html}\n").as_bytes(), Format::Markdown).unwrap();
    assert_eq!(document.blocks[0].text, "a | b\n1 | 2\n1 | 3");
}

#[test]
fn hostile_spans_do_not_multiply_a_page() {
    let text = "x".repeat(199);
    for table in [
        "<tr><td colspan=1000000 rowspan=1000000>x</td></tr>".to_owned() + &"<tr><td>y</td></tr>".repeat(50_000),
        format!("<tr><td colspan=1000 rowspan=0>{text}</td></tr>") + &"<tr><td>".repeat(100_000),
        format!("<tr><td>a<td colspan=1000>{text}</td></tr>").repeat(20_000),
        format!("<tr><td rowspan=65534>{text}</td></tr>").repeat(20_000),
        "<tr>".to_owned() + &format!("<td rowspan=0>{text}").repeat(2_000) + &"<tr><td>b".repeat(50_000),
        "<td colspan=99999999999999999999999>a<td colspan=-1>b<td rowspan=0 colspan=0>c".repeat(20_000),
    ] {
        for (format, source) in [
            (Format::Html, format!("<table>{table}</table>")),
            (Format::Markdown, format!("<table>{table}</table>")),
        ] {
            let start = Instant::now();
            let document = parse(source.as_bytes(), format).unwrap();
            let bytes: usize = document.blocks.iter().map(|block| block.text.len()).sum();
            let name: String = source.chars().take(60).collect();
            assert!(bytes <= 8 * source.len(), "{name}: {bytes} of {}", source.len());
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "{name}: {:?}",
                start.elapsed()
            );
        }
    }
}

#[test]
fn tables_within_tables_within_tables_are_read() {
    let deep = "<table><tr><th>a</th><td>".repeat(60) + "end" + &"</td></tr></table>".repeat(60);
    let found = texts(&deep).join("\n");
    assert!(found.contains("end"), "{found}");
    assert!(found.matches('a').count() == 60, "{found}");
}
