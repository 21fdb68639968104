//! Which reranker orders the results: as the request says, else as the bases say, else as the installation's settings do.
use config::{ModelSettings, Settings};
use jobs::FieldError;
use std::collections::BTreeSet;
use store::search_settings::{NO_RERANKER, SearchSettings};

/// What a request says.
#[derive(Debug, Default)]
pub(super) struct RerankWish {
    pub(super) wanted: Option<bool>,
    /// An available one.
    pub(super) named: Option<String>,
}

impl RerankWish {
    /// `None`: none. What the bases say without being asked for is taken as it is: where it cannot be used, the result says so.
    ///
    /// # Errors
    /// What is wanted and cannot be had.
    pub(super) fn choose(self, settings: &Settings, bases: &[SearchSettings]) -> Result<Option<String>, FieldError> {
        if self.named.is_some() {
            return Ok(self.named);
        }
        let rerank = |base: &SearchSettings| base.rerank.unwrap_or(settings.retrieval.rerank);
        let wanted = self.wanted.unwrap_or_else(|| bases.iter().all(rerank));
        if !wanted {
            return Ok(None);
        }
        let of_bases: BTreeSet<Option<&str>> = bases.iter().map(|base| of_base(settings, base)).collect();
        let agreed = match of_bases.first() {
            Some(Some(name)) if of_bases.len() == 1 => Some(*name),
            _ => None,
        };
        let refused = |code, message: String| Err(FieldError::new("rerank", code, message));
        match agreed {
            _ if self.wanted.is_none() => Ok(agreed.map(str::to_owned)),
            Some(name) => match check_reranker(&settings.models, name) {
                Ok(()) => Ok(Some(name.to_owned())),
                Err((code, message)) => refused(code, message),
            },
            None if of_bases.iter().all(Option::is_none) => refused(
                "no_reranker",
                "has no reranker to use: neither the knowledge bases nor this installation have one".to_owned(),
            ),
            None => {
                let names: Vec<&str> = of_bases.iter().map(|name| name.unwrap_or(NO_RERANKER)).collect();
                let names = names.join(", ");
                refused(
                    "conflict",
                    format!(
                        "cannot be decided: the knowledge bases have different rerankers ({names}); name one as `reranker`"
                    ),
                )
            }
        }
    }
}

/// The base's, or else the installation's.
pub(super) fn of_base<'a>(settings: &'a Settings, base: &'a SearchSettings) -> Option<&'a str> {
    let name = base.reranker.as_deref().unwrap_or(&settings.retrieval.reranker);
    (!name.is_empty() && name != NO_RERANKER).then_some(name)
}

/// Whether the reranker can be used.
///
/// # Errors
/// A field error's code and message.
pub(super) fn check_reranker(models: &ModelSettings, name: &str) -> Result<(), (&'static str, String)> {
    let offered = models.rerankers.get(name).is_some_and(|reranker| reranker.offered);
    match models.reranker_unavailable(name) {
        None => Ok(()),
        Some(why) if offered => Err(("reranker_unavailable", format!("cannot be `{name}`: {why}"))),
        Some(_) => {
            let names: Vec<&str> = models.available_rerankers().collect();
            let names = match names.as_slice() {
                [] => "it offers none".to_owned(),
                names => names.join(", "),
            };
            Err((
                "unknown_reranker",
                format!("must be a reranker that this installation offers: {names}"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn settings(more: &[(&str, &str)]) -> Settings {
        let mut all = vec![("models.cohere.api_key", "a-key")];
        all.extend(more);
        Settings::with_overrides(&all).unwrap()
    }

    fn base(reranker: Option<&str>, rerank: Option<bool>) -> SearchSettings {
        SearchSettings {
            reranker: reranker.map(str::to_owned),
            rerank,
            ..SearchSettings::default()
        }
    }

    fn choose(
        settings: &Settings,
        wanted: Option<bool>,
        named: Option<&str>,
        bases: &[SearchSettings],
    ) -> Result<Option<String>, String> {
        let named = named.map(str::to_owned);
        let wish = RerankWish { wanted, named };
        wish.choose(settings, bases).map_err(|error| error.code)
    }

    #[test]
    fn the_request_goes_before_the_base_and_the_base_before_the_installation() {
        let installed = settings(&[("retrieval.reranker", "rerank-2"), ("models.voyage.api_key", "b-key")]);
        let (says_nothing, says) = (base(None, None), base(Some("rerank-v3.5"), None));
        let yes = |named, base: &SearchSettings| choose(&installed, Some(true), named, std::slice::from_ref(base));
        assert_eq!(yes(None, &says_nothing), Ok(Some("rerank-2".into())));
        assert_eq!(yes(None, &says), Ok(Some("rerank-v3.5".into())));
        assert_eq!(yes(Some("rerank-2-lite"), &says), Ok(Some("rerank-2-lite".into())));
        assert_eq!(choose(&installed, None, None, &[says]), Ok(None));
    }

    #[test]
    fn where_the_request_says_nothing_all_bases_must_want_the_same() {
        let settings = settings(&[]);
        let (wants, other) = (
            base(Some("rerank-v3.5"), Some(true)),
            base(Some("rerank-2"), Some(true)),
        );
        let chosen = |bases: &[SearchSettings]| choose(&settings, None, None, bases);
        assert_eq!(chosen(&[wants.clone(), wants.clone()]), Ok(Some("rerank-v3.5".into())));
        assert_eq!(chosen(&[wants.clone(), other]), Ok(None));
        assert_eq!(chosen(&[wants, base(Some("rerank-v3.5"), None)]), Ok(None));
    }

    #[test]
    fn what_is_wanted_and_cannot_be_had_is_refused() {
        let settings = settings(&[]);
        let wanted = |bases: &[SearchSettings]| choose(&settings, Some(true), None, bases);
        let none = base(Some("none"), None);
        assert_eq!(wanted(&[base(None, None)]), Err("no_reranker".into()));
        assert_eq!(wanted(std::slice::from_ref(&none)), Err("no_reranker".into()));
        assert_eq!(wanted(&[none, base(Some("rerank-v3.5"), None)]), Err("conflict".into()));
        // Voyage has no key.
        assert_eq!(
            wanted(&[base(Some("rerank-2"), None)]),
            Err("reranker_unavailable".into())
        );
    }
}
