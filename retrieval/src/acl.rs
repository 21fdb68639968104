use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// Who may see a document. The default is nobody but the tenant itself.
///
/// On the wire `{"public": true}` or `{"users": ["u1"], "groups": ["staff"]}`; unknown members are refused, so that a
/// misspelt list never turns into a wider or narrower permission than meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acl {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// On whose behalf a search runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Viewer {
    /// A secret key without a principal: sees everything of its tenant.
    Tenant,
    /// Anyone: sees public documents only.
    Public,
    /// A known end user: sees public documents and those that list the user or one of the groups.
    Principal {
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        groups: Vec<String>,
    },
}

impl Acl {
    pub fn public() -> Self {
        Self {
            public: true,
            ..Self::default()
        }
    }

    /// What its names take of main memory, about.
    #[cfg(feature = "index")]
    pub(crate) fn memory_bytes(&self) -> usize {
        let names = self.users.iter().chain(&self.groups);
        names.map(|name| size_of::<String>() + name.len()).sum()
    }

    /// Whether `viewer` may see a document by all of these lists, as they are stored. One that cannot be read lets nobody in but the tenant.
    pub fn all_allow(lists: &[&serde_json::Value], viewer: &Viewer) -> bool {
        lists
            .iter()
            .all(|list| Self::deserialize(*list).unwrap_or_default().allows(viewer))
    }

    /// Whether `viewer` may see a document with this list. Names are compared exactly.
    pub fn allows(&self, viewer: &Viewer) -> bool {
        Sight::of(viewer).sees(self)
    }
}

/// A [`Viewer`] made ready for comparison with many documents.
pub(crate) enum Sight<'a> {
    Everything,
    Public,
    Listed {
        user: Option<&'a str>,
        groups: HashSet<&'a str>,
    },
}

impl<'a> Sight<'a> {
    pub(crate) fn of(viewer: &'a Viewer) -> Self {
        match viewer {
            Viewer::Tenant => Self::Everything,
            Viewer::Public => Self::Public,
            Viewer::Principal { user, groups } => Self::Listed {
                user: user.as_deref(),
                groups: groups.iter().map(String::as_str).collect(),
            },
        }
    }

    pub(crate) fn sees(&self, acl: &Acl) -> bool {
        match self {
            Self::Everything => true,
            Self::Public => acl.public,
            Self::Listed { user, groups } => {
                acl.public
                    || user.is_some_and(|user| acl.users.iter().any(|listed| listed == user))
                    || acl.groups.iter().any(|listed| groups.contains(listed.as_str()))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn principal(user: Option<&str>, groups: &[&str]) -> Viewer {
        Viewer::Principal {
            user: user.map(str::to_owned),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        }
    }

    #[test]
    fn an_empty_list_is_seen_by_the_tenant_alone() {
        let acl = Acl::default();
        assert!(acl.allows(&Viewer::Tenant));
        assert!(!acl.allows(&Viewer::Public));
        assert!(!acl.allows(&principal(None, &[])));
        assert!(!acl.allows(&principal(Some(""), &[""])));
    }

    #[test]
    fn users_and_groups_do_not_stand_in_for_each_other() {
        let acl = Acl {
            users: vec!["ann".into()],
            groups: vec!["staff".into()],
            ..Acl::default()
        };
        assert!(acl.allows(&principal(Some("ann"), &[])));
        assert!(acl.allows(&principal(None, &["other", "staff"])));
        assert!(!acl.allows(&principal(Some("staff"), &["ann"])));
        assert!(!acl.allows(&Viewer::Public));
    }

    #[test]
    fn the_wire_form_is_short_and_refuses_unknown_members() {
        assert_eq!(serde_json::to_string(&Acl::public()).unwrap(), r#"{"public":true}"#);
        let listed: Acl = serde_json::from_str(r#"{"groups":["staff"]}"#).unwrap();
        assert!(!listed.public && listed.groups == ["staff"]);
        assert!(serde_json::from_str::<Acl>(r#"{"pubilc":true}"#).is_err());
        assert!(serde_json::from_str::<Acl>(r#"{"public":"yes"}"#).is_err());
    }
}
