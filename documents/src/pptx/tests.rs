#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use crate::package::sample::{mutations, package, relationships};
use crate::pictures::Pictures;
use crate::{ParseError, ParsedDocument};

const NAMESPACES: &str = r#"xmlns:p="p" xmlns:a="a" xmlns:r="r" xmlns:mc="mc""#;

const LAYOUT: &str = r#"<p:sldLayout xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree>
<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="2"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="9000000"/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>Click to edit</a:t></a:r></a:p></p:txBody></p:sp>
<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="11"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="839788" y="1681163"/><a:ext cx="5157787" cy="1"/></a:xfrm></p:spPr></p:sp>
<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="12"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="839788" y="2505075"/><a:ext cx="5157787" cy="1"/></a:xfrm></p:spPr></p:sp>
<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="13"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="6172200" y="1681163"/><a:ext cx="5157787" cy="1"/></a:xfrm></p:spPr></p:sp>
<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="14"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="6172200" y="2505075"/><a:ext cx="5157787" cy="1"/></a:xfrm></p:spPr></p:sp>
</p:spTree></p:cSld></p:sldLayout>"#;

fn paragraphs(texts: &[&str]) -> String {
    texts
        .iter()
        .map(|text| format!("<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"))
        .collect()
}

/// A shape with a placeholder (or none), a top, and paragraphs.
fn shape(placeholder: &str, top: Option<i64>, paragraphs: &str) -> String {
    let transform = top
        .map(|top| format!(r#"<a:xfrm><a:off x="5" y="{top}"/></a:xfrm>"#))
        .unwrap_or_default();
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:spPr>{transform}</p:spPr><p:txBody>{paragraphs}</p:txBody></p:sp>"
    )
}

fn slide(attributes: &str, shapes: &str) -> String {
    format!("<p:sld {NAMESPACES} {attributes}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>")
}

fn presentation(slides: &[String]) -> Vec<u8> {
    let ids: Vec<String> = (1..=slides.len()).map(|number| format!("rId{number}")).collect();
    // The list is in reverse: the order of the files does not count.
    let list: String = ids
        .iter()
        .rev()
        .map(|id| format!(r#"<p:sldId id="256" r:id="{id}"/>"#))
        .collect();
    let main = format!("<p:presentation {NAMESPACES}><p:sldIdLst>{list}</p:sldIdLst></p:presentation>");
    let names: Vec<String> = (1..=slides.len())
        .map(|number| format!("slides/slide{number}.xml"))
        .collect();
    let entries: Vec<_> = ids
        .iter()
        .zip(&names)
        .map(|(id, name)| (id.as_str(), "slide", name.as_str()))
        .collect();
    let main_relationships = relationships(&entries);
    let root = relationships(&[("rId1", "officeDocument", "ppt/presentation.xml")]);
    let own = relationships(&[
        ("rId1", "slideLayout", "../slideLayouts/layout1.xml"),
        ("rId2", "notesSlide", "../notesSlides/notes1.xml"),
    ]);
    let notes = slide(
        "",
        &shape(
            r#"<p:ph type="body" idx="1"/>"#,
            None,
            &paragraphs(&["Say hello.", "Wave."]),
        ),
    ) + "";
    let mut parts: Vec<(String, String)> = vec![
        ("_rels/.rels".to_owned(), root),
        ("ppt/presentation.xml".to_owned(), main),
        ("ppt/_rels/presentation.xml.rels".to_owned(), main_relationships),
        ("ppt/slideLayouts/layout1.xml".to_owned(), LAYOUT.to_owned()),
        ("ppt/notesSlides/notes1.xml".to_owned(), notes),
        ("ppt/slides/_rels/slide1.xml.rels".to_owned(), own),
    ];
    parts.extend(
        names
            .iter()
            .zip(slides)
            .map(|(name, slide)| (format!("ppt/{name}"), slide.clone())),
    );
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    package(&parts)
}

fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    super::parse(bytes, &mut Pictures::default())
}

fn read(slides: &[String]) -> ParsedDocument {
    parse(&presentation(slides)).unwrap()
}

fn texts(document: &ParsedDocument) -> Vec<String> {
    let text = |block: &crate::Block| format!("{}: {}", block.headings.join("/"), block.text);
    document.blocks.iter().map(text).collect()
}

fn title(text: &str) -> String {
    shape(r#"<p:ph type="title"/>"#, Some(100), &paragraphs(&[text]))
}

#[test]
fn slides_come_in_their_order_and_hidden_ones_not_at_all() {
    let slides = [
        slide("", &(title("Last") + &shape("", None, &paragraphs(&["three"])))),
        slide(r#"show="0""#, &title("Hidden")),
        slide("", &shape("", None, &paragraphs(&["one"]))),
    ];
    let document = read(&slides);
    assert_eq!(
        texts(&document),
        ["Slide 1: one", "Last: three", "Last: Notes: Say hello.\nWave."]
    );
    assert_eq!(document.title.as_deref(), Some("Last"));
}

#[test]
fn shapes_are_read_from_top_to_bottom_the_title_first() {
    let furniture = shape(r#"<p:ph type="sldNum" idx="9"/>"#, Some(1), &paragraphs(&["7"]));
    let group = format!(
        r#"<p:grpSp><p:grpSpPr><a:xfrm><a:off x="0" y="4000000"/></a:xfrm></p:grpSpPr>{}{}</p:grpSp>"#,
        shape("", Some(99_000_000), &paragraphs(&["group 2"])),
        shape("", Some(98_000_000), &paragraphs(&["group 1"]))
    );
    let shapes = [
        shape(r#"<p:ph type="body" idx="2"/>"#, None, &paragraphs(&["by its layout at the end"])),
        shape("", Some(6_000_000), &paragraphs(&["below"])),
        group,
        furniture,
        shape("", Some(1_000_000), &paragraphs(&["above"])),
        title("Title"),
        r#"<p:pic><p:nvPicPr><p:cNvPr descr="The team on a boat"/></p:nvPicPr><p:spPr><a:xfrm><a:off x="0" y="5000000"/></a:xfrm></p:spPr></p:pic>"#.to_owned(),
    ];
    let document = read(&[slide("", &shapes.concat())]);
    assert_eq!(
        texts(&document)[..7],
        [
            "above",
            "group 1",
            "group 2",
            "The team on a boat",
            "below",
            "by its layout at the end",
            "Notes: Say hello.\nWave."
        ]
        .map(|text| format!("Title: {text}"))
    );
}

#[test]
fn bullets_and_numbers_are_list_items() {
    let item = |properties: &str, text: &str| format!("<a:p>{properties}<a:r><a:t>{text}</a:t></a:r><a:br/></a:p>");
    let body = [
        item("", "inherited"),
        item(
            r#"<a:pPr lvl="1"><a:buAutoNum type="arabicPeriod" startAt="3"/></a:pPr>"#,
            "three",
        ),
        item(
            r#"<a:pPr lvl="1"><a:buAutoNum type="arabicPeriod" startAt="3"/></a:pPr>"#,
            "four",
        ),
        item("<a:pPr><a:buNone/></a:pPr>", "plain"),
    ];
    let document = read(&[slide(
        "",
        &(title("T") + &shape(r#"<p:ph idx="1"/>"#, None, &body.concat())),
    )]);
    assert_eq!(
        texts(&document)[..4],
        ["T: - inherited", "T:   3. three", "T:   4. four", "T: plain"]
    );
}

#[test]
fn tables_are_read_with_merged_cells() {
    let cell = |attributes: &str, text: &str| {
        format!("<a:tc {attributes}><a:txBody>{}</a:txBody></a:tc>", paragraphs(&[text]))
    };
    let rows = [
        format!(
            "<a:tr>{}{}{}</a:tr>",
            cell("", "Plan"),
            cell(r#"gridSpan="2""#, "Price"),
            cell(r#"hMerge="1""#, "")
        ),
        format!(
            "<a:tr>{}{}{}</a:tr>",
            cell(r#"rowSpan="2""#, "Pro"),
            cell("", "1"),
            cell("", "2")
        ),
        format!(
            "<a:tr>{}{}{}</a:tr>",
            cell(r#"vMerge="1""#, ""),
            cell("", "3"),
            cell("", "4")
        ),
    ];
    let frame = format!(
        "<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>",
        rows.concat()
    );
    let document = read(&[slide("", &(title("T") + &frame))]);
    assert_eq!(texts(&document)[0], "T: Plan | Price | Price\nPro | 1 | 2\nPro | 3 | 4");
}

#[test]
fn mutations_are_read_or_refused() {
    let sample = slide(
        "",
        &(title("T") + &shape(r#"<p:ph idx="1"/>"#, Some(5), &paragraphs(&["a", "b"]))),
    );
    for mutated in mutations(&sample, 600) {
        let _ = parse(&presentation(&[mutated]));
    }
    for mutated in mutations(LAYOUT, 200) {
        let main = r#"<presentation><sldIdLst><sldId id="s"/><sldId id="s"/></sldIdLst></presentation>"#;
        let bytes = package(&[
            ("ppt/presentation.xml", main),
            (
                "ppt/_rels/presentation.xml.rels",
                &relationships(&[("s", "slide", "s.xml")]),
            ),
            ("ppt/s.xml", &sample),
            (
                "ppt/_rels/s.xml.rels",
                &relationships(&[("l", "slideLayout", "l.xml"), ("n", "notesSlide", "l.xml")]),
            ),
            ("ppt/l.xml", &mutated),
            ("ppt/_rels/l.xml.rels", &relationships(&[("m", "slideMaster", "l.xml")])),
        ]);
        let _ = parse(&bytes);
    }
}

#[test]
fn a_slide_listed_for_ever_is_read_once() {
    let one = slide("", &shape("", None, &paragraphs(&["word"])));
    let list: String = r#"<sldId id="s"/>"#.repeat(100_000);
    let bytes = package(&[
        (
            "ppt/presentation.xml",
            &format!("<presentation><sldIdLst>{list}</sldIdLst></presentation>"),
        ),
        (
            "ppt/_rels/presentation.xml.rels",
            &relationships(&[("s", "slide", "s.xml")]),
        ),
        ("ppt/s.xml", &one),
    ]);
    assert_eq!(texts(&parse(&bytes).unwrap()), ["Slide 1: word"]);
}

/// A shape with its left, top and width, or none, and a text.
fn placed(placeholder: &str, place: Option<(i64, i64, i64)>, texts: &[&str]) -> String {
    let transform = place.map(|(left, top, width)| {
        format!(r#"<a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="500000"/></a:xfrm>"#)
    });
    format!(
        "<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:spPr>{}</p:spPr><p:txBody>{}</p:txBody></p:sp>",
        transform.unwrap_or_default(),
        paragraphs(texts)
    )
}

fn shown(shapes: &[String]) -> Vec<String> {
    let document = read(&[slide("", &(title("T") + &shapes.concat()))]);
    let texts: Vec<String> = document.blocks.into_iter().map(|block| block.text).collect();
    texts.into_iter().filter(|text| !text.starts_with("Notes: ")).collect()
}

#[test]
fn points_stand_under_the_heading_of_their_column() {
    let comparison = |first: usize, placed_itself: bool| -> Vec<String> {
        let shapes = [
            (839_788, 1_681_163, vec!["Cloud"]),
            (839_788, 2_505_075, vec!["No servers", "Monthly fee"]),
            (6_172_200, 1_681_163, vec!["On-premise"]),
            (6_172_200, 2_505_075, vec!["Own servers", "One fee"]),
        ];
        let shape = |(index, (left, top, texts)): (usize, (i64, i64, Vec<&str>))| {
            let placeholder = format!(r#"<p:ph type="body" idx="{}"/>"#, first + index);
            placed(&placeholder, placed_itself.then_some((left, top, 5_157_787)), &texts)
        };
        shapes.into_iter().enumerate().map(shape).collect()
    };
    for shapes in [comparison(1, true), comparison(11, false)] {
        assert_eq!(
            shown(&shapes),
            [
                "Cloud",
                "- No servers",
                "- Monthly fee",
                "On-premise",
                "- Own servers",
                "- One fee"
            ]
        );
    }
    let cards = |width: i64| -> Vec<String> {
        let text = |row: i64, column: i64, text: &str| {
            placed(
                "",
                Some((400_000 + column * 4_000_000, 2_000_000 + row * 900_000, width)),
                &[text],
            )
        };
        let mut shapes = vec![placed(
            "",
            Some((400_000, 1_000_000, 11_000_000)),
            &["We offer three plans."],
        )];
        for (row, texts) in [["Free", "Pro", "Max"], ["no cost", "9 euro", "19 euro"]]
            .iter()
            .enumerate()
        {
            for (column, words) in texts.iter().enumerate() {
                shapes.push(text(row as i64, column as i64, words));
            }
        }
        shapes.push(placed("", Some((400_000, 5_000_000, 11_000_000)), &["Without tax."]));
        // A frame around it says nothing.
        shapes.push(placed("", Some((0, 900_000, 12_000_000)), &[]));
        shapes
    };
    assert_eq!(
        shown(&cards(3_500_000)),
        [
            "We offer three plans.",
            "Free",
            "no cost",
            "Pro",
            "9 euro",
            "Max",
            "19 euro",
            "Without tax."
        ]
    );
}

#[test]
fn labels_are_read_with_what_stands_beside_them() {
    let row = |row: i64, label: &str, text: &str| {
        let top = 1_000_000 + row * 900_000;
        placed("", Some((400_000, top, 900_000)), &[label]) + &placed("", Some((1_500_000, top, 9_000_000)), &[text])
    };
    assert_eq!(
        shown(&[row(0, "1", "Welcome"), row(1, "2", "Prices"), row(2, "3", "Questions")]),
        ["1", "Welcome", "2", "Prices", "3", "Questions"]
    );
    let beside = [
        placed("", Some((400_000, 1_000_000, 5_000_000)), &["One", "Two"]),
        placed("", Some((6_000_000, 900_000, 5_000_000)), &["Three"]),
        placed("", Some((6_000_000, 2_000_000, 5_000_000)), &["Four"]),
    ];
    assert_eq!(shown(&beside), ["One", "Two", "Three", "Four"]);
}

#[test]
fn hidden_groups_are_not_read() {
    let group = format!(
        r#"<p:grpSp><p:nvGrpSpPr><p:cNvPr id="4" hidden="1"/></p:nvGrpSpPr>{}</p:grpSp>"#,
        shape("", Some(5), &paragraphs(&["secret"]))
    );
    let shown = shape("", Some(6), &paragraphs(&["shown"]));
    let document = read(&[slide("", &(title("T") + &group + &shown))]);
    assert!(!texts(&document).concat().contains("secret"));
}

#[test]
fn letters_and_roman_numbers_are_written_as_the_slide_shows_them() {
    let item = |kind: &str| {
        format!(r#"<a:p><a:pPr><a:buAutoNum type="{kind}" startAt="4"/></a:pPr><a:r><a:t>x</a:t></a:r></a:p>"#)
    };
    for (kind, marker) in [
        ("alphaUcPeriod", "D. x"),
        ("alphaLcParenR", "d) x"),
        ("alphaLcParenBoth", "(d) x"),
        ("romanUcPeriod", "IV. x"),
        ("romanLcParenR", "iv) x"),
        ("arabicPeriod", "4. x"),
    ] {
        let document = read(&[slide("", &(title("T") + &shape("", None, &item(kind))))]);
        assert_eq!(texts(&document)[0], format!("T: {marker}"));
    }
}

#[test]
fn a_part_that_the_first_title_names_is_not_what_the_presentation_is_called() {
    let titled = |name: &str| read(&[slide("", &(title(name) + &shape("", None, &paragraphs(&["one"]))))]).title;
    assert_eq!(titled("Agenda"), None);
    assert_eq!(titled("Prices of 2026").as_deref(), Some("Prices of 2026"));
}
