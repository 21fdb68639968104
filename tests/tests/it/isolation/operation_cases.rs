use super::operation_case::{Case, PathId, asks, open, read, write};
use super::seed::SECOND_MODEL;
use serde_json::{Value, json};

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
    read(
        "get /v1/knowledge-bases/{id}/collections",
        "knowledge:read",
        PathId::Base,
    ),
    read("get /v1/collections/{id}", "knowledge:read", PathId::Collection),
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
    read("get /v1/jobs/{id}/attempts", "jobs:read", PathId::Job),
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
        "post /v1/knowledge-bases/{id}/collections",
        "knowledge:write",
        PathId::Base,
        |_| json!({"name": "another"}),
    ),
    write(
        "patch /v1/collections/{id}",
        "knowledge:write",
        PathId::Collection,
        |_| json!({"description": "changed"}),
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
        "post /v1/knowledge-bases/{id}/documents/update",
        "knowledge:write",
        PathId::Base,
        |_| json!({"which": {"state": "failed"}, "metadata": {"color": "blue"}}),
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
        |_| json!({"all": true}),
    ),
    write(
        "post /v1/dead-letters/discard",
        "jobs:write",
        PathId::None,
        |_| json!({"all": true, "reason": "all of them"}),
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
    write(
        "patch /v1/budgets/{credential}",
        "jobs:write",
        PathId::None,
        |_| json!({"concurrency": 3}),
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
    write(
        "delete /v1/collections/{id}",
        "knowledge:write",
        PathId::Collection,
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
