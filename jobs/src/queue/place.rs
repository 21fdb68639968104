use store::{KnowledgeBaseId, TenantId};

/// Which of a pool's lines a job waits in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub priority: i16,
    pub tenant: TenantId,
    pub kind: String,
    /// The bases whose replicas it needs.
    pub knowledge_bases: Vec<KnowledgeBaseId>,
}

/// How the index names what takes turns within a tenant's turn: jobs of a kind, and where they need replicas, of the same bases:
/// `<kind>@<base>+<base>`.
pub(super) fn line(kind: &str, knowledge_bases: &[KnowledgeBaseId]) -> String {
    let mut line = kind.to_owned();
    for (i, base) in knowledge_bases.iter().enumerate() {
        line.push(if i == 0 { '@' } else { '+' });
        line.push_str(&base.to_string());
    }
    line
}

/// The kind and the bases that a [`line`] names.
pub(super) fn of_line(line: &str) -> (&str, Vec<KnowledgeBaseId>) {
    let (kind, bases) = line.split_once('@').unwrap_or((line, ""));
    let bases = bases
        .split('+')
        .filter_map(|base| base.parse().ok().map(KnowledgeBaseId));
    (kind, bases.collect())
}
