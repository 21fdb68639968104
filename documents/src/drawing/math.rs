use roxmltree::Node;

use crate::package::{child, child_named, find, value};

/// An equation of Office (OMML, ECMA-376 part 1 §22.1) on one line: `x=(-b±√(b^2-4ac))/2a`.
pub(crate) fn linear(node: Node<'_, '_>) -> String {
    let part = |name: &str| child(node, name).map(linear_children).unwrap_or_default();
    let property = |name: &str| {
        let properties = node.children().find(|child| child.tag_name().name().ends_with("Pr"))?;
        value(properties, name)
    };
    match node.tag_name().name() {
        // Invisible operators: function application, times, separator, plus.
        "t" => node
            .text()
            .unwrap_or_default()
            .replace(['\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}'], ""),
        "f" => format!("{}/{}", grouped(&part("num")), grouped(&part("den"))),
        "sSup" => format!("{}^{}", part("e"), grouped(&part("sup"))),
        "sSub" => format!("{}_{}", part("e"), grouped(&part("sub"))),
        "sSubSup" => format!("{}_{}^{}", part("e"), grouped(&part("sub")), grouped(&part("sup"))),
        "sPre" => format!("_{}^{}{}", grouped(&part("sub")), grouped(&part("sup")), part("e")),
        "rad" => format!("{}√{}", part("deg"), parenthesised(&part("e"))),
        "nary" => {
            let bound = |sign: char, text: String| match text.is_empty() {
                true => text,
                false => format!("{sign}{}", grouped(&text)),
            };
            let (below, above) = (bound('_', part("sub")), bound('^', part("sup")));
            format!("{}{below}{above} {}", property("chr").unwrap_or("∫"), part("e"))
        }
        "func" => format!("{} {}", part("fName"), part("e")),
        "limLow" => format!("{}_{}", part("e"), grouped(&part("lim"))),
        "limUpp" => format!("{}^{}", part("e"), grouped(&part("lim"))),
        "d" => {
            let inner: Vec<String> = child_named(node, "e").map(linear_children).collect();
            let (open, close) = (property("begChr").unwrap_or("("), property("endChr").unwrap_or(")"));
            format!("{open}{}{close}", inner.join(property("sepChr").unwrap_or("|")))
        }
        "m" if child(node, "mr").is_some() => {
            let row = |row| {
                child_named(row, "e")
                    .map(linear_children)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            format!("[{}]", child_named(node, "mr").map(row).collect::<Vec<_>>().join("; "))
        }
        "eqArr" => child_named(node, "e")
            .map(linear_children)
            .collect::<Vec<_>>()
            .join("; "),
        "acc" => format!("{}{}", part("e"), property("chr").unwrap_or("\u{302}")),
        name if name.ends_with("Pr") => String::new(),
        _ => linear_children(node),
    }
}

fn linear_children(node: Node<'_, '_>) -> String {
    let hidden = |node| find(node, &["rPr", "vanish"]).is_some();
    node.children()
        .filter(|child| child.is_element() && !hidden(*child))
        .map(linear)
        .collect()
}

/// What stands for itself within a formula, in brackets where it is more than a name or a number.
pub(crate) fn grouped(text: &str) -> String {
    match text.chars().all(char::is_alphanumeric) {
        true => text.to_owned(),
        false => parenthesised(text),
    }
}

fn parenthesised(text: &str) -> String {
    match text.starts_with('(') && text.find(')') == text.len().checked_sub(1) {
        true => text.to_owned(),
        false => format!("({text})"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::linear;

    #[test]
    fn an_equation_becomes_one_line() {
        let r = |text: &str| format!("<r><t>{text}</t></r>");
        let xml = format!(
            "<oMath>{}<f><num>{}<rad><radPr/><deg/><e><sSup><e>{}</e><sup>{}</sup></sSup>{}</e></rad></num><den>{}</den></f></oMath>",
            r("x="),
            r("-b±"),
            r("b"),
            r("2"),
            r("-4ac"),
            r("2a")
        );
        let tree = roxmltree::Document::parse(&xml).unwrap();
        assert_eq!(linear(tree.root_element()), "x=(-b±√(b^2-4ac))/2a");
        let sum = "<oMath><nary><naryPr><chr val='∑'/></naryPr><sub><r><t>i=1</t></r></sub><sup><r><t>n</t></r></sup><e><r><t>i</t></r></e></nary></oMath>";
        let tree = roxmltree::Document::parse(sum).unwrap();
        assert_eq!(linear(tree.root_element()), "∑_(i=1)^n i");
    }
}
