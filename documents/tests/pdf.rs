//! PDFs made for the purpose: what a page looks like, and what is read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod pdf_writer;

use std::time::{Duration, Instant};

use documents::{BlockKind, Format, ParsedDocument, parse};
use pdf_writer::{PdfWriter, assemble, lines, rule, text};

fn read(bytes: &[u8]) -> ParsedDocument {
    parse(bytes, Format::Pdf).unwrap()
}

fn code(bytes: &[u8]) -> &'static str {
    parse(bytes, Format::Pdf).unwrap_err().code()
}

fn blocks(document: &ParsedDocument) -> Vec<(String, BlockKind, &str)> {
    let blocks = document.blocks.iter();
    blocks
        .map(|block| (block.headings.join("/"), block.kind, block.text.as_str()))
        .collect()
}

const LEFT: [&str; 6] = [
    "The left column tells of how the refund is asked",
    "for, which is done in the settings of the account",
    "and takes a minute. Nobody has to write a letter or",
    "to call; the form asks for the number of the order",
    "and for the reason, and it is answered within a day.",
    "Money comes back the way it was paid in the first place.",
];
const RIGHT: [&str; 6] = [
    "The right column tells of what is not refunded,",
    "that is gift cards, and what was bought more than",
    "thirty days ago. There are exceptions where the law",
    "asks for them; they are listed at the end, country by",
    "country, with the number of days that are granted",
    "and the authority to which a complaint may be sent.",
];

#[test]
fn columns_are_read_one_after_the_other_under_the_heading_above_them() {
    let page =
        text("F2", 18.0, 60.0, 700.0, "Refund policy") + &lines(60.0, 660.0, &LEFT) + &lines(330.0, 660.0, &RIGHT);
    let document = read(&PdfWriter::default().page(page).finish());
    let (left, right) = (LEFT.join(" "), RIGHT.join(" "));
    assert_eq!(document.title.as_deref(), Some("Refund policy"));
    let expected = [left, right].map(|text| ("Refund policy".to_owned(), BlockKind::Paragraph, text));
    let found: Vec<_> = blocks(&document)
        .into_iter()
        .map(|(path, kind, text)| (path, kind, text.to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn text_set_narrower_or_wider_keeps_the_spaces_between_its_words() {
    let words = "[(Refund) -278 (policy) -278 (for) -278 (every) -278 (order)] TJ";
    for narrowed in [
        format!("BT /F1 10 Tf 80 Tz 60 700 Td {words} ET"),
        format!("BT /F1 10 Tf 140 Tz 60 700 Td {words} ET"),
        format!("BT /F1 1 Tf 8 0 0 10 60 700 Tm {words} ET"),
    ] {
        let document = read(&PdfWriter::default().page(narrowed.as_str()).finish());
        assert_eq!(document.blocks[0].text, "Refund policy for every order", "{narrowed}");
    }
}

#[test]
fn lowered_figures_are_of_their_word_and_raised_ones_stand_apart() {
    let script = |x: f32, y: f32, figure: &str| text("F1", 6.0, x, y, figure);
    // Widths of Helvetica: H .722, O .778, C .722, a figure .556.
    let page = text("F1", 10.0, 60.0, 700.0, "H")
        + &script(67.22, 697.5, "2")
        + &text("F1", 10.0, 70.56, 700.0, "O and CO")
        + &script(115.58, 697.5, "2")
        + &text("F1", 10.0, 121.7, 700.0, "in water")
        + &script(158.4, 704.0, "3");
    let document = read(&PdfWriter::default().page(page).finish());
    assert_eq!(document.blocks[0].text, "H2O and CO2 in water 3");
}

#[test]
fn a_hyphen_that_a_font_calls_soft_is_one_within_a_line() {
    let stream = |content: &str| format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    let names = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n\
                 1 beginbfrange <20> <7D> <0020> endbfrange 1 beginbfchar <7E> <00AD> endbfchar endcmap end";
    let page = lines(
        60.0,
        700.0,
        &[
            "In the years 2020~2021 we sold lamps, among them the soft~",
            "Ware that they need.",
        ],
    );
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 6 0 R /Resources << /Font << /F1 4 0 R >> >> >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 7 0 R >>".to_owned(),
        "<< >>".to_owned(),
        stream(&page),
        stream(names),
    ];
    let document = read(&assemble(&objects.map(String::into_bytes)));
    assert_eq!(
        document.blocks[0].text,
        "In the years 2020-2021 we sold lamps, among them the softWare that they need."
    );
}

#[test]
fn paragraphs_are_joined_hyphenation_is_undone_and_bold_lines_are_headings() {
    let page = text("F2", 10.0, 60.0, 724.0, "Shipping")
        + &lines(
            60.0,
            700.0,
            &[
                "We ship to every country of the Euro-",
                "pean Union within three days of the pay-",
                "ment.",
            ],
        )
        + &lines(60.0, 650.0, &["Islands take longer."])
        + &lines(60.0, 626.0, &["\u{95} By post", "\u{95} By courier, which"])
        + &lines(68.0, 602.0, &["costs more."]);
    let page: String = page
        .chars()
        .map(|c| {
            if c == '\u{95}' {
                "\\225".to_owned()
            } else {
                c.to_string()
            }
        })
        .collect();
    let document = read(&PdfWriter::default().page(page).finish());
    assert_eq!(
        blocks(&document),
        [
            (
                "Shipping".to_owned(),
                BlockKind::Paragraph,
                "We ship to every country of the European Union within three days of the payment."
            ),
            ("Shipping".to_owned(), BlockKind::Paragraph, "Islands take longer."),
            ("Shipping".to_owned(), BlockKind::ListItem, "- By post"),
            (
                "Shipping".to_owned(),
                BlockKind::ListItem,
                "- By courier, which costs more."
            )
        ]
    );
}

const CELLS: [[&str; 3]; 3] = [["Plan", "Seats", "Price"], ["Team", "5", "49"], ["Business", "", "199"]];

fn cells(x: f32, y: f32) -> String {
    let mut page = String::new();
    for (row, cells) in CELLS.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            page += &text("F1", 10.0, x + 100.0 * column as f32, y - 20.0 * row as f32, cell);
        }
    }
    page
}

