use serde::{Deserialize, Serialize};

/// For whom a search or an answer is made; decides which documents may be seen. Set by the API from the key, never by a client's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Viewer {
    /// A secret key that names no principal: all of the tenant.
    Tenant,
    /// A publishable key: public documents only.
    Public,
    /// Public documents, and those whose list names the user or one of the groups.
    Principal { user: Option<String>, groups: Vec<String> },
}
