#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use crate::{Block, BlockKind, ParseError, ParsedDocument};

fn parse(body: &str) -> ParsedDocument {
    super::parse(format!(r"{{\rtf1\ansi\ansicpg1252\deff0 {body}}}").as_bytes()).unwrap()
}

/// The text under its headings: `A/B|text`.
fn found(document: &ParsedDocument) -> Vec<String> {
    let told = |block: &Block| format!("{}|{}", block.headings.join("/"), block.text);
    document.blocks.iter().map(told).collect()
}

fn texts(body: &str) -> Vec<String> {
    parse(body).blocks.into_iter().map(|block| block.text).collect()
}

fn text(body: &str) -> String {
    texts(body).join("\n")
}

#[test]
fn paragraphs_and_headings_are_read_by_their_level_or_the_name_of_their_style() {
    let document = parse(
        r"{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\stylesheet{Normal;}{\s1{\*\keycode x} heading 1;}{\s2\sbasedon1 Ours;}
{\s3\outlinelevel1 Level;}{\s4 Title;}{\*\cs10 Letters;}{\s5\sbasedon6 Circle;}{\s6\sbasedon5 Of;}{\s7 toc 1;}{\s8 HTML Preformatted;}{\s9 Quote;}}
\pard\s4 Manual\par\pard\s1 One\par\pard first\line line\par\pard\s3 Two\par\pard\s5 second\par
\pard\s2\outlinelevel9 Three\par\pard\s7 Contents 1\par\pard\s8 a\par    b\par\pard\s9 said\par\pard\outlinelevel2 Four\par last",
    );
    assert_eq!(
        found(&document),
        [
            "Manual/One|first\nline",
            "Manual/One/Two|second",
            "Manual/Three|```\na\n   b\n```",
            "Manual/Three|said",
            "Manual/Three/Four|last",
        ]
    );
    assert_eq!(document.title.as_deref(), Some("Manual"));
    assert_eq!(document.blocks[3].kind, BlockKind::Quote);
}

#[test]
fn bytes_are_read_by_the_code_page_of_their_font_or_of_the_document() {
    for (body, expected) in [
        (r"\'80\'e4", "€ä"),
        (r"\ansicpg1251 \'cf\'f0", "Пр"),
        (r"\ansicpg65001 \'c3\'a4", "ä"),
        (r"\pc \'84", "ä"),
        (r"\mac \'8a", "ä"),
        (
            r"{\fonttbl{\f0\fcharset204 Arial CYR;}{\f1\fcharset128 MS Mincho;}{\f2\fcharset2 Symbol;}}\'cf \f1 \'83e\'83\'58\'83\'67 \f2 m\'b3",
            "П テスト μ≥",
        ),
        // The second byte may be a sign of RTF itself.
        (r"{\fonttbl\f0\fnil\fcharset128 Osaka;}\f0 \'83\\x", "ソx"),
        // What was written by programs that do not know better.
        ("ä é", "ä é"),
        (
            r"{\fonttbl{\f0 Arial;}{\f1\fcharset2 Wingdings;}}\f1 \'fc\plain  done",
            "✓ done",
        ),
    ] {
        assert_eq!(text(body), expected, "{body}");
    }
}

#[test]
fn a_character_in_unicode_replaces_what_stands_for_it() {
    for (body, expected) in [
        (r"\u228?x", "äx"),
        (r"\u228\'e4x", "äx"),
        (r"\uc2\u12486\'83\'65x", "テx"),
        (r"\uc0\u228 x{\uc1\u228 ?}\u228 x", "äxääx"),
        (r"\u8212\emdash x", "—x"),
        (r"\u228{}x\u228\b x", "äxäx"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"\u128512?", "😀"),
        (r"\u-10187?x", "x"),
        (r"\u-3913?x", "x"),
        (r"\u228\~x", "äx"),
        (r"a\~b\_c\-d\|e", "a b-cde"),
        (r"\lquote\rquote\ldblquote\rdblquote\bullet\endash\emdash x", "‘’“”•–—x"),
    ] {
        assert_eq!(text(body), expected, "{body}");
    }
    let damaged = parse(r"\ansicpg65001 a\'ff b");
    assert_eq!(
        (damaged.metadata["characters_replaced"].clone(), found(&damaged)),
        (1.into(), vec!["|a\u{fffd} b".to_owned()])
    );
}