#[test]
fn a_table_is_a_table_with_ruling_lines_and_without() {
    let mut ruled = cells(65.0, 600.0);
    for line in 0..4 {
        ruled += &rule((60.0, 614.0 - 20.0 * line as f32), (360.0, 614.0 - 20.0 * line as f32));
        ruled += &rule((60.0 + 100.0 * line as f32, 614.0), (60.0 + 100.0 * line as f32, 554.0));
    }
    for page in [ruled, cells(65.0, 600.0)] {
        let document = read(
            &PdfWriter::default()
                .page(lines(60.0, 700.0, &["Prices are in euro."]) + &page)
                .finish(),
        );
        assert_eq!(
            blocks(&document)[1..],
            [(
                String::new(),
                BlockKind::Table,
                "Plan | Seats | Price\nTeam | 5 | 49\nBusiness |  | 199"
            )]
        );
    }
}

#[test]
fn a_bar_in_a_cell_moves_no_value_into_the_next_column() {
    let mut page = String::new();
    for (row, cells) in [["Plan", "Min | Max", "Power"], ["Team", "5 | 9", "AC | DC"]]
        .iter()
        .enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            page += &text(
                "F1",
                10.0,
                65.0 + 100.0 * column as f32,
                600.0 - 20.0 * row as f32,
                cell,
            );
        }
    }
    for y in [614.0, 594.0, 574.0] {
        page += &rule((60.0, y), (360.0, y));
    }
    for x in [60.0, 160.0, 260.0, 360.0] {
        page += &rule((x, 614.0), (x, 574.0));
    }
    let document = read(&PdfWriter::default().page(page).finish());
    assert_eq!(
        blocks(&document),
        [(
            String::new(),
            BlockKind::Table,
            "Plan | Min, Max | Power\nTeam | 5, 9 | AC, DC"
        )]
    );
}

#[test]
fn rows_without_lines_between_them_are_rows_all_the_same() {
    let mut page = cells(65.0, 600.0);
    // A frame, a line under the header, and lines between the columns.
    for y in [614.0, 594.0, 554.0] {
        page += &rule((60.0, y), (360.0, y));
    }
    for line in 0..4 {
        page += &rule((60.0 + 100.0 * line as f32, 614.0), (60.0 + 100.0 * line as f32, 554.0));
    }
    let document = read(&PdfWriter::default().page(page).finish());
    let table = document
        .blocks
        .iter()
        .find(|block| block.kind == BlockKind::Table)
        .unwrap();
    assert_eq!(table.text, "Plan | Seats | Price\nTeam | 5 | 49\nBusiness |  | 199");
}

