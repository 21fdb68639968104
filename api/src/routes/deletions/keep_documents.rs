use crate::Problem;
use crate::extract::{FromQuery, QueryFields};

/// What is to become of the documents of what is deleted.
pub(crate) struct KeepDocuments(pub(crate) bool);

impl FromQuery for KeepDocuments {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let keep = query.choice("keep_documents", &["true", "false"], |text| text.parse::<bool>().ok());
        Ok(Self(keep.unwrap_or(false)))
    }
}
