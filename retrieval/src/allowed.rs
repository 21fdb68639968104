use std::collections::HashSet;

use crate::acl::{Sight, Viewer};
use crate::documents::{DocumentNumber, Documents};
use crate::filter::Filter;

/// The documents a query may look at. Both legs ask before they score, so that a forbidden document never takes a
/// place from a permitted one.
pub(crate) enum Allowed {
    Everything,
    Only(HashSet<DocumentNumber>),
}

impl Allowed {
    pub(crate) fn evaluate(documents: &Documents, viewer: &Viewer, filter: Option<&Filter>) -> Self {
        let sight = Sight::of(viewer);
        if matches!(sight, Sight::Everything) && filter.is_none() {
            return Self::Everything;
        }
        let passing = documents.iter().filter(|(_, document)| {
            sight.sees(&document.acl) && filter.is_none_or(|filter| filter.matches(&document.metadata))
        });
        Self::Only(passing.map(|(number, _)| number).collect())
    }

    pub(crate) fn contains(&self, document: DocumentNumber) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(numbers) => numbers.contains(&document),
        }
    }
}
