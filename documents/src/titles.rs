//! What a document is called: what says it, and what only looks so.

use crate::outline::title;
use crate::whitespace::one_line;

/// What opens a document has at most so many bytes of text above it: a letterhead, the authors, a date.
const MAX_BYTES_ABOVE: usize = 600;

/// The headings of the first level, and where the first of them stands.
#[derive(Debug, Default)]
pub(crate) struct TopHeadings {
    first: Option<String>,
    count: usize,
    /// Of text above the first.
    bytes_above: usize,
    /// The first heading of any level, where it opens the document.
    opens: Option<String>,
}

impl TopHeadings {
    /// The next heading; `bytes_above` are those of the text above it.
    pub(crate) fn add(&mut self, level: u8, heading: &str, bytes_above: usize) {
        if self.opens.is_none() && bytes_above <= MAX_BYTES_ABOVE {
            self.opens = Some(heading.to_owned());
        }
        if level != 1 {
            return;
        }
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(heading.to_owned());
            self.bytes_above = bytes_above;
        }
    }

    /// The title by headings that an author set as such, as in Markdown: one that opens the document, unless it is the first of several parts.
    pub(crate) fn declared(&self) -> Option<String> {
        let is_first_part = |heading: &&String| self.count > 1 && names_a_part(heading);
        self.opening()
            .filter(|heading| !is_first_part(heading))
            .and_then(|heading| title(heading))
    }

    /// As [`declared`](TopHeadings::declared), for a page, where the only heading of the first level may have anything above it.
    pub(crate) fn of_page(&self) -> Option<String> {
        match self.count {
            1 => self.first.as_deref().and_then(title),
            _ => self.declared(),
        }
    }

    /// The title by headings that were guessed from how they look, or that only divide the text: one that opens the document and names no part of it.
    pub(crate) fn guessed(&self) -> Option<String> {
        let names_no_part =
            |heading: &&String| !names_a_part(heading) && !is_numbered(heading) && !is_sentence(heading);
        self.opening().filter(names_no_part).and_then(|heading| title(heading))
    }

    fn opening(&self) -> Option<&String> {
        // What heads each page may be larger on a later one.
        let opens = self.bytes_above <= MAX_BYTES_ABOVE || self.first == self.opens;
        self.first.as_ref().filter(|_| opens)
    }
}

/// "3.1 Results", "A.2 Proof"; not "2024 in numbers".
fn is_numbered(heading: &str) -> bool {
    let first = heading.split(' ').next().unwrap_or_default().trim_end_matches('.');
    let (letter, number) = match first.split_once('.') {
        Some((letter, number)) if letter.len() == 1 && letter.bytes().all(|b| b.is_ascii_uppercase()) => (true, number),
        _ => (false, first),
    };
    let mut parts = number.split('.');
    let are_numbers = parts.all(|part| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit()));
    are_numbers && (letter || heading.contains(' '))
}

/// "Think bigger!" is no name, nor is "We move money."; "Annual Report of Acme Inc." is one.
fn is_sentence(heading: &str) -> bool {
    let is_ended = heading.ends_with('.') && !ends_in_abbreviation(heading) && !is_in_title_case(heading);
    heading.ends_with('!') || is_ended
}

/// "Acme Inc.", "Smith et al.", "Acme S.A.".
fn ends_in_abbreviation(heading: &str) -> bool {
    const SHORTENED: [&str; 20] = [
        "Inc", "Ltd", "Co", "Corp", "Bros", "Pty", "Jr", "Sr", "No", "Nr", "Vol", "Rev", "Ed", "Eds", "al", "etc",
        "vol", "rev", "ed", "eds",
    ];
    let word = heading.rsplit(' ').next().unwrap_or(heading).trim_end_matches('.');
    let is_letters = |part: &str| (1..=2).contains(&part.chars().count()) && part.chars().all(char::is_alphabetic);
    SHORTENED.contains(&word) || word.contains('.') && word.split('.').all(is_letters)
}

