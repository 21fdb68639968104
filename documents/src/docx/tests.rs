#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use crate::package::sample::{mutations, package, relationships};
use crate::pictures::Pictures;
use crate::{Block, BlockKind, ParseError, ParsedDocument};

const STYLES: &str = r#"<w:styles xmlns:w="w">
<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="de-DE"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Standard"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>
<w:style w:type="paragraph" w:styleId="Ebene"><w:name w:val="Ebene"/><w:basedOn w:val="Ebene"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="Quelltext"><w:name w:val="Source Code"/></w:style>
<w:style w:type="paragraph" w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Intern"><w:name w:val="Intern"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Versteckt"><w:name w:val="Versteckt"/><w:rPr><w:vanish/></w:rPr></w:style>
</w:styles>"#;

const NUMBERING: &str = r#"<w:numbering xmlns:w="w">
<w:abstractNum w:abstractNumId="7">
<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>
</w:abstractNum>
<w:abstractNum w:abstractNumId="8">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="Article %1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimalZero"/><w:isLgl/><w:lvlText w:val="Section %1.%2"/></w:lvl>
</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="8"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>
</w:numbering>"#;

const FOOTNOTES: &str = r#"<w:footnotes xmlns:w="w"><w:footnote w:id="-1"><w:p><w:r><w:t>separator</w:t></w:r></w:p></w:footnote>
<w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>Within the EU.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;

const CHART: &str = r#"<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title>
<c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:f>S!A1</c:f><c:strCache><c:pt idx="0"><c:v>2024</c:v></c:pt></c:strCache></c:strRef></c:tx>
<c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>North</c:v></c:pt><c:pt idx="1"><c:v>South</c:v></c:pt></c:strCache></c:strRef></c:cat>
<c:val><c:numRef><c:numCache><c:formatCode>0%</c:formatCode><c:pt idx="1"><c:v>0.5</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"#;

const DIAGRAM: &str = r#"<dgm:dataModel xmlns:dgm="d" xmlns:a="a"><dgm:ptLst>
<dgm:pt modelId="r" type="doc"/><dgm:pt modelId="1"><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt>
<dgm:pt modelId="2"><dgm:t><a:p><a:r><a:t>Do</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt modelId="x" type="parTrans"><dgm:t><a:p><a:r><a:t>no</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>
<dgm:cxnLst><dgm:cxn srcId="r" destId="1" srcOrd="0"/><dgm:cxn srcId="1" destId="2" srcOrd="0"/><dgm:cxn srcId="2" destId="1" srcOrd="0"/></dgm:cxnLst></dgm:dataModel>"#;

const CORE: &str = r#"<cp:coreProperties xmlns:cp="cp" xmlns:dc="dc" xmlns:dcterms="t"><dc:creator>Ann</dc:creator><dcterms:created>2024-05-01T08:00:00Z</dcterms:created><dc:title>Word Document</dc:title></cp:coreProperties>"#;

fn document_of(body: &str) -> Vec<u8> {
    let document = format!(
        r#"<w:document xmlns:w="w" xmlns:mc="mc" xmlns:wps="wps" xmlns:wp="wp" xmlns:v="v" xmlns:m="m" xmlns:r="r" xmlns:c="c" xmlns:d="d"><w:body>{body}</w:body></w:document>"#
    );
    let root = relationships(&[
        ("rId1", "officeDocument", "word/document.xml"),
        ("rId2", "core-properties", "docProps/core.xml"),
    ]);
    let own = relationships(&[
        ("rId1", "styles", "styles.xml"),
        ("rId2", "numbering", "numbering.xml"),
        ("rId3", "footnotes", "/word/footnotes.xml"),
        ("rId4", "chart", "charts/chart1.xml"),
        ("rId5", "diagramData", "diagrams/data1.xml"),
    ]);
    package(&[
        ("_rels/.rels", &root),
        ("word/document.xml", &document),
        ("word/_rels/document.xml.rels", &own),
        ("word/styles.xml", STYLES),
        ("word/numbering.xml", NUMBERING),
        ("word/footnotes.xml", FOOTNOTES),
        ("word/charts/chart1.xml", CHART),
        ("word/diagrams/data1.xml", DIAGRAM),
        ("docProps/core.xml", CORE),
    ])
}

fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    super::parse(bytes, &mut Pictures::default())
}

fn read(body: &str) -> ParsedDocument {
    parse(&document_of(body)).unwrap()
}

fn texts(document: &ParsedDocument) -> Vec<&str> {
    document.blocks.iter().map(|block| block.text.as_str()).collect()
}

fn paragraph(style: &str, text: &str) -> String {
    format!(r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#)
}

fn item(list: u8, level: u8, text: &str) -> String {
    format!(
        r#"<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list}"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#
    )
}

fn run(text: &str) -> String {
    format!("<w:r><w:t>{text}</w:t></w:r>")
}

#[test]
fn headings_are_found_by_outline_level_whatever_the_style_is_called() {
    let document = read(
        &[
            paragraph("Titel", "Handbuch"),
            paragraph("Verzeichnis1", "Kapitel eins 1"),
            paragraph("Kapitel", "Kapitel eins"),
            paragraph("Ebene", "Abschnitt"),
            paragraph("Standard", "Text."),
        ]
        .concat(),
    );
    assert_eq!(document.title.as_deref(), Some("Handbuch"));
    let expected = Block {
        headings: vec!["Handbuch".to_owned(), "Kapitel eins".to_owned(), "Abschnitt".to_owned()],
        kind: BlockKind::Paragraph,
        text: "Text.".to_owned(),
    };
    assert_eq!(document.blocks, [expected]);
    assert_eq!(
        serde_json::Value::Object(document.metadata),
        serde_json::json!({ "author": "Ann", "created": "2024-05-01T08:00:00Z", "lang": "de-DE" })
    );
}

#[test]
fn legal_numbers_are_decimal_whatever_the_outer_ones_are() {
    let document = read(&[item(3, 0, "Terms"), item(3, 1, "Payment")].concat());
    let texts: Vec<&str> = document.blocks.iter().map(|block| block.text.trim()).collect();
    assert_eq!(texts, ["Article I. Terms", "Section 1.01 Payment"]);
}

#[test]
fn list_items_carry_the_numbers_that_word_shows() {
    let items = [
        item(1, 0, "c"),
        item(1, 1, "a"),
        item(1, 1, "b"),
        item(1, 2, "o"),
        item(1, 0, "d"),
        item(1, 1, "a"),
    ]
    .concat();
    let restarted = [item(2, 0, "one"), item(1, 0, "two"), item(0, 0, "out of the list")].concat();
    assert_eq!(
        texts(&read(&(items + &restarted))),
        [
            "3. c",
            "  3.a) a",
            "  3.b) b",
            "    - o",
            "4. d",
            "  4.a) a",
            "1. one",
            "2. two",
            "out of the list"
        ]
    );
}

#[test]
fn an_item_that_was_deleted_does_not_count() {
    let deleted = r#"<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr>
        <w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"#;
    let body = [item(1, 0, "c"), deleted.to_owned(), item(1, 0, "d")];
    assert_eq!(texts(&read(&body.concat())), ["3. c", "4. d"]);
}

#[test]
fn what_is_deleted_hidden_or_an_instruction_is_no_text() {
    let field = r#"<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>code</w:t></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>7</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>"#;
    let body = [
        "<w:p>".to_owned(),
        run("kept "),
        format!("<w:ins>{}</w:ins>", run("inserted ")),
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>".to_owned(),
        format!("<w:moveFrom>{}</w:moveFrom>", run("moved")),
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>".to_owned(),
        r#"<w:r><w:rPr><w:rStyle w:val="Versteckt"/></w:rPr><w:t>hidden</w:t></w:r>"#.to_owned(),
        r#"<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown </w:t></w:r>"#.to_owned(),
        field.to_owned(),
        format!(r#"<w:hyperlink r:id="rId9">{}</w:hyperlink>"#, run(" link")),
        r#"<w:r><w:tab/><w:t>tab</w:t><w:br/><w:t>next</w:t><w:noBreakHyphen/><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>"#.to_owned(),
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Click here</w:t></w:r></w:sdtContent></w:sdt>".to_owned(),
        "</w:p>".to_owned(),
    ]
    .concat();
    assert_eq!(texts(&read(&body)), ["kept inserted shown 7 link tab\nnext-✓"]);
}

#[test]
fn raised_numbers_do_not_grow_the_number_they_follow() {
    let raised =
        |text: &str| format!(r#"<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{text}</w:t></w:r>"#);
    let body = [
        "<w:p>".to_owned(),
        run("From 10"),
        raised("-"),
        raised("3"),
        run(" to 10"),
        raised("6"),
        run(" on the 1"),
        raised("st"),
        run(" of 5"),
        r#"<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="2"/></w:r>"#.to_owned(),
        run("0 m"),
        raised("2"),
        "</w:p>".to_owned(),
    ];
    assert_eq!(
        texts(&read(&body.concat())),
        ["From 10^-3 to 10^6 on the 1st of 50 m^2", "Within the EU."]
    );
}

#[test]
fn a_paragraph_whose_style_is_hidden_is_no_text_but_for_what_says_otherwise() {
    let shown = r#"<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown</w:t></w:r>"#;
    let body = [
        paragraph("Standard", "before"),
        paragraph("Intern", "hidden"),
        format!(
            r#"<w:p><w:pPr><w:pStyle w:val="Intern"/></w:pPr>{}{shown}</w:p>"#,
            run("hidden ")
        ),
    ];
    assert_eq!(texts(&read(&body.concat())), ["before", "shown"]);
}

#[test]
fn alternate_content_is_taken_once_and_text_boxes_follow_their_paragraph() {
    let content = format!("<w:txbxContent><w:p>{}</w:p></w:txbxContent>", run("in the box"));
    let body = format!(
        r#"<w:p>{}<w:r><mc:AlternateContent><mc:Choice><w:drawing><wp:docPr descr="A lake at dawn"/><wps:txbx>{content}</wps:txbx></w:drawing></mc:Choice>
        <mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"#,
        run("before")
    );
    assert_eq!(texts(&read(&body)), ["before A lake at dawn", "in the box"]);
}

#[test]
fn merged_and_nested_tables_are_read_row_by_row() {
    let cell = |properties: &str, content: &str| format!("<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>");
    let text = |text: &str| format!("<w:p>{}</w:p>", run(text));
    let nested = format!(
        "<w:tbl><w:tr>{}{}</w:tr></w:tbl>",
        cell("", &text("x")),
        cell("", &text("y"))
    );
    let rows = [
        format!(
            "<w:tr>{}{}</w:tr>",
            cell("", &text("Plan")),
            cell(r#"<w:gridSpan w:val="2"/>"#, &text("Price"))
        ),
        format!(
            "<w:tr>{}{}{}</w:tr>",
            cell(r#"<w:vMerge w:val="restart"/>"#, &text("Pro")),
            cell("", &text("monthly")),
            cell("", &nested)
        ),
        format!(
            "<w:tr>{}{}{}</w:tr>",
            cell("<w:vMerge/>", "<w:p/>"),
            cell("", &(item(1, 2, "yearly") + &item(1, 2, "in advance"))),
            cell("", &paragraph("berschrift1", "90"))
        ),
        format!("<w:tr><w:trPr><w:del/></w:trPr>{}</w:tr>", cell("", &text("deleted"))),
        format!("<w:tr><w:trPr><w:hidden/></w:trPr>{}</w:tr>", cell("", &text("hidden"))),
    ];
    let document = read(&format!("<w:tbl>{}</w:tbl>", rows.concat()));
    assert_eq!(document.blocks[0].kind, BlockKind::Table);
    assert_eq!(
        texts(&document),
        ["Plan | Price | Price\nPro | monthly | x, y\nPro | yearly; in advance | 90"]
    );
    let frame = format!(
        "<w:tbl><w:tr>{}</w:tr></w:tbl>",
        cell("", &(text("one") + &text("two")))
    );
    assert_eq!(texts(&read(&frame)), ["one", "two"]);
}

#[test]
fn rows_of_names_and_values_are_lines_that_say_so_alone() {
    let bold = |text: &str| format!("<w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r>");
    let cell = |properties: &str, runs: &str| format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{runs}</w:p></w:tc>");
    let row = |name: &str, value: &str| format!("<w:tr>{}{}</w:tr>", cell("", name), cell("", value));
    let born = row(&bold("Born"), &(run("14 March ") + &bold("1879")));
    let across = format!("<w:tr>{}</w:tr>", cell(r#"<w:gridSpan w:val="2"/>"#, &run("Work")));
    let of = |rows: &[&str]| {
        let document = read(&format!("<w:tbl>{}</w:tbl>", rows.concat()));
        let blocks = document.blocks.into_iter().map(|block| (block.kind, block.text));
        blocks.collect::<Vec<_>>()
    };
    let line = |text: &str| (BlockKind::Paragraph, text.to_owned());
    assert_eq!(
        of(&[&born, &row(&run("Died:"), &run("1955")), &row(&bold("Notes"), "")]),
        [line("Born: 14 March 1879\nDied: 1955\nNotes")]
    );
    assert_eq!(
        of(&[&born, &across, &row(&run("分野："), &run("Physics"))]),
        [line("Born: 14 March 1879"), line("Work"), line("分野: Physics")]
    );
    let head = row(&bold("Plan"), &bold("Price"));
    let merged = format!(
        "<w:tr>{}{}</w:tr>",
        cell("<w:vMerge/>", &bold("Pro")),
        cell("", &run("8"))
    );
    let heading = born.replacen("<w:tr>", "<w:tr><w:trPr><w:tblHeader/></w:trPr>", 1);
    for other in [&head, &merged, &heading, &row(&run("Pro"), &run("9"))] {
        let found = of(&[other, &born]);
        assert_eq!((found.len(), found[0].0), (1, BlockKind::Table), "{other}");
    }
}

#[test]
fn a_long_text_in_many_nested_tables_is_copied_a_few_times_only() {
    let text = "word ".repeat(200_000);
    let nested = format!(
        "<document><body>{}<p><r><t>{text}</t></r></p>{}</body></document>",
        "<tbl><tr><tc/><tc>".repeat(80),
        "</tc></tr></tbl>".repeat(80)
    );
    let document = parse(&package(&[("word/document.xml", &nested)])).unwrap();
    assert_eq!(document.blocks.len(), 1);
    assert_eq!(document.blocks[0].text.split_whitespace().count(), 200_000);
}

#[test]
fn a_note_follows_where_it_is_first_referred_to() {
    let body = format!(
        r#"<w:p>{}<w:r><w:footnoteReference w:id="2"/></w:r></w:p><w:p>{}<w:r><w:footnoteReference w:id="2"/></w:r></w:p>"#,
        run("We ship."),
        run("Again.")
    );
    assert_eq!(texts(&read(&body)), ["We ship.", "Within the EU.", "Again."]);
}

#[test]
fn charts_diagrams_equations_and_listings_are_read() {
    let body = [
        r#"<w:p><w:r><w:drawing><c:chart r:id="rId4"/><d:relIds r:dm="rId5"/></w:drawing></w:r></w:p>"#.to_owned(),
        "<w:p><m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>".to_owned(),
        paragraph("Quelltext", "if a {"),
        paragraph("Quelltext", "    b"),
    ]
    .concat();
    let document = read(&body);
    assert_eq!(
        texts(&document),
        [
            "Sales",
            " | 2024\nSouth | 50%",
            "- Plan",
            "  - Do",
            "x^2",
            "```\nif a {\n    b\n```"
        ]
    );
    assert_eq!(document.blocks[5].kind, BlockKind::Code);
}

#[test]
fn what_is_no_word_document_is_damaged() {
    let reason = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
    assert!(reason(b"PK\x03\x04 cut off").contains("damaged"));
    assert!(reason(&package(&[("a.txt", "b")])).contains("it has no main part (word/document.xml)"));
    assert!(reason(&package(&[("word/document.xml", "<w>")])).contains("not well-formed"));
    assert!(reason(&package(&[("word/document.xml", "<a><b/></a>")])).contains("no document body"));
}

#[test]
fn entities_and_deep_nesting_are_refused() {
    let bomb = r#"<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><document><body><p><r><t>&b;</t></r></p></body></document>"#;
    assert_eq!(
        parse(&package(&[("word/document.xml", bomb)])).unwrap_err().code(),
        "damaged"
    );
    let nested = format!(
        "<document><body>{}{}</body></document>",
        "<sdt>".repeat(100_000),
        "</sdt>".repeat(100_000)
    );
    assert_eq!(
        parse(&package(&[("word/document.xml", &nested)])).unwrap_err().code(),
        "too_complex"
    );
}

#[test]
fn styles_and_lists_that_run_in_circles_end() {
    let body = [
        paragraph("Ebene", "heading"),
        item(9, 0, "no such list"),
        item(1, 200, "deep"),
    ]
    .concat();
    assert_eq!(texts(&read(&body)), ["no such list", "deep"]);
}

#[test]
fn mutations_are_read_or_refused() {
    let body = [
        paragraph("Kapitel", "One"),
        item(1, 0, "item"),
        "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr><w:p/></w:tc><w:tc/></w:tr></w:tbl>".to_owned(),
    ]
    .concat();
    let document = format!(r#"<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#);
    for mutated in mutations(&document, 600) {
        let _ = parse(&package(&[
            ("word/document.xml", &mutated),
            ("word/styles.xml", STYLES),
        ]));
    }
    for part in [STYLES, NUMBERING, CHART, DIAGRAM] {
        for mutated in mutations(part, 100) {
            let relationships = relationships(&[
                ("1", "styles", "p.xml"),
                ("2", "numbering", "p.xml"),
                ("4", "chart", "p.xml"),
            ]);
            let parts = [
                ("word/document.xml", document.as_str()),
                ("word/_rels/document.xml.rels", &relationships),
                ("word/p.xml", &mutated),
            ];
            let _ = parse(&package(&parts));
        }
    }
    let bytes = document_of(&body);
    for at in (0..bytes.len()).step_by(13) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x5A;
        let _ = parse(&flipped);
        if at % 2 == 0 {
            assert!(
                !matches!(parse(&bytes[..at]), Ok(_) | Err(ParseError::NoText)),
                "cut at {at}"
            );
        }
    }
}

#[test]
fn the_first_heading_is_the_title_only_where_it_opens_the_document_and_names_no_part() {
    let long = "Words of a letter that goes on. ".repeat(30);
    let titled = |paragraphs: &[(&str, &str)]| {
        let body: String = paragraphs.iter().map(|(style, text)| paragraph(style, text)).collect();
        read(&body).title
    };
    assert_eq!(
        titled(&[("Kapitel", "Handbook"), ("Standard", "Text.")]).as_deref(),
        Some("Handbook")
    );
    for heading in ["CHAPTER 1 – INTRODUCTION", "Contents"] {
        assert_eq!(
            titled(&[("Kapitel", heading), ("Standard", "Text.")]),
            None,
            "{heading}"
        );
    }
    assert_eq!(
        titled(&[("Standard", &long), ("Kapitel", "Handbook"), ("Standard", "Text.")]),
        None
    );
}
