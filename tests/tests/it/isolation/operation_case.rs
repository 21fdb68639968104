use super::seed::Seeded;
use reqwest::Method;
use serde_json::Value;
use tests::Client;

/// What the id in an operation's path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathId {
    None,
    Base,
    Document,
    Job,
    WaitingJob,
    CancelledJob,
    DeferredJob,
    Pause,
    Limit,
    Schedule,
    Batch,
    Webhook,
    Source,
    Collection,
    TestSet,
    TestQuestion,
    Evaluation,
    Deletion,
    /// A base that could be switched to another embedding model.
    MigratingBase,
}

/// One operation of the API, and how to call it rightly.
pub(super) struct Case {
    /// As the OpenAPI document writes it: `post /v1/jobs/{id}/cancel`.
    pub(super) operation: &'static str,
    /// `None`: open to all.
    pub(super) scope: Option<&'static str>,
    pub(super) id: PathId,
    /// Whether the body names knowledge bases.
    pub(super) names_bases: bool,
    body: fn(&Seeded) -> Value,
}

pub(super) const fn open(operation: &'static str) -> Case {
    Case {
        operation,
        scope: None,
        id: PathId::None,
        names_bases: false,
        body: |_| Value::Null,
    }
}

pub(super) const fn read(operation: &'static str, scope: &'static str, id: PathId) -> Case {
    Case {
        operation,
        scope: Some(scope),
        id,
        names_bases: false,
        body: |_| Value::Null,
    }
}

pub(super) const fn write(
    operation: &'static str,
    scope: &'static str,
    id: PathId,
    body: fn(&Seeded) -> Value,
) -> Case {
    Case {
        operation,
        scope: Some(scope),
        id,
        names_bases: false,
        body,
    }
}

pub(super) const fn asks(operation: &'static str, scope: &'static str, body: fn(&Seeded) -> Value) -> Case {
    Case {
        operation,
        scope: Some(scope),
        id: PathId::None,
        names_bases: true,
        body,
    }
}

impl Case {
    fn method(&self) -> Method {
        self.operation
            .split(' ')
            .next()
            .unwrap()
            .to_uppercase()
            .parse()
            .unwrap()
    }

    /// The path with the id of the thing it is about.
    pub(super) fn path(&self, seeded: &Seeded) -> String {
        let id = match self.id {
            PathId::None => "",
            PathId::Base => &seeded.base,
            PathId::Document => &seeded.document,
            PathId::Job => &seeded.job,
            PathId::WaitingJob => &seeded.waiting_job,
            PathId::CancelledJob => &seeded.cancelled_job,
            PathId::DeferredJob => &seeded.deferred_job,
            PathId::Pause => &seeded.pause,
            PathId::Limit => &seeded.limit,
            PathId::Schedule => &seeded.schedule,
            PathId::Batch => &seeded.batch,
            PathId::Webhook => &seeded.webhook,
            PathId::Source => &seeded.source,
            PathId::Collection => &seeded.collection,
            PathId::TestSet => &seeded.test_set,
            PathId::TestQuestion => &seeded.test_question,
            PathId::Evaluation => &seeded.evaluation,
            PathId::Deletion => &seeded.deletion,
            PathId::MigratingBase => &seeded.migrating_base,
        };
        self.path_with(id).replace("{delivery_id}", &seeded.delivery)
    }

    pub(super) fn path_with(&self, id: &str) -> String {
        let path = self.operation.split(' ').nth(1).unwrap();
        // A tenant names its credentials itself: the same name is another thing to each.
        path.replace("{id}", id).replace("{credential}", "vendor.example")
    }

    /// A request that is right in every respect but, perhaps, who sends it and what `path` names.
    pub(super) fn request(&self, client: &Client, path: &str, seeded: &Seeded) -> reqwest::RequestBuilder {
        let request = client.request(self.method(), path);
        match (self.body)(seeded) {
            Value::Null => request,
            body => request.json(&body),
        }
    }
}