/// "On the Origin of Species.": a longer word in small letters makes a sentence of it, and capitals alone tell nothing.
fn is_in_title_case(heading: &str) -> bool {
    let is_long = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() >= 4;
    let is_capital = |word: &str| word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase);
    let mut long = heading.split(' ').filter(is_long).peekable();
    long.peek().is_some() && heading.split(' ').count() > 2 && long.all(is_capital)
}

/// The name of a part that many documents have: "Contents", "Step 1: Unpack".
pub(crate) fn names_a_part(heading: &str) -> bool {
    const PARTS: [&str; 34] = [
        "contents",
        "table of contents",
        "inhalt",
        "inhaltsverzeichnis",
        "sommaire",
        "table des matières",
        "contenido",
        "contenidos",
        "índice",
        "indice",
        "sumário",
        "inhoud",
        "目次",
        "目录",
        "目錄",
        "목차",
        "abstract",
        "summary",
        "executive summary",
        "zusammenfassung",
        "résumé",
        "resumen",
        "introduction",
        "einleitung",
        "einführung",
        "introducción",
        "introduzione",
        "preface",
        "foreword",
        "vorwort",
        "acknowledgements",
        "acknowledgments",
        "agenda",
        "references",
    ];
    const NUMBERED: [&str; 20] = [
        "step",
        "chapter",
        "part",
        "section",
        "lesson",
        "unit",
        "module",
        "appendix",
        "figure",
        "table",
        "page",
        "slide",
        "schritt",
        "kapitel",
        "teil",
        "abschnitt",
        "chapitre",
        "étape",
        "paso",
        "capítulo",
    ];
    let lower = one_line(heading).to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let mut words = bare
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_roman = !second.is_empty() && second.chars().all(|c| matches!(c, 'i' | 'v' | 'x'));
    let is_number =
        second.bytes().all(|byte| byte.is_ascii_digit()) && !second.is_empty() || is_roman || second == "one";
    PARTS.contains(&bare) || NUMBERED.contains(&first) && is_number
}

/// What programs and people write where nothing was said: "Untitled", "Untitled-2", "null".
pub(crate) fn is_nobodys(text: &str) -> bool {
    const NOTHING: [&str; 22] = [
        "",
        "untitled",
        "untitled document",
        "untitled page",
        "unbenannt",
        "ohne titel",
        "sans titre",
        "sin título",
        "senza titolo",
        "sem título",
        "無題",
        "无标题",
        "no title",
        "title",
        "titel",
        "unknown",
        "anonymous",
        "unspecified",
        "none",
        "null",
        "undefined",
        "blank",
    ];
    NOTHING.contains(&stem(text).as_str())
}

/// A title of a file that a program filled in: the name of the file, or what it calls all of them.
pub(crate) fn is_of_a_program(text: &str) -> bool {
    const NAMES: [&str; 22] = [
        "document",
        "dokument",
        "documento",
        "word document",
        "microsoft word document",
        "new document",
        "pdf document",
        "presentation",
        "präsentation",
        "présentation",
        "presentación",
        "workbook",
        "spreadsheet",
        "book",
        "mappe",
        "sheet",
        "slide",
        "scan",
        "scanned document",
        "scanned image",
        "doc",
        "file",
    ];
    let line = one_line(text);
    let lower = line.to_lowercase();
    let names_program = ["microsoft word -", "microsoft powerpoint -", "microsoft excel -"]
        .iter()
        .any(|program| lower.starts_with(program));
    let names_powerpoint = lower.contains("powerpoint") && lower.split(' ').count() <= MAX_POWERPOINT_WORDS;
    is_nobodys(text)
        || NAMES.contains(&stem(text).as_str())
        || names_program
        || names_powerpoint
        || is_file_name(&line)
        || lower.chars().filter(|c| c.is_alphabetic()).count() < 2
}

/// A title of a web page that its template left there.
pub(crate) fn is_of_a_template(text: &str) -> bool {
    const NAMES: [&str; 9] = [
        "document",
        "home",
        "homepage",
        "home page",
        "index",
        "react app",
        "vite app",
        "loading",
        "new page",
    ];
    is_nobodys(text) || NAMES.contains(&stem(text).as_str())
}

