#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use crate::package::sample::{mutations, package};
use crate::pictures::Pictures;
use crate::{Block, BlockKind, ParseError, ParsedDocument};

const ROOT: &str = r#"xmlns:office="o" xmlns:text="t" xmlns:table="tb" xmlns:style="s" xmlns:fo="f" xmlns:draw="d" xmlns:svg="v" xmlns:xlink="x" xmlns:dc="dc" xmlns:meta="m" xmlns:presentation="p""#;

const STYLES: &str = r#"<office:styles>
<style:default-style style:family="paragraph"><style:text-properties fo:language="de" fo:country="DE"/></style:default-style>
<style:style style:name="Standard" style:family="paragraph"/>
<style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph" style:default-outline-level="1"/>
<style:style style:name="Preformatted_20_Text" style:display-name="Preformatted Text" style:family="paragraph"/>
<style:style style:name="Quotations" style:family="paragraph" style:parent-style-name="Standard"/>
<style:style style:name="Title" style:family="paragraph"/>
<style:style style:name="Loop" style:family="paragraph" style:parent-style-name="Loop"/>
<style:style style:name="Secret" style:family="paragraph"><style:text-properties text:display="none"/></style:style>
<text:outline-style style:name="Outline"><text:outline-level-style text:level="1" style:num-format="1"/>
<text:outline-level-style text:level="2" style:num-format="a" text:display-levels="2" style:num-suffix=")"/></text:outline-style>
<text:list-style style:name="Numbers"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="." text:start-value="3"/>
<text:list-level-style-number text:level="2" style:num-format="i" style:num-prefix="(" style:num-suffix=")" text:display-levels="2"/>
<text:list-level-style-bullet text:level="3" text:bullet-char="o"/></text:list-style>
</office:styles>"#;

const AUTOMATIC: &str = r#"<office:automatic-styles>
<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Heading_20_1"/>
<style:style style:name="P2" style:family="paragraph" style:parent-style-name="Heading_20_1" style:list-style-name=""/>
<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="T2" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="T3" style:family="text"><style:text-properties style:text-position="-33% 58%"/></style:style>
<style:style style:name="dp2" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>
</office:automatic-styles>"#;

const META: &str = r#"<office:meta><dc:title>Lamps</dc:title><meta:initial-creator>Ann</meta:initial-creator><meta:creation-date>2024-05-01</meta:creation-date></office:meta>"#;

fn packed(kind: &str, body: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content {ROOT}>{AUTOMATIC}<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    );
    package(&[
        ("mimetype", &format!("application/vnd.oasis.opendocument.{kind}")),
        ("content.xml", &content),
        (
            "styles.xml",
            &format!("<office:document-styles {ROOT}>{STYLES}</office:document-styles>"),
        ),
        (
            "meta.xml",
            &format!("<office:document-meta {ROOT}>{META}</office:document-meta>"),
        ),
    ])
}

fn text(body: &str) -> Result<ParsedDocument, ParseError> {
    super::parse_text(&packed("text", body), &mut Pictures::default())
}

fn slides(body: &str) -> Result<ParsedDocument, ParseError> {
    super::parse_presentation(&packed("presentation", body), &mut Pictures::default())
}

/// Headings, then the text.
fn shown(blocks: &[Block]) -> Vec<String> {
    let line = |block: &Block| format!("{}|{}", block.headings.join("/"), block.text);
    blocks.iter().map(line).collect()
}

fn texts(body: &str) -> Vec<String> {
    text(body).unwrap().blocks.into_iter().map(|block| block.text).collect()
}

#[test]
fn headings_stand_by_their_level_with_the_numbers_that_are_shown() {
    let document = text(
        r#"<text:h text:style-name="P1" text:outline-level="1">One</text:h><text:p>a</text:p><text:h text:outline-level="2">Two</text:h><text:p>b</text:p>
<text:h text:outline-level="2"><text:number>9</text:number>Three</text:h><text:p>c</text:p><text:h text:style-name="P2" text:outline-level="1">Free</text:h><text:p>d</text:p>
<text:h text:is-list-header="true">Bare</text:h><text:p>e</text:p><text:p text:style-name="P1">By style</text:p><text:p>f</text:p>"#,
    )
    .unwrap();
    assert_eq!(
        shown(&document.blocks),
        [
            "1 One|a",
            "1 One/1.a) Two|b",
            "1 One/1.b) Three|c",
            "Free|d",
            "Bare|e",
            "By style|f"
        ]
    );
    assert_eq!(document.title.as_deref(), Some("Lamps"));
    let metadata: Vec<_> = ["author", "created", "lang"]
        .iter()
        .map(|key| document.metadata[*key].as_str().unwrap())
        .collect();
    assert_eq!(metadata, ["Ann", "2024-05-01", "de-DE"]);
}

