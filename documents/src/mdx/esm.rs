use std::sync::LazyLock;

use regex::Regex;

use crate::markdown::fence::Fence;

/// A statement that has not closed its brackets after so many lines is text.
const MAX_STATEMENT_LINES: usize = 500;

/// Start of an import or export statement. An import on one line must be whole, so that prose such as "import data from" stays.
static STATEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let import = r#"import\s*(?:["'][^"']+["']|\{[^}]*$|[\w$*{][^"'(]*\sfrom\s*["'][^"']+["'])"#;
    let export = r"export\s+(?:default\b|(?:const|let|var|class|async|function\*?)\s+[\w$\[{]|[*{])";
    Regex::new(&format!("^(?:{import}|{export})")).ok()
});

fn is_statement(line: &str) -> bool {
    (line.starts_with("import") || line.starts_with("export"))
        && STATEMENT
            .as_ref()
            .is_some_and(|statement| statement.is_match(line.trim_end()))
}

/// Markdown that imports components is MDX whatever its file is called: Docusaurus reads `.md` so.
pub(crate) fn imports_components(text: &str) -> bool {
    lines_outside_code(text).any(|line| line.starts_with("import") && is_statement(line))
}

fn lines_outside_code(text: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<Fence> = None;
    text.split('\n').filter(move |line| match fence {
        Some(open) => {
            if open.closed_by(line) {
                fence = None;
            }
            false
        }
        None => {
            fence = Fence::opened_by(line);
            fence.is_none()
        }
    })
}

/// Drops import and export statements outside code, also those that take several lines.
pub(super) fn remove(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut fence: Option<Fence> = None;
    let mut lines = text.split_inclusive('\n').peekable();
    let mut rest = text;
    while let Some(line) = lines.next() {
        rest = rest.get(line.len()..).unwrap_or_default();
        match fence {
            Some(open) if open.closed_by(line) => fence = None,
            Some(_) => {}
            None if is_statement(line) => {
                for _ in 0..lines_to_close(line, rest) {
                    rest = rest.get(lines.next().map_or(0, str::len)..).unwrap_or_default();
                }
                kept.push('\n');
                continue;
            }
            None => fence = Fence::opened_by(line),
        }
        kept.push_str(line);
    }
    kept
}

/// How many of the lines after `first` belong to the same statement: until its brackets are closed.
fn lines_to_close(first: &str, rest: &str) -> usize {
    let mut open = brackets(first);
    if open <= 0 {
        return 0;
    }
    for (index, line) in rest.split('\n').take(MAX_STATEMENT_LINES).enumerate() {
        open += brackets(line);
        if open <= 0 {
            return index + 1;
        }
    }
    // Never closed: only the paragraph is the statement.
    rest.split('\n')
        .take(MAX_STATEMENT_LINES)
        .take_while(|line| !line.trim().is_empty())
        .count()
}

fn brackets(line: &str) -> i64 {
    line.chars().fold(0, |open, c| match c {
        '(' | '[' | '{' => open + 1,
        ')' | ']' | '}' => open - 1,
        _ => open,
    })
}

#[cfg(test)]
mod tests {
    use super::{imports_components, remove};

    #[test]
    fn module_statements_go_and_prose_stays() {
        let text = "import A from '@site/a';\nimport './b.css'\nimport {\n  C,\n  D\n} from \"c\";\nexport const meta = {\n  a: [\n\n  1],\n};\n\
                    import data from your tool\nexporting is easy\nexport your data\n";
        assert_eq!(
            remove(text),
            "\n\n\n\nimport data from your tool\nexporting is easy\nexport your data\n"
        );
    }

    #[test]
    fn code_keeps_its_imports() {
        let text = "```js\nimport a from 'b'\n```\n";
        assert_eq!(remove(text), text);
        assert!(!imports_components(text));
        assert!(imports_components("Text\n\nimport a from 'b';\n"));
        assert!(!imports_components("import a from b\n"));
    }

    #[test]
    fn a_statement_that_never_closes_takes_only_its_paragraph() {
        assert_eq!(remove("export const a = {\nb\n\nText\n"), "\n\nText\n");
    }

    #[test]
    fn many_statements_that_never_close_take_linear_time() {
        let text = "export const a = {\n".repeat(200_000);
        let start = std::time::Instant::now();
        remove(&text);
        assert!(
            start.elapsed() < std::time::Duration::from_secs(20),
            "{:?}",
            start.elapsed()
        );
    }
}