#[test]
fn items_keep_the_numbers_that_are_shown() {
    let body = r"{\fonttbl{\f3\fcharset2 Symbol;}{\f4\fcharset2 Webdings;}}{\*\listtable{\list{\listname x;}}}
{\listtext\pard\plain\f3 \'b7\tab}\pard\ls1 one\par{\listtext\pard\plain o\tab}\pard\ilvl1\ls1 two\par
{\listtext\f4 \'61\tab}\pard three\par{\pntext\f0 2.\tab}{\*\pn\pnlvlbody{\pntxta .}}four\par
\pard\fi-360\li720 \bullet\tab five\par\pard\fi-360\li360 b)\tab six\par\pard\fi-360\li360 Not one\tab seven\par
{\listtext 1.1\tab}\pard\outlinelevel0 Head\par\pard end";
    assert_eq!(
        found(&parse(body)),
        [
            "|- one",
            "|  - two",
            "|- three",
            "|2. four",
            "|  - five",
            "|b) six",
            "|Not one seven",
            "1.1 Head|end",
        ]
    );
    assert_eq!(parse(body).blocks[1].kind, BlockKind::ListItem);
}

#[test]
fn what_is_no_text_of_the_document_is_left_out() {
    let body = r"{\info{\title T}}{\*\generator Word;}{\header head}{\footerf foot}{\*\unknown {deep} x}a{\v hidden}b{\deleted gone}c{\*\bkmkstart x}
{\pict\pngblip 89504e47}{\*\shppict{\pict\bin5 }}}}}}}{\nonshppict{\pict 00}}{\object{\*\objdata 00}{\result shown}}{\xe entry}{\*\annotation note}{\upr{no}{\*\ud{yes}}}
{\field{\*\fldinst PAGE}{\fldrslt 3}}{\v0 d}\v hidden\v0 e\deleted x\deleted0 f{\b\v g\plain h}";
    assert_eq!(text(body), "abcshownyes3defh");
}

#[test]
fn links_have_their_address_behind_their_words_but_for_headings() {
    let link = r#"{\field{\*\fldinst{HYPERLINK "https://a.example/x"}}{\fldrslt{\ul words}}}"#;
    assert_eq!(text(&format!("see {link}.")), "see words (https://a.example/x).");
    assert_eq!(
        found(&parse(&format!(r"\outlinelevel0 See {link}\par\pard end"))),
        ["See words|end"]
    );
    assert_eq!(
        text(r#"{\field{\*\fldinst HYPERLINK \\l "here"}{\fldrslt words}}"#),
        "words"
    );
    assert_eq!(
        text(r#"{\field{\*\fldinst HYPERLINK "https://a.example"}{\fldrslt one\par two}} x"#),
        "one\ntwo (https://a.example) x"
    );
}

#[test]
fn notes_and_text_boxes_stand_behind_what_they_are_anchored_in() {
    let note = r"{\super\chftn{\*\footnote\pard\plain\s1{\super\chftn} first\par second}}";
    let shape = r"{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard\outlinelevel0 Box\par\pard inside\par}}{\shprslt{\*\do{\dptxbxtext again}}}}";
    assert_eq!(
        texts(&format!(r"before{note} after\par next")),
        ["before after", "first\nsecond", "next"]
    );
    assert_eq!(
        found(&parse(&format!(r"before{shape} after\par next"))),
        ["|before after", "Box|inside", "|next"]
    );
    let table = format!(r"\trowd\cellx1000\cellx2000\intbl a{note}\cell b\cell\row\pard end");
    assert_eq!(texts(&table), ["a | b", "first\nsecond", "end"]);
    assert_eq!(text(r"10{\super 6}, 1{\super st}"), "10^6, 1st");
}

#[test]
fn the_document_says_what_it_is_called_and_by_whom() {
    let document = parse(
        r"{\info{\title \'dcber {\b uns}}{\author A. B.}{\keywords x}{\doccomm about\'0a it}{\operator no}{\creatim\yr2024\mo3\dy5\hr10\min30}{\revtim\yr2024\mo99}
{\upr{\subject ?}{\*\ud{\subject \u1063?}}}}words",
    );
    assert_eq!(document.title.as_deref(), Some("Über uns"));
    let expected = serde_json::json!({"author": "A. B.", "keywords": "x", "description": "about it", "created": "2024-03-05T10:30:00", "subject": "Ч"});
    assert_eq!(serde_json::Value::Object(document.metadata.clone()), expected);
    assert_eq!(found(&document), ["|words"]);
    let named = parse(r"{\info{\title Microsoft Word - Document1}}\outlinelevel0 Lamps\par\pard words");
    assert_eq!(named.title.as_deref(), Some("Lamps"));
}

#[test]
fn mail_that_was_made_of_html_is_read_as_text() {
    let body = r"\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Hello \htmlrtf{\b\htmlrtf0 you{\*\htmltag84 </b>}\htmlrtf }\htmlrtf0
{\*\htmltag72 </p>}\htmlrtf \par}\htmlrtf0{\*\mhtmltag64 <a>}bye";
    assert_eq!(texts(body), ["Hello you", "bye"]);
}

