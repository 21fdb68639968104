#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::time::{Duration, Instant};

use crate::{BlockKind, Format, ParseError, ParsedDocument, parse};

fn html(text: &str) -> ParsedDocument {
    parse(text.as_bytes(), Format::Html).unwrap()
}

fn texts(document: &ParsedDocument) -> Vec<&str> {
    document.blocks.iter().map(|block| block.text.as_str()).collect()
}

#[test]
fn a_line_that_ends_inside_a_japanese_word_goes_on_without_a_space() {
    let document = html(
        "<p>すぐに返金手\n      続きを<b>開 \n</b> <a href=https://a.example>\n始</a>\n      します\nnow\nand then</p>\
         <table><tr><td>返\n 金</td><td>1</td></tr></table>",
    );
    assert_eq!(
        texts(&document),
        [
            "すぐに返金手続きを開 始 (https://a.example) します now and then",
            "返金 | 1"
        ]
    );
}

#[test]
fn blocks_keep_their_kind_and_headings() {
    let document = html(
        "<html lang=en><head><title>Page | Site</title><meta property=og:title content='Page'>\
         <meta name=description content='About it'></head><body><h1>Page</h1><p>One<br>two\nthree</p>\
         <h2>List<a aria-hidden=true>#</a></h2><ol start=3><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ol>\
         <h2>Rest</h2><table><tr><th>k</th><th>v</th></tr><tr><td>1</td><td>x <b>y</b></td></tr></table>\
         <pre><code>fn a() {\n    b\n}</code></pre><blockquote><p>said</p></blockquote><p><img alt='a chart' src=x></p></body></html>",
    );
    assert_eq!(document.title.as_deref(), Some("Page"));
    assert_eq!(
        serde_json::Value::Object(document.metadata.clone()),
        serde_json::json!({"lang": "en", "description": "About it"})
    );
    let expected = [
        "One\ntwo three",
        "3. a",
        "  - b",
        "4. c",
        "  d",
        "k | v\n1 | x y",
        "```\nfn a() {\n    b\n}\n```",
        "said",
        "a chart",
    ];
    assert_eq!(texts(&document), expected);
    assert_eq!(document.blocks[1].headings, ["Page", "List"]);
    let kinds: Vec<_> = document.blocks[5..].iter().map(|block| block.kind).collect();
    assert_eq!(
        kinds,
        [
            BlockKind::Table,
            BlockKind::Code,
            BlockKind::Quote,
            BlockKind::Paragraph
        ]
    );
}

#[test]
fn the_article_is_found_among_navigation() {
    let paragraph = "<p>The article has a good amount of text, with commas, so that it scores well and is found for what it is.</p>";
    let links = "<li><a href=/x>Some other page</a></li>".repeat(20);
    let document = html(&format!(
        "<body><nav><ul>{links}</ul></nav><div class=sidebar><ul>{links}</ul></div><div id=content><h2>Part</h2>{}</div><footer>Imprint</footer></body>",
        paragraph.repeat(8)
    ));
    assert_eq!(document.blocks.len(), 8);
    assert!(document.blocks.iter().all(|block| block.headings == ["Part"]));
}

#[test]
fn sections_of_an_article_with_several_headings_of_the_first_level_stand_under_them() {
    // As Notion, Confluence and Google Docs export pages.
    let text = "<p>The article has a good amount of text, with commas, so that it scores well and is found for what it is.</p>";
    let chapter = |name: &str| {
        let levels: String = (2..=6)
            .map(|level| format!("<h{level}>{name} {level}</h{level}>{text}"))
            .collect();
        format!("<h1>{name}</h1>{text}{levels}")
    };
    let document = html(&format!(
        "<head><title>Guide</title></head><body><article><header><h1>Guide</h1></header><div>{}{}</div></article></body>",
        chapter("Windows"),
        chapter("Linux")
    ));
    let paths: Vec<String> = document.blocks.iter().map(|block| block.headings.join("/")).collect();
    let expected = |name: &str| {
        [
            name.to_owned(),
            format!("{name}/{name} 2"),
            format!("{name}/{name} 2/{name} 3"),
            format!("{name}/{name} 2/{name} 3/{name} 4"),
            format!("{name}/{name} 2/{name} 3/{name} 4/{name} 5"),
            // The two lowest levels of an article are one.
            format!("{name}/{name} 2/{name} 3/{name} 4/{name} 6"),
        ]
    };
    assert_eq!(paths, [expected("Windows"), expected("Linux")].concat());
}

#[test]
fn a_short_page_is_read_without_navigation_header_and_footer() {
    let document = html(
        "<body><header>Menu</header><nav>Home</nav><main><header><h1>Hello</h1></header><p>Short text.</p></main>\
         <script>x()</script><style>p{}</style><noscript>no</noscript><p hidden>a</p><p style='color:red; Display: None'>b</p>\
         <p style='display:none!important'>d</p><p style='visibility: hidden !IMPORTANT; color: red'>e</p><footer>c</footer></body>",
    );
    assert_eq!(texts(&document), ["Short text."]);
    assert_eq!(document.title.as_deref(), Some("Hello"));
}

