/// Where the text of a group goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// To the text that is read.
    Body,
    /// Nowhere.
    Nowhere,
    Fonts,
    Styles,
    /// To what the document says of itself, under this name; empty between its entries.
    About(&'static str),
    /// To what a field does.
    Instruction,
    /// To what stands before an item of a list.
    Marker,
}

/// What a group is for, by the control word that opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    To(Place),
    /// A note, which is read behind what refers to it.
    Note,
    /// A text box, whose text is read behind the paragraph that it is anchored in.
    TextBox,
    Field,
    FieldResult,
    /// Nothing, but for what is inside it as an alternative.
    Alternatives,
    Alternative,
    /// The properties of a row of a table within a cell.
    NestedRow,
    /// A date of the document, from the numbers in it.
    Date(&'static str),
}

/// What a control word opens a group for; `None` of words that open none. What is not known and marked as a destination that may be left out is left out.
pub(super) fn destination(word: &str) -> Option<Destination> {
    Some(match word {
        "fonttbl" => Destination::To(Place::Fonts),
        "stylesheet" => Destination::To(Place::Styles),
        "info" => Destination::To(Place::About("")),
        "fldinst" => Destination::To(Place::Instruction),
        "listtext" | "pntext" => Destination::To(Place::Marker),
        "shpinst" | "do" => Destination::To(Place::Body),
        "footnote" => Destination::Note,
        "shptxt" | "dptxbxtext" => Destination::TextBox,
        "field" => Destination::Field,
        "fldrslt" => Destination::FieldResult,
        "upr" | "object" => Destination::Alternatives,
        "ud" | "result" => Destination::Alternative,
        "nesttableprops" => Destination::NestedRow,
        // Other texts of the document, and what stands on each page.
        "header" | "headerl" | "headerr" | "headerf" | "footer" | "footerl" | "footerr" | "footerf" | "ftnsep"
        | "ftnsepc" | "ftncn" | "aftnsep" | "aftnsepc" | "aftncn" | "annotation" | "atnid" | "atnauthor" | "atntime"
        | "atnref" | "xe" | "tc" | "tcn" | "bkmkstart" | "bkmkend"
        // Pictures, and what is shown instead of what is read.
        | "pict" | "nonshppict" | "shprslt" | "sp" | "nonesttables" | "mmath" | "mmathPict" | "objclass" | "objname"
        | "objdata"
        // Tables of what the text refers to.
        | "colortbl" | "filetbl" | "listtable" | "listoverridetable" | "revtbl" | "rsidtbl" | "generator" | "themedata"
        | "colorschememapping" | "latentstyles" | "datastore" | "xmlnstbl" | "falt" | "panose" | "fontemb"
        | "keycode" => Destination::To(Place::Nowhere),
        _ => return None,
    })
}

/// The same within what the document says of itself.
pub(super) fn about(word: &str) -> Option<Destination> {
    Some(match word {
        "title" => Destination::To(Place::About("title")),
        "author" => Destination::To(Place::About("creator")),
        "subject" => Destination::To(Place::About("subject")),
        "keywords" => Destination::To(Place::About("keywords")),
        "doccomm" => Destination::To(Place::About("description")),
        "creatim" => Destination::Date("created"),
        "revtim" => Destination::Date("modified"),
        "upr" => Destination::Alternatives,
        "ud" => Destination::Alternative,
        _ => return None,
    })
}

/// A control word that stands for a character.
pub(super) fn character(word: &str) -> Option<&'static str> {
    Some(match word {
        "tab" => "\t",
        "line" | "page" | "column" | "softline" | "softpage" | "lbr" => "\n",
        "lquote" => "‘",
        "rquote" => "’",
        "ldblquote" => "“",
        "rdblquote" => "”",
        "bullet" => "•",
        "endash" => "–",
        "emdash" => "—",
        "enspace" | "emspace" | "qmspace" => " ",
        "zwj" => "\u{200d}",
        "zwnj" => "\u{200c}",
        _ => return None,
    })
}
