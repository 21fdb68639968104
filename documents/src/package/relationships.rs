use std::collections::HashMap;

use super::archive::{Package, damaged};
use super::xml::{attribute, child_named};
use crate::ParseError;

/// What a part refers to, by the ids it uses.
#[derive(Default)]
pub(crate) struct Relationships {
    by_id: HashMap<String, Relationship>,
}

struct Relationship {
    /// Last segment of the type's address: `slide`, `chart`, `hyperlink`.
    kind: String,
    /// Name of a part in the package; of targets outside nothing is kept.
    target: Option<String>,
}

impl Relationships {
    /// Of a part; none when it refers to nothing. `""` stands for the package itself.
    pub(crate) fn of(package: &mut Package<'_>, part: &str) -> Result<Relationships, ParseError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let path = format!("{folder}/_rels/{name}.rels");
        let Some(part) = package.part(&path)? else {
            return Ok(Relationships::default());
        };
        let tree = part.tree()?;
        let by_id = child_named(tree.root_element(), "Relationship")
            .filter_map(|node| {
                let kind = attribute(node, "Type")?.rsplit('/').next()?.to_owned();
                let external = attribute(node, "TargetMode") == Some("External");
                let target = attribute(node, "Target").filter(|_| !external);
                let target = target.map(|target| resolve(folder, target));
                Some((attribute(node, "Id")?.to_owned(), Relationship { kind, target }))
            })
            .collect();
        Ok(Relationships { by_id })
    }

    /// The part that `id` refers to.
    pub(crate) fn part(&self, id: &str) -> Option<&str> {
        self.by_id.get(id)?.target.as_deref()
    }

    /// The part of a kind of which there is one at most, such as `styles`.
    pub(crate) fn of_kind(&self, kind: &str) -> Option<&str> {
        let mut found = self.by_id.iter().filter(|(_, relationship)| relationship.kind == kind);
        // Which of several is chosen must not depend on the order of a hash table.
        let first = found.next()?;
        let chosen = found.fold(first, |best, other| if other.0 < best.0 { other } else { best });
        chosen.1.target.as_deref()
    }
}

/// The name of a part. Targets are relative to the folder of the part that names them, or begin with a slash.
pub(crate) fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut segments: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|segment| !segment.is_empty()).collect(),
    };
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

/// The document itself: what the package says it is, or what it is usually called.
pub(crate) fn main_part(package: &mut Package<'_>, usual: &str) -> Result<String, ParseError> {
    let relationships = Relationships::of(package, "")?;
    let named = relationships.of_kind("officeDocument").map(str::to_owned);
    named
        .into_iter()
        .chain([usual.to_owned()])
        .find(|name| package.has(name))
        .ok_or_else(|| damaged(package.format(), &format!("it has no main part ({usual})")))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn targets_are_relative_to_the_folder_of_their_part() {
        assert_eq!(resolve("ppt/slides", "../charts/chart1.xml"), "ppt/charts/chart1.xml");
        assert_eq!(resolve("word", "styles.xml"), "word/styles.xml");
        assert_eq!(resolve("word", "/word/./a.xml"), "word/a.xml");
        assert_eq!(resolve("", "../../a.xml"), "a.xml");
    }
}