/// "PowerPoint presentation" in any language has no more words.
const MAX_POWERPOINT_WORDS: usize = 4;

/// Without what counts copies of it: `untitled` of "Untitled (2)".
fn stem(text: &str) -> String {
    let lower = one_line(text).to_lowercase();
    let is_letter = |c: char| c.is_alphabetic();
    lower.trim_matches(|c: char| !is_letter(c)).to_owned()
}

/// `report.pdf`, `report.docx (1)`, `C:\report`, `annual_report_final`, `annual-report-2024-v3`.
fn is_file_name(line: &str) -> bool {
    const ENDINGS: [&str; 50] = [
        "pdf", "doc", "docx", "docm", "dot", "dotx", "dvi", "tex", "indd", "ppt", "pptx", "pptm", "pps", "ppsx", "xls",
        "xlsx", "xlsm", "xlsb", "rtf", "txt", "odt", "odp", "ods", "odg", "qxd", "pages", "wpd", "wps", "pub", "html",
        "htm", "csv", "jpg", "jpeg", "png", "tif", "tiff", "gif", "bmp", "eps", "cdr", "pmd", "p65", "sxw", "vsd",
        "vsdx", "xps", "dwg", "dxf", "tmp",
    ];
    // What several words end in may be a name: "Report of C3.ai".
    const ENDINGS_OF_A_WORD: [&str; 6] = ["ai", "ps", "md", "fm", "key", "numbers"];
    let copy = line.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    let written = copy
        .filter(|(_, number)| is_number(number))
        .map_or(line, |(written, _)| written);
    let bare = written.to_lowercase();
    let ending = bare.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_path = bare.contains(":\\") || bare.starts_with("file:") || bare.starts_with('/');
    let is_word = !bare.contains(' ');
    let is_name = ENDINGS_OF_A_WORD.contains(&ending) || is_joined(written);
    ENDINGS.contains(&ending) || is_path || is_word && is_name
}

