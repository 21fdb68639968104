//! Questions that are buttons, and the answers they open.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::time::{Duration, Instant};

use crate::{Format, parse};

/// Each block after the headings it stands under.
fn read(text: &str, format: Format) -> Vec<String> {
    let document = parse(text.as_bytes(), format).unwrap();
    let blocks = document.blocks.into_iter();
    let line = |block: crate::Block| {
        block
            .headings
            .into_iter()
            .chain([block.text])
            .collect::<Vec<_>>()
            .join(" > ")
    };
    blocks.map(line).collect()
}

const ANSWER: &str =
    "You send it back within thirty days, in the box it came in, and we pay the postage, the customs and the fees.";

fn bootstrap(number: usize) -> String {
    format!(
        "<div class='accordion-item'><h2 class='accordion-header' id='heading{number}'>\
         <button class='accordion-button collapsed' type='button' data-bs-toggle='collapse' data-bs-target='#c{number}' \
         aria-expanded='false' aria-controls='c{number}'>What about case {number}?</button></h2>\
         <div id='c{number}' class='accordion-collapse collapse' aria-labelledby='heading{number}'>\
         <div class='accordion-body'><p>Case {number}. {ANSWER}</p></div></div></div>"
    )
}

/// As the ARIA Authoring Practices show it.
fn aria(number: usize) -> String {
    format!(
        "<h3><button type=button aria-expanded=false class=accordion-trigger aria-controls=sect{number} id=b{number}>\
         <span class=title>What about case {number}?<span class=icon aria-hidden=true>+</span></span></button></h3>\
         <div id=sect{number} role=region aria-labelledby=b{number} class=accordion-panel hidden>\
         <div><p>Case {number}. {ANSWER}</p></div></div>"
    )
}

#[test]
fn each_answer_stands_under_its_question_on_short_pages_and_where_an_article_is_looked_for() {
    for item in [bootstrap, aria] {
        for questions in [1, 3, 12] {
            let items: String = (1..=questions).map(item).collect();
            let page = format!(
                "<body><nav><ul>{}</ul></nav><main><h1>Help</h1><div class=accordion id=faq>{items}</div></main><footer>Imprint</footer></body>",
                "<li><a href=/x>Some other page</a></li>".repeat(20)
            );
            let found = read(&page, Format::Html);
            let answers = |text: &String| text.contains("Case ");
            let expected: Vec<String> = (1..=questions)
                .map(|number| format!("What about case {number}? > Case {number}. {ANSWER}"))
                .collect();
            let found: Vec<String> = found.into_iter().filter(answers).collect();
            let found: Vec<&str> = found.iter().map(|text| text.trim_start_matches("Help > ")).collect();
            assert_eq!(found, expected, "{page}");
        }
    }
}

#[test]
fn the_head_of_a_card_is_its_question_and_not_the_head_of_the_page() {
    // Bootstrap 4.
    let card = |number: usize| {
        format!(
            "<div class=card><div class=card-header id=heading{number}><h5 class=mb-0><button class='btn btn-link' data-toggle=collapse \
             aria-expanded=true aria-controls=c{number}>Question {number}?</button></h5></div>\
             <div id=c{number} class='collapse show'><div class=card-body>{ANSWER} {ANSWER}</div></div></div>"
        )
    };
    let cards: String = (0..6).map(card).collect();
    let found = read(&format!("<body><div id=accordion>{cards}</div></body>"), Format::Html);
    let expected: Vec<String> = (0..6)
        .map(|number| format!("Question {number}? > {ANSWER} {ANSWER}"))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_button_outside_a_heading_is_read_where_it_opens_a_part_of_the_page() {
    let found = read(
        "<button aria-expanded=false aria-controls='a b'>Where?</button><div id=a style='display:none'>Here.</div><div id=b aria-hidden=true>There.</div>\
         <div role=tablist><button role=tab aria-controls=t1>Linux</button><button role=tab aria-controls=t2>macOS</button></div>\
         <div id=t1 role=tabpanel>apt</div><div id=t2 role=tabpanel hidden>brew</div><p hidden=until-found>Found later.</p>\
         <dl><dt><button>When?</button></dt><dd>Now.</dd></dl><details><summary><button>Who?</button></summary>We.</details>",
        Format::Html,
    );
    let expected = [
        "Where?",
        "Here.",
        "There.",
        "Linux",
        "macOS",
        "apt",
        "brew",
        "Found later.",
        "When?",
        "Now.",
        "Who?",
        "We.",
    ];
    assert_eq!(found, expected);
}

#[test]
fn panels_are_read_whose_tabs_do_not_name_them() {
    // As Docusaurus writes them, and others that hide by style.
    let tabs =
        "<ul role=tablist><li role=tab aria-selected=true>macOS</li><li role=tab aria-selected=false>Windows</li></ul>";
    for hidden in ["hidden", "style='display: none'"] {
        let panels = format!(
            "<div><div role=tabpanel><p>Run brew. {ANSWER}</p></div><div role=tabpanel {hidden}><p>Run the installer. {ANSWER}</p></div></div>"
        );
        for before in ["", ANSWER] {
            let page =
                format!("<body><main><article><h2>Install</h2><p>{before}</p>{tabs}{panels}</article></main></body>");
            let found = read(&page, Format::Html);
            let run = |text: &String, what: &str| text.ends_with(&format!("{what} {ANSWER}"));
            assert!(
                matches!(found.as_slice(), [.., brew, installer] if run(brew, "Run brew.") && run(installer, "Run the installer.")),
                "{found:?}"
            );
        }
    }
}

#[test]
fn controls_and_what_else_is_hidden_stay_out() {
    let found = read(
        "<h2>Install<button>Copy link</button></h2><p>Text.</p><form><button type=submit>Send</button></form>\
         <button aria-haspopup=true aria-expanded=false aria-controls=m>Share</button><ul id=m hidden><li>By mail</li></ul>\
         <button aria-expanded=false aria-controls=n></button><nav id=n hidden><a href=/>Home</a></nav>\
         <div role=dialog id=d hidden>Cookies</div><button aria-controls=d></button><p hidden>No.</p><p id=c hidden>Neither.</p>",
        Format::Html,
    );
    assert_eq!(found, ["Install > Text."]);
}

#[test]
fn accordions_in_markdown_are_read_too() {
    let found = read(&format!("# Help\n\n{}\n", bootstrap(1)), Format::Markdown);
    assert_eq!(found, [format!("Help > What about case 1? > Case 1. {ANSWER}")]);
}

#[test]
fn a_hundred_thousand_buttons_are_read_in_linear_time() {
    for text in [
        "<h2><button aria-controls=a>x</button></h2>".repeat(100_000),
        "<button aria-expanded>".repeat(100_000),
        "<span></span>".repeat(100_000) + &"<button aria-expanded></button>".repeat(100_000),
        "<div>".repeat(200) + &"<i></i><button aria-expanded></button>".repeat(100_000),
        format!("<button aria-controls='{}'>x</button>", "a b c ".repeat(100_000))
            + &"<p id=a hidden>y</p>".repeat(50_000),
    ] {
        let start = Instant::now();
        drop(parse(text.as_bytes(), Format::Html));
        let start_of_text: String = text.chars().take(30).collect();
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{start_of_text} {:?}",
            start.elapsed()
        );
    }
}