#[test]
fn a_table_that_is_open_at_its_sides_has_all_its_columns_and_what_stands_beside_it_is_not_lost() {
    let mut page = cells(65.0, 600.0);
    for line in 0..4 {
        page += &rule((60.0, 614.0 - 20.0 * line as f32), (360.0, 614.0 - 20.0 * line as f32));
    }
    // No line at the left and at the right; and a third inside of the last column.
    for x in [160.0, 260.0, 330.0] {
        page += &rule((x, 614.0), (x, 554.0));
    }
    page += &text("F1", 10.0, 40.0, 580.0, "2019");
    let document = read(&PdfWriter::default().page(page).finish());
    let all: Vec<&str> = document.blocks.iter().map(|block| block.text.as_str()).collect();
    let all = all.join("\n");
    assert!(all.contains("2019"), "{all}");
    let table = document
        .blocks
        .iter()
        .find(|block| block.kind == BlockKind::Table)
        .unwrap();
    assert!(table.text.contains("Team | 5 | 49"), "{}", table.text);
}

#[test]
fn what_ends_a_page_like_a_page_number_is_kept_where_it_ends_a_paragraph() {
    let paragraph = [
        "The contract was signed in the",
        "harbour by both of them in",
        "the spring of the year",
        "2024.",
    ];
    let foot = |last: &str| {
        let page: String = paragraph[..3]
            .iter()
            .chain([&last])
            .enumerate()
            .map(|(line, words)| text("F1", 10.0, 60.0, 100.0 - 12.0 * line as f32, words))
            .collect();
        lines(60.0, 700.0, &["A page."]) + &page
    };
    for last in ["2024.", "and civil"] {
        let document = read(&PdfWriter::default().page(foot(last)).finish());
        let all: String = document.blocks.iter().map(|block| block.text.as_str()).collect();
        assert!(all.ends_with(last), "{all}");
    }
    let numbered = foot("year.") + &text("F1", 8.0, 300.0, 30.0, "xiv");
    let document = read(&PdfWriter::default().page(numbered).finish());
    let all: String = document.blocks.iter().map(|block| block.text.as_str()).collect();
    assert!(all.ends_with("year."), "{all}");
}

#[test]
fn running_headers_and_page_numbers_are_dropped() {
    let mut writer = PdfWriter::default();
    for page in 1..=4 {
        writer = writer.page(
            text("F1", 8.0, 60.0, 760.0, &format!("ACME handbook, part {page}"))
                + &lines(
                    60.0,
                    650.0 - 20.0 * page as f32,
                    &[&format!("Page {page} says something of its own.")],
                )
                + &text("F1", 8.0, 300.0, 30.0, &format!("- {page} -")),
        );
    }
    let document = read(&writer.finish());
    let texts: Vec<_> = document.blocks.iter().map(|block| block.text.as_str()).collect();
    let expected: Vec<_> = (1..=4)
        .map(|page| format!("Page {page} says something of its own."))
        .collect();
    assert_eq!(texts, expected);
}

#[test]
fn what_the_file_says_of_itself_is_title_and_metadata() {
    let writer = PdfWriter::default()
        .info("/Title <FEFF004700720075006E0064> /Author (A. Writer) /CreationDate (D:20240229120000+01'00')")
        .page(lines(60.0, 700.0, &["Text."]));
    let document = read(&writer.finish());
    assert_eq!(document.title.as_deref(), Some("Grund"));
    assert_eq!(document.metadata["author"], "A. Writer");
    assert_eq!(document.metadata["created"], "2024-02-29T12:00:00+01:00");
    assert_eq!(document.metadata["pages"], 1);
    assert_eq!(document.metadata["language"], "en");
}

#[test]
fn pages_that_are_pictures_have_no_text_layer_and_are_named_where_others_have_one() {
    let picture = rule((60.0, 60.0), (500.0, 500.0));
    let writer = PdfWriter::default().page(picture.clone()).page(picture.clone());
    assert_eq!(code(&writer.finish()), "no_text_layer");
    let document = read(
        &PdfWriter::default()
            .page(picture)
            .page(lines(60.0, 700.0, &["Text."]))
            .finish(),
    );
    assert_eq!(document.metadata["pages_without_text"], serde_json::json!([1]));
    assert_eq!(code(&PdfWriter::default().page("").finish()), "no_text");
}