#[test]
fn links_to_elsewhere_keep_where_they_lead() {
    let document = html(
        "<h2><a href='https://a.example/'>Refunds</a></h2><p>Request one with <a href='https://shop.example/refund'>this form </a>or <a href='mailto:us@shop.example'>write</a>. \
         <a href='#top'>Top</a> <a href='/next'>Next</a> <a href='https://shop.example'>shop.example</a> <a href='https://shop.example'><img src=x></a></p>\
         <a href='https://b.example'><div>A card</div></a><ul><li><a href='https://c.example'>An item</a></ul>",
    );
    assert_eq!(
        texts(&document),
        [
            "Request one with this form (https://shop.example/refund) or write (mailto:us@shop.example). Top Next shop.example",
            "A card",
            "- An item (https://c.example)"
        ]
    );
    assert_eq!(document.blocks[0].headings, ["Refunds"]);
}

#[test]
fn the_sign_by_which_a_heading_links_to_itself_is_none_of_it() {
    for heading in [
        "Install<a class=headerlink href='#install' title='Link to this heading'>\u{F0C1}</a>",
        "Install <a href='#install'>#</a>",
        "<a href='#install'>§</a> Install",
        "<a href='#install'>Install</a>",
        "Install<a href='/guide#install'>¶</a>",
    ] {
        let document = html(&format!("<main><h2>{heading}</h2><p>One.</p></main>"));
        assert_eq!(document.blocks[0].headings, ["Install"], "{heading}");
    }
}

#[test]
fn superscripts_do_not_grow_the_number_they_follow() {
    let document = html(
        "<p>Rate is 5<sup><a href='#fn1'>1</a></sup> percent of 10<sup>6</sup>, on the 1<sup>st</sup>, as told<a href='#n2'><sup>2</sup></a> \
         and cited<sup class=reference><a href='#cite-1'><span>[</span>1<span>]</span></a></sup>, in m<sup>2</sup>.</p>\
         <h2>Fees<sup><a href='#fn3'>3</a></sup></h2><table><tr><th>Unit<th>Size</tr><tr><td>a</td><td>10<sup>9</sup></td></tr></table>\
         <p><sup>1</sup> In <a href='https://a.example/'>10<sup>3</sup> words</a>, <a href='#x'>the 2<sup>nd</sup> part</a>.</p>",
    );
    assert_eq!(
        texts(&document),
        [
            "Rate is 5 percent of 10^6, on the 1st, as told and cited, in m^2.",
            "Unit | Size\na | 10^9",
            "1 In 10^3 words (https://a.example/), the 2nd part."
        ]
    );
    assert_eq!(document.blocks[1].headings, ["Fees"]);
}

#[test]
fn a_formula_is_read_once_as_its_author_wrote_it_or_on_a_line() {
    let signs = "<mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow>";
    let katex = format!(
        "<span class=katex><span class=katex-mathml><math><semantics>{signs}<annotation encoding='application/x-tex'>E = mc^2</annotation>\
         </semantics></math></span><span class=katex-html aria-hidden=true><span>E=mc2</span></span></span>"
    );
    let roots = "<math><mi>x</mi> <mo>=</mo> <mfrac><mrow><mo>-</mo><mi>b</mi><mo>±</mo><msqrt><msup><mi>b</mi><mn>2</mn></msup><mo>-</mo><mn>4</mn>\
                 <mo>\u{2062}</mo><mi>a</mi></msqrt></mrow><mn>2</mn></mfrac><mtext>if</mtext><msub><mi>a</mi><mn>0</mn></msub></math>";
    let document = html(&format!(
        "<main><p>As {katex} says.</p><p>Plain <math>{signs}</math>.</p><p>{roots}</p><table><tr><td>a</td><td>{katex}</td></tr></table></main>"
    ));
    assert_eq!(
        texts(&document),
        [
            "As E = mc^2 says.",
            "Plain E=mc^2.",
            "x=(-b±√(b^2-4a))/2 if a_0",
            "a | E = mc^2"
        ]
    );
    // Where an article is looked for.
    let text =
        "The article has a good amount of text, with commas, so that it scores well and is found for what it is. "
            .repeat(8);
    let document = html(&format!(
        "<body><article><p>{text}</p><p>As {katex} says.</p></article></body>"
    ));
    assert_eq!(texts(&document).last(), Some(&"As E = mc^2 says."));
}

#[test]
fn lines_of_a_listing_that_are_blocks_stay_lines_and_its_buttons_stay_out() {
    let line = |code: &str| {
        format!(
            "<div class=ec-line><div class=gutter aria-hidden=true>1</div><div class=code><span>{code}</span></div></div>"
        )
    };
    let document = html(&format!(
        "<main><pre data-language=js><code>{}{}</code></pre><pre><button>Copy</button><code>ls -l\n<br>cd</code><span hidden>no</span></pre></main>",
        line("const a = 1;"),
        line("  const b = 2;")
    ));
    assert_eq!(
        texts(&document),
        ["```\nconst a = 1;\n  const b = 2;\n```", "```\nls -l\n\ncd\n```"]
    );
}

