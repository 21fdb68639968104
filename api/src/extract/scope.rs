/// What a key has to be allowed before a handler runs.
pub(crate) trait Scope: Send + Sync + 'static {
    const NAME: &'static str;
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// All that a key may be allowed; `*` is all of it.
        pub const SCOPES: &[&str] = &[$($text),*];

        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl Scope for $name {
                const NAME: &'static str = $text;
            }
        )*
    };
}

/// What a publishable key may do at most; it stands in web pages, for all to read.
pub const PUBLISHABLE_SCOPES: [&str; 3] = [SearchRead::NAME, AnswersRead::NAME, JobsRead::NAME];

scopes! {
    /// See knowledge bases, documents and chunks.
    KnowledgeRead = "knowledge:read";
    /// Make, change and delete them.
    KnowledgeWrite = "knowledge:write";
    /// See jobs. A publishable key sees those it submitted, by their ids, whatever its scopes.
    JobsRead = "jobs:read";
    /// Submit, cancel and retry jobs.
    JobsWrite = "jobs:write";
    /// Search.
    SearchRead = "search:read";
    /// Ask, and have texts checked.
    AnswersRead = "answers:read";
    /// See test sets with their questions, and evaluations.
    EvaluationsRead = "evaluations:read";
    /// Make, change and delete test sets, draw questions that clients asked, judge, evaluate.
    EvaluationsWrite = "evaluations:write";
    /// See webhooks and their deliveries.
    WebhooksRead = "webhooks:read";
    /// Make, change, try and delete webhooks, replay deliveries.
    WebhooksWrite = "webhooks:write";
}
