use super::seed::{SECOND_MODEL, Seeded};
use reqwest::Method;
use serde_json::{Value, json};
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

/// Reads first, then what changes, deletions last: the list can be gone through in order.
pub(super) const CASES: &[Case] = &[
    open("get /v1/openapi.json"),
    read("get /v1/knowledge-bases", "knowledge:read", PathId::None),
    read("get /v1/knowledge-bases/{id}", "knowledge:read", PathId::Base),
    read("get /v1/knowledge-bases/{id}/documents", "knowledge:read", PathId::Base),
    read("get /v1/documents/{id}", "knowledge:read", PathId::Document),
    read("get /v1/documents/{id}/chunks", "knowledge:read", PathId::Document),
    read("get /v1/documents/{id}/content", "knowledge:read", PathId::Document),
    read("get /v1/deletions", "knowledge:read", PathId::None),
    read("get /v1/deletions/{id}", "knowledge:read", PathId::Deletion),
    read("get /v1/knowledge-bases/{id}/sources", "knowledge:read", PathId::Base),
    read("get /v1/sources/{id}", "knowledge:read", PathId::Source),
    read("get /v1/sources/{id}/items", "knowledge:read", PathId::Source),
    read("get /v1/sources/{id}/syncs", "knowledge:read", PathId::Source),
    read(
        "get /v1/knowledge-bases/{id}/test-sets",
        "evaluations:read",
        PathId::Base,
    ),
    read(
        "get /v1/knowledge-bases/{id}/embedding-migration",
        "knowledge:read",
        PathId::MigratingBase,
    ),
    read("get /v1/knowledge-bases/{id}/gate", "evaluations:read", PathId::Base),
    read("get /v1/knowledge-bases/{id}/replicas", "knowledge:read", PathId::Base),
    read("get /v1/test-sets/{id}", "evaluations:read", PathId::TestSet),
    read("get /v1/test-sets/{id}/questions", "evaluations:read", PathId::TestSet),
    read(
        "get /v1/test-sets/{id}/evaluations",
        "evaluations:read",
        PathId::TestSet,
    ),
    read("get /v1/evaluations/{id}", "evaluations:read", PathId::Evaluation),
    read(
        "get /v1/evaluations/{id}/questions",
        "evaluations:read",
        PathId::Evaluation,
    ),
    read("get /v1/jobs", "jobs:read", PathId::None),
    read("get /v1/jobs/{id}", "jobs:read", PathId::Job),
    read("get /v1/jobs/{id}/effects", "jobs:read", PathId::Job),
    read("get /v1/jobs/{id}/steps", "jobs:read", PathId::Job),
    read("get /v1/jobs/{id}/why", "jobs:read", PathId::Job),
    read("get /v1/limits", "jobs:read", PathId::None),
    read("get /v1/pauses", "jobs:read", PathId::None),
    read("get /v1/budgets", "jobs:read", PathId::None),
    read("get /v1/models", "knowledge:read", PathId::None),
    read("get /v1/dead-letters", "jobs:read", PathId::None),
    read("get /v1/schedules", "jobs:read", PathId::None),
    read("get /v1/schedules/{id}", "jobs:read", PathId::Schedule),
    read("get /v1/schedules/{id}/ticks", "jobs:read", PathId::Schedule),
    read("get /v1/dead-letters/summary", "jobs:read", PathId::None),
    read("get /v1/batches", "jobs:read", PathId::None),
    read("get /v1/batches/{id}", "jobs:read", PathId::Batch),
    read("get /v1/webhooks", "webhooks:read", PathId::None),
    read("get /v1/webhooks/{id}", "webhooks:read", PathId::Webhook),
    read("get /v1/webhooks/{id}/deliveries", "webhooks:read", PathId::Webhook),
    read("get /v1/jobs/{id}/events", "jobs:read", PathId::Job),
    write(
        "post /v1/knowledge-bases",
        "knowledge:write",
        PathId::None,
        |_| json!({"name": "another"}),
    ),
    write(
        "patch /v1/knowledge-bases/{id}",
        "knowledge:write",
        PathId::Base,
        |_| json!({"search": {"alpha": 0.6}, "override_gate": "it is a test"}),
    ),
    write(
        "post /v1/knowledge-bases/{id}/documents",
        "knowledge:write",
        PathId::Base,
        |_| json!({"title": "t", "content": "Some text.", "mime_type": "text/plain", "external_id": "new"}),
    ),
    write(
        "post /v1/knowledge-bases/{id}/sources",
        "knowledge:write",
        PathId::Base,
        |_| json!({"kind": "web", "name": "another", "config": {"start_urls": ["https://example.com/"]}}),
    ),
    write(
        "put /v1/knowledge-bases/{id}/gate",
        "evaluations:write",
        PathId::Base,
        |seeded| json!({"test_set_id": seeded.test_set}),
    ),
    write(
        "post /v1/sources/{id}/sync",
        "knowledge:write",
        PathId::Source,
        |_| json!({"dry_run": true}),
    ),
    write(
        "patch /v1/documents/{id}",
        "knowledge:write",
        PathId::Document,
        |_| json!({"metadata": {"color": "blue"}}),
    ),
    write(
        "post /v1/documents/{id}/reingest",
        "knowledge:write",
        PathId::Document,
        |_| Value::Null,
    ),
    write(
        "patch /v1/sources/{id}",
        "knowledge:write",
        PathId::Source,
        |_| json!({"name": "changed"}),
    ),
    asks(
        "post /v1/search",
        "search:read",
        |seeded| json!({"knowledge_base_ids": [seeded.base], "query": "secret"}),
    ),
    asks(
        "post /v1/answers",
        "answers:read",
        |seeded| json!({"knowledge_base_ids": [seeded.base], "question": "Which secret?"}),
    ),
    write(
        "post /v1/checks",
        "answers:read",
        PathId::None,
        |_| json!({"response": "It is so.", "sources": ["It is so."]}),
    ),
    write(
        "post /v1/jobs",
        "jobs:write",
        PathId::None,
        |_| json!({"kind": "diagnostics.noop"}),
    ),
    write("post /v1/jobs/{id}/run", "jobs:write", PathId::DeferredJob, |_| {
        Value::Null
    }),
    write(
        "post /v1/limits",
        "jobs:write",
        PathId::None,
        |_| json!({"kind": "diagnostics.sleep", "max_running": 9}),
    ),
    write("delete /v1/limits/{id}", "jobs:write", PathId::Limit, |_| Value::Null),
    write(
        "post /v1/pauses",
        "jobs:write",
        PathId::None,
        |_| json!({"kind": "diagnostics.sleep"}),
    ),
    write(
        "post /v1/knowledge-bases/{id}/reingest",
        "knowledge:write",
        PathId::Base,
        |_| json!({"state": "failed"}),
    ),
    write(
        "post /v1/jobs/cancel",
        "jobs:write",
        PathId::None,
        |_| json!({"created_before": "2000-01-01T00:00:00Z"}),
    ),
    write(
        "post /v1/dead-letters/replay",
        "jobs:write",
        PathId::None,
        |_| json!({}),
    ),
    write(
        "post /v1/dead-letters/discard",
        "jobs:write",
        PathId::None,
        |_| json!({"reason": "all of them"}),
    ),
    write(
        "post /v1/schedules",
        "jobs:write",
        PathId::None,
        |_| json!({"name": "another", "cron": "0 0 29 2 *", "kind": "diagnostics.noop"}),
    ),
    write("post /v1/schedules/{id}/fire", "jobs:write", PathId::Schedule, |_| {
        Value::Null
    }),
    write(
        "patch /v1/schedules/{id}",
        "jobs:write",
        PathId::Schedule,
        |_| json!({"enabled": false}),
    ),
    write("delete /v1/schedules/{id}", "jobs:write", PathId::Schedule, |_| {
        Value::Null
    }),
    write(
        "put /v1/budgets/{credential}",
        "jobs:write",
        PathId::None,
        |_| json!({"concurrency": 2}),
    ),
    write("delete /v1/budgets/{credential}", "jobs:write", PathId::None, |_| {
        Value::Null
    }),
    write(
        "post /v1/batches",
        "jobs:write",
        PathId::None,
        |_| json!({"jobs": [{"kind": "diagnostics.noop"}]}),
    ),
    write(
        "post /v1/batches/{id}/jobs",
        "jobs:write",
        PathId::Batch,
        |_| json!({"jobs": [{"kind": "diagnostics.noop"}]}),
    ),
    write("post /v1/batches/{id}/cancel", "jobs:write", PathId::Batch, |_| {
        Value::Null
    }),
    write(
        "post /v1/webhooks",
        "webhooks:write",
        PathId::None,
        |_| json!({"url": "https://example.com/", "events": ["job.dead"]}),
    ),
    write(
        "patch /v1/webhooks/{id}",
        "webhooks:write",
        PathId::Webhook,
        |_| json!({"description": "changed"}),
    ),
    write(
        "post /v1/webhooks/{id}/rotate-secret",
        "webhooks:write",
        PathId::Webhook,
        |_| Value::Null,
    ),
    write(
        "post /v1/webhooks/{id}/deliveries/{delivery_id}/replay",
        "webhooks:write",
        PathId::Webhook,
        |_| Value::Null,
    ),
    write(
        "post /v1/webhooks/{id}/deliveries/replay",
        "webhooks:write",
        PathId::Webhook,
        |_| json!({"since": "2020-01-01T00:00:00Z"}),
    ),
    write("post /v1/webhooks/{id}/test", "webhooks:write", PathId::Webhook, |_| {
        Value::Null
    }),
    write("delete /v1/webhooks/{id}", "webhooks:write", PathId::Webhook, |_| {
        Value::Null
    }),
    write("delete /v1/pauses/{id}", "jobs:write", PathId::Pause, |_| Value::Null),
    write("post /v1/jobs/{id}/cancel", "jobs:write", PathId::WaitingJob, |_| {
        Value::Null
    }),
    write("post /v1/jobs/{id}/retry", "jobs:write", PathId::CancelledJob, |_| {
        Value::Null
    }),
    write(
        "post /v1/knowledge-bases/{id}/test-sets",
        "evaluations:write",
        PathId::Base,
        |_| json!({"name": "another"}),
    ),
    write(
        "post /v1/test-sets/{id}/questions",
        "evaluations:write",
        PathId::TestSet,
        |_| json!({"questions": [{"query": "another"}]}),
    ),
    write(
        "post /v1/test-sets/{id}/sample",
        "evaluations:write",
        PathId::TestSet,
        |_| json!({}),
    ),
    write(
        "post /v1/test-sets/{id}/evaluations",
        "evaluations:write",
        PathId::TestSet,
        |_| json!({}),
    ),
    write(
        "put /v1/test-questions/{id}/judgements",
        "evaluations:write",
        PathId::TestQuestion,
        |_| json!({"relevant": []}),
    ),
    write(
        "delete /v1/test-questions/{id}",
        "evaluations:write",
        PathId::TestQuestion,
        |_| Value::Null,
    ),
    write(
        "delete /v1/knowledge-bases/{id}/gate",
        "evaluations:write",
        PathId::Base,
        |_| Value::Null,
    ),
    write(
        "delete /v1/test-sets/{id}",
        "evaluations:write",
        PathId::TestSet,
        |_| Value::Null,
    ),
    write(
        "post /v1/knowledge-bases/{id}/embedding-migration/switch",
        "knowledge:write",
        PathId::MigratingBase,
        |_| json!({}),
    ),
    write(
        "post /v1/knowledge-bases/{id}/embedding-migration/rollback",
        "knowledge:write",
        PathId::MigratingBase,
        |_| Value::Null,
    ),
    write(
        "delete /v1/knowledge-bases/{id}/embedding-migration",
        "knowledge:write",
        PathId::MigratingBase,
        |_| Value::Null,
    ),
    write("delete /v1/sources/{id}", "knowledge:write", PathId::Source, |_| {
        Value::Null
    }),
    write("delete /v1/documents/{id}", "knowledge:write", PathId::Document, |_| {
        Value::Null
    }),
    write(
        "post /v1/knowledge-bases/{id}/embedding-migration",
        "knowledge:write",
        PathId::Base,
        |_| json!({"embedding_model": SECOND_MODEL}),
    ),
    write(
        "delete /v1/knowledge-bases/{id}",
        "knowledge:write",
        PathId::Base,
        |_| Value::Null,
    ),
];

const fn open(operation: &'static str) -> Case {
    Case {
        operation,
        scope: None,
        id: PathId::None,
        names_bases: false,
        body: |_| Value::Null,
    }
}

const fn read(operation: &'static str, scope: &'static str, id: PathId) -> Case {
    Case {
        operation,
        scope: Some(scope),
        id,
        names_bases: false,
        body: |_| Value::Null,
    }
}

const fn write(operation: &'static str, scope: &'static str, id: PathId, body: fn(&Seeded) -> Value) -> Case {
    Case {
        operation,
        scope: Some(scope),
        id,
        names_bases: false,
        body,
    }
}

const fn asks(operation: &'static str, scope: &'static str, body: fn(&Seeded) -> Value) -> Case {
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