#[test]
fn a_table_that_lays_out_the_page_is_read_through() {
    let document = html(
        "<table><tr><td><h2>Left</h2><p>one</p></td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>",
    );
    assert_eq!(texts(&document), ["one", "a | b"]);
}

#[test]
fn a_hundred_thousand_nested_elements_are_too_deep() {
    for tag in [
        "div",
        "b",
        "font",
        "table><tr><td",
        "span",
        "ul><li",
        "svg",
        "p><object",
    ] {
        let text = format!("<{tag}>").repeat(100_000) + "text";
        let start = Instant::now();
        let code = parse(text.as_bytes(), Format::Html).err().map(|error| error.code());
        assert!(matches!(code, Some("too_deep" | "too_complex")), "{tag} {code:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{tag} {:?}", start.elapsed());
        // Inline tags of Markdown make no tree; what matters is that it ends.
        drop(parse(text.as_bytes(), Format::Markdown));
    }
}

#[test]
fn formatting_that_error_recovery_multiplies_is_refused() {
    let fonts: String = (0..20_000).map(|i| format!("<p><font a={i}>x</p>")).collect();
    let hidden: String = (0..20_000)
        .map(|i| format!("<font a={i}><table><td></font></table>"))
        .collect();
    let closed: String = (0..20_000).map(|i| format!("<p><b a={i}></p>")).collect();
    for text in [fonts, hidden, closed] {
        let start = Instant::now();
        let error = parse(text.as_bytes(), Format::Html).unwrap_err();
        assert!(matches!(error.code(), "too_deep" | "too_complex"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn an_element_with_a_million_attributes_is_refused() {
    let attributes: String = (0..300_000).map(|i| format!(" a{i}")).collect();
    for text in [
        format!("<p{attributes}>x"),
        format!("<p>x</p{attributes}>"),
        format!("<table>{}<p{attributes}>", " ".repeat(5_000)),
    ] {
        let start = Instant::now();
        let error = parse(text.as_bytes(), Format::Html).unwrap_err();
        assert_eq!(
            error,
            ParseError::TooComplex {
                reason: "an element has too many attributes"
            }
        );
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

#[test]
fn long_comments_scripts_and_attribute_values_are_no_reason_to_refuse() {
    let words = "some words = 'x' / \"y\" ".repeat(20_000);
    let quoted = words.replace('\'', "");
    for text in [
        format!("<p>text</p><!-- {words} -->"),
        format!("<script>if (a<b) {{ {words} }}</script><p>text</p>"),
        format!("<p>text <img alt='{quoted}' src=x></p>"),
        format!("<title>{words}</title><p>text</p>"),
    ] {
        assert!(texts(&html(&text))[0].starts_with("text"));
    }
}

#[test]
fn hostile_html_is_read_in_linear_time() {
    for text in [
        "<p>a".repeat(100_000),
        "<a".repeat(200_000),
        "<!--".repeat(100_000),
        "<li>a".repeat(50_000),
        "<table><tr><td>".repeat(60) + &"<td>a".repeat(50_000),
        "</div>".repeat(100_000),
        "<div>".repeat(240) + &"a b ".repeat(200_000),
        ("<div>".repeat(240) + "text, " + &"</div>".repeat(240)).repeat(200),
        "&amp".repeat(100_000),
        "<a href=x>a</a>".repeat(30_000),
        "<br>".repeat(100_000) + "a",
    ] {
        let start = Instant::now();
        drop(parse(text.as_bytes(), Format::Html));
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{:?} {:?}",
            &text[..12],
            start.elapsed()
        );
    }
}

#[test]
fn a_page_is_called_what_its_head_says_and_else_by_its_heading() {
    let titled = |head: &str, body: &str| {
        html(&format!(
            "<html><head>{head}</head><body>{body}<p>Text.</p></body></html>"
        ))
        .title
    };
    let (heading, told) = (
        "<h2>Menu</h2><h1>Refunds</h1>",
        "<meta property=og:title content='We build the future'>",
    );
    let cases = [
        (format!("<title>Refunds - Acme</title>{told}"), "Refunds - Acme"),
        (
            "<title>Refunds - Acme</title><meta property=og:title content='refunds'>".to_owned(),
            "refunds",
        ),
        (told.to_owned(), "We build the future"),
        ("<title>Untitled Document</title>".to_owned(), "Refunds"),
        ("<title>Home</title>".to_owned(), "Refunds"),
    ];
    for (head, expected) in cases {
        assert_eq!(titled(&head, heading).as_deref(), Some(expected), "{head}");
    }
    assert_eq!(titled("<title>Home</title>", "<h2>Refunds</h2>"), None);
    let deep = format!("<p>{}</p><h1>Refunds</h1>", "Words that go on. ".repeat(60));
    assert_eq!(titled("", &deep).as_deref(), Some("Refunds"));
}