#[test]
fn a_document_that_is_cut_off_is_read_as_far_as_it_goes() {
    let whole = r"{\rtf1\ansi{\fonttbl{\f0\fcharset0 A;}}{\info{\title T}}\pard a{\footnote n {\b b}}\par{\field{\*\fldinst HYPERLINK x}{\fldrslt y}}\trowd\cellx10\intbl c\cell d\'e4\u228?\cell\row{\shptxt z\par}\bin3 abc}";
    for end in 0..=whole.len() {
        let _ = super::parse(whole.get(..end).unwrap().as_bytes()).unwrap();
        for other in [b'{', b'}', b'\\', 0xff, b'9'] {
            let mut changed = whole.as_bytes().to_vec();
            if let Some(byte) = changed.get_mut(end) {
                *byte = other;
            }
            let _ = super::parse(&changed).unwrap();
        }
    }
    let cut = super::parse(br"{\rtf1 whole\par{\b cut o").unwrap();
    assert_eq!(found(&cut), ["|whole", "|cut o"]);
    // What follows the document is none of it.
    let more = super::parse(b"{\\rtf1 all}\0\0 more {\\b x}").unwrap();
    assert_eq!(found(&more), ["|all"]);
}

#[test]
fn what_nests_too_deep_is_refused_and_no_count_runs_away() {
    let deep = |depth: usize| super::parse(format!(r"{{\rtf1 {}x", "{".repeat(depth)).as_bytes());
    assert_eq!(found(&deep(900).unwrap()), ["|x"]);
    assert_eq!(deep(1_001).unwrap_err().code(), "too_complex");
    let notes = format!(r"a{}b", r"{\footnote n".repeat(50));
    assert!(text(&notes).contains('b'));
    let fields = format!(r"{}words", r"{\field{\*\fldinst x}{\fldrslt ".repeat(300));
    assert_eq!(text(&fields), "words");
    for body in [
        r"\uc2147483647\u228 x\par y",
        r"\ilvl2147483647{\listtext 1.}x y",
        r"\itap2147483647 x y\nestcell\nestrow\row",
        r"\fi-2147483647\li-2147483647 1.\tab x y",
        r"\u-2147483647 ?x y",
        r"\trowd\trleft-2147483647\cellx2147483647\cellx-2147483647 x\cell y\cell\row",
        r"{\info{\creatim\yr2147483647\mo2147483647}}x y",
        r"\s-5\f-1\outlinelevel2147483647 x y",
        r"\cell\row\nestrow\nestcell\row x y",
    ] {
        assert!(text(body).contains('y'), "{body}");
    }
    let empty = |body: &str| crate::parse(format!(r"{{\rtf1{body}}}").as_bytes(), crate::Format::Rtf).unwrap_err();
    assert_eq!(empty(r"\par{\pict 00}"), ParseError::NoText);
}
