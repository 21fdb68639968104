use ego_tree::NodeRef;
use scraper::Node;

use crate::drawing::grouped;
use crate::whitespace::one_line;

/// A formula in MathML on one line: as its author wrote it in TeX, where it says so (KaTeX, MathJax and Wikipedia do), or else as signs,
/// `x=(-b±√(b^2-4ac))/2a`.
pub(super) fn linear(math: NodeRef<'_, Node>) -> String {
    let tex = math.descendants().find(|node| {
        let element = node
            .value()
            .as_element()
            .filter(|element| element.name() == "annotation");
        element.is_some_and(|element| element.attr("encoding") == Some("application/x-tex"))
    });
    match tex {
        Some(tex) => one_line(&text(tex)),
        None => signs(math),
    }
}

fn text(node: NodeRef<'_, Node>) -> String {
    let texts = node.descendants().filter_map(|node| node.value().as_text());
    texts.map(|text| &**text).collect()
}

/// Nesting is bounded where the tree is made.
fn signs(node: NodeRef<'_, Node>) -> String {
    let Some(element) = node.value().as_element() else {
        return String::new();
    };
    let parts: Vec<NodeRef<'_, Node>> = node.children().filter(|child| child.value().is_element()).collect();
    let part = |index: usize| parts.get(index).map(|part| signs(*part)).unwrap_or_default();
    let all = || parts.iter().map(|part| signs(*part)).collect::<String>();
    match element.name() {
        // Invisible operators: function application, times, separator, plus.
        "mi" | "mn" | "mo" | "ms" => {
            one_line(&text(node)).replace(['\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}'], "")
        }
        "mtext" => format!(" {} ", one_line(&text(node))),
        "mspace" => " ".to_owned(),
        "mfrac" => format!("{}/{}", grouped(&part(0)), grouped(&part(1))),
        "msup" | "mover" => format!("{}^{}", part(0), grouped(&part(1))),
        "msub" | "munder" => format!("{}_{}", part(0), grouped(&part(1))),
        "msubsup" | "munderover" => format!("{}_{}^{}", part(0), grouped(&part(1)), grouped(&part(2))),
        "msqrt" => format!("√({})", all()),
        "mroot" => format!("{}√({})", part(1), part(0)),
        "mtable" => format!("[{}]", rows(&parts, "; ")),
        "mtr" | "mlabeledtr" => rows(&parts, ", "),
        // The first of what is offered is what is shown.
        "semantics" => part(0),
        "annotation" | "annotation-xml" | "mphantom" => String::new(),
        _ => all(),
    }
}

fn rows(parts: &[NodeRef<'_, Node>], separator: &str) -> String {
    let rows: Vec<String> = parts.iter().map(|part| signs(*part)).collect();
    rows.join(separator)
}
