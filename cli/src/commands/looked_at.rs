use serde_json::{Value, json};

/// Which documents a search or a question looks at, of those in the bases.
#[derive(clap::Args, Debug, Default)]
pub(super) struct LookedAt {
    /// Only documents that this holds for, as JSON: {"product": "lamp", "year": {"gte": 2024}}
    #[arg(long, value_name = "JSON", value_parser = parse_json)]
    filter: Option<Value>,
    /// What this user may see; with --group, also what members of these groups may
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// What members of this group may see; may be given more than once
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
}

/// Without it clap would take the text for a JSON string.
fn parse_json(text: &str) -> Result<Value, String> {
    text.parse().map_err(|error| format!("is not JSON: {error}"))
}

impl LookedAt {
    /// Adds what was given to the body of the request.
    pub(super) fn add_to(self, body: &mut Value) {
        let Some(fields) = body.as_object_mut() else {
            return;
        };
        fields.extend(self.filter.map(|filter| ("filter".to_owned(), filter)));
        if self.user.is_some() || !self.group.is_empty() {
            let principal = json!({"user": self.user, "groups": self.group});
            fields.insert("principal".to_owned(), principal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_is_asked_for() {
        let mut body = json!({"query": "q"});
        LookedAt::default().add_to(&mut body);
        assert_eq!(body, json!({"query": "q"}));
        let given = LookedAt {
            filter: parse_json(r#"{"year": 2025}"#).ok(),
            user: Some("anna".to_owned()),
            group: vec!["staff".to_owned()],
        };
        given.add_to(&mut body);
        let expected =
            json!({"query": "q", "filter": {"year": 2025}, "principal": {"user": "anna", "groups": ["staff"]}});
        assert_eq!(body, expected);
    }
}