#[test]
fn lists_nest_and_count_as_they_are_shown() {
    let item = |inside: &str| format!("<text:list-item>{inside}</text:list-item>");
    let p = |text: &str| format!("<text:p>{text}</text:p>");
    let third = format!("<text:list>{}</text:list>", item(&p("deep")));
    let second = format!(
        "<text:list>{}{}</text:list>",
        item(&(p("inner") + &third)),
        item(&p("inner too"))
    );
    let first = item(&(p("one") + &p("goes on") + &second)) + &item(&p("two"));
    let more = r#"<text:list text:style-name="Numbers" text:continue-numbering="true">"#;
    let again = format!(
        r#"<text:list xml:id="l1" text:style-name="Numbers"><text:list-header>{}</text:list-header>{first}</text:list><text:p>between</text:p>{more}{}</text:list><text:p/>
<text:list text:continue-list="l1" text:style-name="Numbers">{}</text:list><text:list text:style-name="Numbers">{}<text:list-item text:start-value="8">{}</text:list-item></text:list><text:list>{}</text:list>"#,
        p("head"),
        item(&p("three")),
        item(&p("four")),
        item(&p("anew")),
        p("eighth"),
        item(&p("plain"))
    );
    let expected = [
        "head",
        "3. one",
        "  goes on",
        "  (3.i) inner",
        "    - deep",
        "  (3.ii) inner too",
        "4. two",
        "between",
        "5. three",
        "6. four",
        "3. anew",
        "8. eighth",
        "- plain",
    ];
    assert_eq!(texts(&again), expected);
}

#[test]
fn runs_are_read_as_they_are_shown() {
    let body = r##"<text:tracked-changes><text:changed-region><text:deletion><text:p>deleted</text:p></text:deletion></text:changed-region></text:tracked-changes>
<text:p>10<text:span text:style-name="T2">6</text:span> H<text:span text:style-name="T3">2</text:span>O<text:span text:style-name="T1"> hidden</text:span><office:annotation><text:p>comment</text:p></office:annotation>
and<text:s text:c="4"/>more<text:line-break/>below<text:placeholder>&lt;fill in&gt;</text:placeholder></text:p>
<text:p>see <text:a xlink:href="https://a.example/b">the form </text:a>or <text:a xlink:href="#place">here</text:a></text:p>
<text:p text:style-name="Secret">secret<text:span> too</text:span></text:p><text:section text:display="none"><text:p>not shown</text:p></text:section><text:section><text:p>shown</text:p></text:section>
<text:p><text:hidden-text text:is-hidden="true">never</text:hidden-text>a<text:ruby><text:ruby-base>base</text:ruby-base><text:ruby-text>ruby</text:ruby-text></text:ruby></text:p>
<text:table-of-content><text:index-body><text:p>One 1</text:p></text:index-body></text:table-of-content><text:p text:style-name="Loop">round</text:p>"##;
    assert_eq!(
        texts(body),
        [
            "10^6 H2O and more\nbelow",
            "see the form (https://a.example/b) or here",
            "shown",
            "abase",
            "round"
        ]
    );
}

#[test]
fn titles_listings_and_quotations_are_known_by_their_styles() {
    let document = text(
        r#"<text:p text:style-name="Title">The Lamp</text:p><text:p text:style-name="Preformatted_20_Text">if<text:s/>a {</text:p><text:p text:style-name="Preformatted_20_Text"><text:s text:c="2"/>b</text:p>
<text:p text:style-name="Quotations">said</text:p>"#,
    )
    .unwrap();
    assert_eq!(document.title.as_deref(), Some("The Lamp"));
    assert_eq!(
        shown(&document.blocks),
        ["The Lamp|```\nif a {\n  b\n```", "The Lamp|said"]
    );
    assert_eq!(document.blocks[1].kind, BlockKind::Quote);
}

#[test]
fn a_note_follows_what_refers_to_it_and_so_does_a_text_box() {
    let note = |text: &str| {
        format!(
            r#"<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>{text}</text:p></text:note-body></text:note>"#
        )
    };
    let body = format!(
        r#"<text:p>Free{} of charge<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></text:p><text:p>next</text:p>
<table:table><table:table-row><table:table-cell><text:p>a{}</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>
<text:p><draw:custom-shape><text:p>Shape</text:p></draw:custom-shape></text:p>
<text:p>x<draw:frame><draw:image xlink:href="Pictures/no.png"/><svg:title>t</svg:title><svg:desc>A red lamp</svg:desc></draw:frame></text:p>"#,
        note("Within the EU."),
        note("In the cell.")
    );
    assert_eq!(
        texts(&body),
        [
            "Free of charge",
            "In a box",
            "Within the EU.",
            "next",
            "a | b",
            "In the cell.",
            "Shape",
            "x A red lamp"
        ]
    );
}