#[test]
fn a_user_password_is_encrypted_and_an_owner_password_is_not() {
    assert_eq!(code(include_bytes!("../testdata/user_password.pdf")), "encrypted");
    let document = read(include_bytes!("../testdata/owner_password.pdf"));
    assert_eq!(document.blocks[0].text, "Only the owner may print this.");
}

#[test]
fn a_file_without_its_cross_references_is_repaired_and_one_without_pages_is_damaged() {
    let whole = PdfWriter::default()
        .page(lines(60.0, 700.0, &["Still there."]))
        .finish();
    let cut = whole.len() - 200;
    assert_eq!(read(&whole[..cut]).blocks[0].text, "Still there.");
    for bytes in [&whole[..100], b"%PDF-1.7", b"", b"not a PDF at all"] {
        assert_eq!(code(bytes), "damaged");
    }
}

#[test]
fn a_flate_bomb_is_refused_before_it_is_unpacked() {
    use std::io::Write;
    let pack = |bytes: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    // 200 MB of spaces, packed once, and packed twice.
    let once = pack(&vec![b' '; 200 * 1024 * 1024]);
    let twice = pack(&once);
    for (filter, data) in [("/FlateDecode", once), ("[/FlateDecode /FlateDecode]", twice)] {
        let mut stream = format!("<< /Length {} /Filter {filter} >>\nstream\n", data.len()).into_bytes();
        stream.extend_from_slice(&data);
        stream.extend_from_slice(b"\nendstream");
        let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>";
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page,
        ];
        let mut objects: Vec<Vec<u8>> = objects.map(|object| object.as_bytes().to_vec()).into();
        objects.push(stream);
        assert_eq!(code(&assemble(&objects)), "too_large", "{filter}");
    }
}

#[test]
fn forms_that_draw_forms_without_end_are_stopped() {
    // Each of 12 forms draws the next ten times: 10^12 in all, the last of which draws a line.
    let mut objects: Vec<Vec<u8>> = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>".to_vec(),
        b"<< /Length 5 >>\nstream\n/X Do\nendstream".to_vec(),
    ];
    for form in 5..17 {
        let content = if form == 16 {
            "0 0 m 9 9 l S".to_owned()
        } else {
            "/X Do ".repeat(10)
        };
        objects.push(
            format!(
                "<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /XObject << /X {} 0 R >> >> /Length {} \
                 >>\nstream\n{content}\nendstream",
                form + 1,
                content.len()
            )
            .into_bytes(),
        );
    }
    let started = Instant::now();
    assert_eq!(code(&assemble(&objects)), "too_large");
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn no_changed_byte_makes_it_panic_or_hang() {
    let good = PdfWriter::default()
        .info("/Title (A title)")
        .page(text("F2", 18.0, 60.0, 700.0, "Policy") + &lines(60.0, 660.0, &LEFT) + &cells(65.0, 500.0))
        .page(lines(60.0, 660.0, &RIGHT))
        .finish();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let started = Instant::now();
    for round in 0..1_500 {
        let mut bytes = good.clone();
        for _ in 0..=round % 6 {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] ^= 1 << next(8),
                1 => bytes[at] = b"0123456789/<>[]() \n\xFF"[next(20)],
                2 => bytes.truncate(at.max(20)),
                _ => {
                    let end = (at + next(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
            if bytes.len() < 30 {
                break;
            }
        }
        let _ = parse(&bytes, Format::Pdf);
    }
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
}

#[test]
fn of_an_attached_pdf_it_is_said_how_many_pages_were_not_read() {
    let pdf = PdfWriter::default()
        .page(lines(60.0, 700.0, &["The contract begins here."]))
        .page(rule((60.0, 60.0), (500.0, 500.0)))
        .finish();
    let encoded: String = pdf.iter().map(|byte| format!("={byte:02X}")).collect();
    let mail = format!(
        "From: a@a.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee it.\r\n--x\r\nContent-Type: application/pdf; name=contract.pdf\r\n\
         Content-Disposition: attachment\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}\r\n--x--\r\n"
    );
    let document = documents::parse(mail.as_bytes(), Format::Email).unwrap();
    let texts: Vec<&str> = document.blocks.iter().map(|block| block.text.as_str()).collect();
    let item = texts.iter().find(|text| text.starts_with("- contract.pdf")).unwrap();
    assert!(item.ends_with(", 1 of its pages not read: no text"), "{item}");
    assert!(texts.contains(&"The contract begins here."), "{texts:?}");
}