/// One word of many parts. In capitals alone it is an abbreviation or a standard, "U.S.S.R", "GB-T-19001-2016"; and German joins whole titles with capitals, "E-Mail-Marketing-Leitfaden": of those a part has to
/// tell what only names of files do, as in `Annual-Report-2024-v3`.
fn is_joined(word: &str) -> bool {
    const VERSIONS: [&str; 5] = ["final", "draft", "copy", "entwurf", "kopie"];
    let joints = word.chars().filter(|c| matches!(c, '-' | '_' | '.')).count();
    // "F.A.Q." ends in a point.
    let has_many = joints > 2 && !word.ends_with('.');
    let is_year = |part: &str| part.len() >= 4 && is_number(part);
    let is_version = |part: &str| part.strip_prefix(['v', 'V']).is_some_and(is_number);
    let last = word.rsplit(['-', '.']).next().unwrap_or_default();
    let is_told = is_number(last)
        || VERSIONS.contains(&last.to_lowercase().as_str())
        || word.split(['-', '.']).any(|part| is_year(part) || is_version(part));
    let (has_small, has_capital) = (word.contains(char::is_lowercase), word.contains(char::is_uppercase));
    word.contains('_') || has_many && has_small && (!has_capital || is_told)
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{TopHeadings, is_nobodys, is_of_a_program, is_of_a_template, names_a_part};

    #[test]
    fn names_of_files_and_of_nothing_are_not_titles() {
        for title in [
            "Microsoft Word - a.doc",
            "report.indd",
            "untitled",
            "Untitled-2",
            "Document1",
            "Book 1",
            "C:\\papers\\last",
            "annual_report_final",
            "annual-report-2024-v3",
            "annual-report-of-acme",
            "Annual-Report-Of-Acme-v3",
            "Annual-Report-2024-Acme",
            "Acme-Annual-Report-7",
            "Acme-Annual-Report-Final",
            "Report.docx (1)",
            "my logo.eps",
            "logo.ai",
            "notes.md",
            "42",
            "",
            "Presentación de PowerPoint",
            "Apresentação do PowerPoint",
            "Prezentacja programu PowerPoint",
            "PowerPoint-presentatie",
        ] {
            assert!(is_of_a_program(title), "{title}");
        }
        for title in [
            "Annual report 2024",
            "How we use PowerPoint at work",
            "Presentation skills",
            "ISO 9001",
            "COVID-19",
            "Node.js",
            "F.A.Q.",
            "e-mail marketing",
            "Report (2)",
            "Report of C3.ai",
            "State-of-the-art lamps, 2024-25",
            "E-Mail-Marketing-Leitfaden",
            "Make-or-buy-Entscheidung",
            "Covid-19-Schutz-Verordnung",
            "U.S.S.R",
            "GB-T-19001-2016",
            "返金",
        ] {
            assert!(!is_of_a_program(title), "{title}");
        }
        assert!(is_of_a_template("Home") && is_of_a_template("Untitled Document") && !is_of_a_template("read_csv"));
        assert!(is_nobodys("Untitled (2)") && !is_nobodys("Home"));
    }

    #[test]
    fn parts_that_many_documents_have_are_known() {
        for part in [
            "Contents",
            "ABSTRACT",
            "Step 1: Unpack",
            "PART II - OBLIGATIONS",
            "CHAPTER 1 – INTRODUCTION",
            "Agenda:",
        ] {
            assert!(names_a_part(part), "{part}");
        }
        for name in [
            "Introduction to chemistry",
            "Part numbers",
            "Step by step",
            "Tableware 2",
            "Refunds",
        ] {
            assert!(!names_a_part(name), "{name}");
        }
    }

    #[test]
    fn a_heading_deep_in_the_text_names_no_document_but_for_the_only_one_of_a_page() {
        let mut deep = TopHeadings::default();
        deep.add(1, "Refunds", 5_000);
        assert_eq!((deep.declared(), deep.guessed()), (None, None));
        assert_eq!(deep.of_page().as_deref(), Some("Refunds"));
        deep.add(1, "Returns", 6_000);
        assert_eq!(deep.of_page(), None);
        let mut repeated = TopHeadings::default();
        repeated.add(2, "Refunds", 0);
        repeated.add(1, "Refunds", 5_000);
        assert_eq!(repeated.guessed().as_deref(), Some("Refunds"));
    }

    #[test]
    fn the_first_of_several_parts_and_a_slogan_name_no_document() {
        let mut parts = TopHeadings::default();
        parts.add(1, "Introduction", 0);
        assert_eq!(
            (parts.declared().as_deref(), parts.guessed()),
            (Some("Introduction"), None)
        );
        parts.add(1, "Refunds", 100);
        assert_eq!((parts.declared(), parts.of_page()), (None, None));
        for numbered in ["1 Introduction", "3.1 Results", "A.2 Proof"] {
            let mut headings = TopHeadings::default();
            headings.add(1, numbered, 0);
            assert_eq!(headings.guessed(), None, "{numbered}");
        }
        for (heading, is_name) in [
            ("Annual Report of Acme Inc.", true),
            ("Notes on Smith et al.", true),
            ("Report of Acme S.A.", true),
            ("On the Origin of Species.", true),
            ("Read this, etc. and so on.", false),
            ("Think different.", false),
            ("We move money.", false),
            ("WE MOVE MONEY FOR YOU.", false),
            ("We do it.", false),
            ("Release 1.2.", false),
        ] {
            let mut headings = TopHeadings::default();
            headings.add(1, heading, 0);
            assert_eq!(headings.guessed().is_some(), is_name, "{heading}");
        }
        let mut slogan = TopHeadings::default();
        slogan.add(1, "Think bigger!", 0);
        assert_eq!(
            (slogan.declared().as_deref(), slogan.guessed()),
            (Some("Think bigger!"), None)
        );
    }
}