#[test]
fn merged_cells_stand_at_each_place_they_cover() {
    let cell = |attributes: &str, text: &str| {
        format!("<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>")
    };
    let covered = "<table:covered-table-cell/>";
    let body = format!(
        r#"<table:table><table:table-header-rows><table:table-row>{}{}{covered}</table:table-row></table:table-header-rows>
<table:table-row>{}{}{}</table:table-row><table:table-row>{covered}{}{}</table:table-row><table:table-row table:visibility="collapse">{}</table:table-row></table:table>"#,
        cell("", "Plan"),
        cell(r#"table:number-columns-spanned="2""#, "Price"),
        cell(r#"table:number-rows-spanned="2""#, "Pro"),
        cell("", "9"),
        cell("", "90"),
        cell("", "10"),
        cell("", "<text:span>100</text:span>"),
        cell("", "hidden")
    );
    assert_eq!(texts(&body), ["Plan | Price | Price\nPro | 9 | 90\nPro | 10 | 100"]);
    let frame = format!(
        "<table:table><table:table-row>{}</table:table-row></table:table>",
        cell("", "framed")
    );
    assert_eq!(texts(&frame), ["framed"]);
    let pairs = format!(
        "<table:table><table:table-row>{}{}</table:table-row><table:table-row>{}{}</table:table-row></table:table>",
        cell("", "Name:"),
        cell("", "Ann"),
        cell("", "Age:"),
        cell("", "40")
    );
    assert_eq!(texts(&pairs), ["Name: Ann\nAge: 40"]);
}

#[test]
fn a_chart_is_its_title_and_its_values_and_a_formula_as_it_was_typed() {
    let content = format!(
        r#"<office:document-content {ROOT}><office:body><office:text><text:p>a<draw:frame><draw:object xlink:href="./Object 1"/><draw:image xlink:href="./ObjectReplacements/Object 1"/></draw:frame></text:p>
<text:p>b<draw:frame><draw:object xlink:href="./Object 2"/></draw:frame></text:p></office:text></office:body></office:document-content>"#
    );
    let row = |name: &str, value: &str| {
        format!(
            "<table:table-row><table:table-cell><text:p>{name}</text:p></table:table-cell><table:table-cell><text:p>{value}</text:p></table:table-cell></table:table-row>"
        )
    };
    let chart = format!(
        r#"<office:document-content {ROOT} xmlns:chart="c"><office:body><office:chart><chart:chart><chart:title><text:p>Sales</text:p></chart:title>
<table:table><table:table-header-rows>{}</table:table-header-rows><table:table-rows>{}{}</table:table-rows></table:table></chart:chart></office:chart></office:body></office:document-content>"#,
        row("", "2024"),
        row("North", "5"),
        row("South", "NaN")
    );
    let formula =
        r#"<math><semantics><mi>x</mi><annotation encoding="StarMath 5.0">a over b</annotation></semantics></math>"#;
    let bytes = package(&[
        ("content.xml", &content),
        ("Object 1/content.xml", &chart),
        ("Object 2/content.xml", formula),
    ]);
    let document = super::parse_text(&bytes, &mut Pictures::default()).unwrap();
    let texts: Vec<_> = document.blocks.iter().map(|block| block.text.as_str()).collect();
    assert_eq!(texts, ["a", "Sales", " | 2024\nNorth | 5\nSouth | ", "b", "a over b"]);
}

#[test]
fn a_slide_is_a_heading_with_what_stands_on_it_and_its_notes() {
    let frame = |attributes: &str, text: &str| {
        format!("<draw:frame {attributes}><draw:text-box>{text}</draw:text-box></draw:frame>")
    };
    let at = |x: &str, y: &str| format!(r#"svg:x="{x}" svg:y="{y}""#);
    let body = format!(
        r#"<draw:page>{}{}{}<draw:g>{}</draw:g>{}{}<draw:custom-shape draw:transform="rotate (0.1) translate (1cm 12cm)"><text:p>Last</text:p></draw:custom-shape>
<presentation:notes><draw:page-thumbnail/>{}</presentation:notes></draw:page><draw:page draw:style-name="dp2">{}</draw:page><draw:page>{}</draw:page><draw:page/>"#,
        frame(&at("10cm", "4.9cm"), "<text:p>right</text:p>"),
        frame(
            &at("1cm", "5cm"),
            "<text:list><text:list-item><text:p>left</text:p></text:list-item></text:list>"
        ),
        frame(
            r#"presentation:class="title" svg:x="1cm" svg:y="9cm""#,
            "<text:p>Our <text:span>plan</text:span></text:p>"
        ),
        frame(&at("1in", "1in"), "<text:p>grouped</text:p>"),
        frame(r#"presentation:class="footer""#, "<text:p>Footer</text:p>"),
        frame(r#"presentation:placeholder="true""#, "<text:p>Click</text:p>"),
        frame(r#"presentation:class="notes""#, "<text:p>Say this.</text:p>"),
        frame("", "<text:p>hidden</text:p>"),
        frame("", "<text:p>untitled</text:p>")
    );
    let document = slides(&body).unwrap();
    let expected = [
        "Our plan|grouped",
        "Our plan|- left",
        "Our plan|right",
        "Our plan|Last",
        "Our plan|Notes: Say this.",
        "Slide 3|untitled",
    ];
    assert_eq!(shown(&document.blocks), expected);
    assert_eq!(document.title.as_deref(), Some("Lamps"));
}

#[test]
fn a_document_of_one_xml_file_is_read_alike() {
    let flat = format!(
        r#"<?xml version="1.0"?><office:document {ROOT} office:mimetype="application/vnd.oasis.opendocument.text">{META}{STYLES}{AUTOMATIC}<office:body><office:text><text:h text:outline-level="1">One</text:h><text:p>a</text:p></office:text></office:body></office:document>"#
    );
    let document = super::parse_text(flat.as_bytes(), &mut Pictures::default()).unwrap();
    assert_eq!(shown(&document.blocks), ["1 One|a"]);
    assert_eq!(
        (document.title.as_deref(), document.metadata["author"].as_str()),
        (Some("Lamps"), Some("Ann"))
    );
}

#[test]
fn an_encrypted_document_is_refused_as_such() {
    let manifest = r#"<manifest:manifest xmlns:manifest="m"><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"#;
    let bytes = package(&[("META-INF/manifest.xml", manifest), ("content.xml", "\u{1}")]);
    let error = super::parse_text(&bytes, &mut Pictures::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "The OpenDocument text is encrypted. Save it without a password and send it again."
    );
    let error = super::parse_presentation(&bytes, &mut Pictures::default()).unwrap_err();
    assert_eq!(
        error,
        ParseError::Encrypted {
            format: "OpenDocument presentation"
        }
    );
}

#[test]
fn what_is_hostile_ends_with_an_error_or_within_bounds() {
    let code = |result: Result<ParsedDocument, ParseError>| result.unwrap_err().code();
    assert_eq!(
        code(text(&("<text:section>".repeat(300) + &"</text:section>".repeat(300)))),
        "too_complex"
    );
    assert_eq!(
        code(super::parse_text(&package(&[("a.xml", "")]), &mut Pictures::default())),
        "damaged"
    );
    assert_eq!(
        code(super::parse_text(&packed("presentation", ""), &mut Pictures::default())),
        "damaged"
    );
    let whole = packed("text", "<text:p>a</text:p>");
    assert_eq!(
        code(super::parse_text(&whole[..whole.len() / 2], &mut Pictures::default())),
        "damaged"
    );
    let bomb = package(&[("content.xml", &" ".repeat(65 * 1024 * 1024))]);
    assert_eq!(code(super::parse_text(&bomb, &mut Pictures::default())), "too_large");
    assert_eq!(
        crate::parse(&packed("text", "<text:p/>"), crate::Format::Odt)
            .unwrap_err()
            .code(),
        "no_text"
    );
    // Numbers without bounds, and cells that repeat each other.
    let wide = r#"<table:table-cell table:number-columns-repeated="4294967295" table:number-rows-spanned="99999999999999999999"><text:p>wide</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="18446744073709551615"/>"#;
    let row = format!(r#"<table:table-row table:number-rows-repeated="4294967295">{wide}</table:table-row>"#);
    let huge = "<text:list text:style-name=\"Numbers\"><text:list-item text:start-value=\"4294967295\"><text:p>a</text:p></text:list-item><text:list-item><text:p>b</text:p></text:list-item></text:list>";
    let body = format!(
        r#"<text:p>x<text:s text:c="4294967295"/>y</text:p>{huge}<table:table>{}</table:table>"#,
        row.repeat(20_000)
    );
    let document = text(&body).unwrap();
    assert_eq!(document.blocks[1].text, "4294967295. a");
    let bytes: usize = document.blocks.iter().map(|block| block.text.len()).sum();
    assert!(bytes < 128 * 1024 * 1024, "{bytes}");
}

#[test]
fn damaged_xml_is_an_error_or_read_in_part_and_never_a_panic() {
    let content = format!(
        r#"<o:c xmlns:o="o" {ROOT}>{AUTOMATIC}<office:body><office:text><text:list text:style-name="Numbers"><text:list-item><text:p>a</text:p></text:list-item></text:list>
<table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>b</text:p></table:table-cell></table:table-row></table:table></office:text></office:body></o:c>"#
    );
    for changed in mutations(&content, 500) {
        let _ = super::parse_text(&package(&[("content.xml", &changed)]), &mut Pictures::default());
        let _ = super::parse_text(changed.as_bytes(), &mut Pictures::default());
    }
}
