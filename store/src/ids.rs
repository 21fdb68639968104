use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Declares an id that cannot be mistaken for another's. Ids are UUIDv7: they sort by the time they were made.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromSql<diesel::sql_types::Uuid, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                FromSql::<diesel::sql_types::Uuid, Pg>::from_sql(value).map(Self)
            }
        }

        impl ToSql<diesel::sql_types::Uuid, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                ToSql::<diesel::sql_types::Uuid, Pg>::to_sql(&self.0, out)
            }
        }
    )*};
}

ids! {
    /// A customer of the platform.
    TenantId;
    /// One API key of a tenant.
    ApiKeyId;
    /// A knowledge base of a tenant.
    KnowledgeBaseId;
    /// A document of a knowledge base.
    DocumentId;
    /// Some of a base's documents.
    CollectionId;
    /// A chunk of a document; stable while its text and headings stay.
    ChunkId;
    /// An uploaded file.
    BlobId;
    /// Something that a tenant has paused.
    PauseId;
    /// A limit that a tenant has set.
    LimitId;
    /// What a tenant has submitted again and again.
    ScheduleId;
    /// Where documents come from by themselves.
    SourceId;
    /// Questions to a knowledge base, with what is relevant to them.
    TestSetId;
    /// One of them.
    TestQuestionId;
    /// One run of a test set; also the id of its job.
    EvaluationId;
    /// Jobs that belong together; also the id of the job that follows them.
    BatchId;
    /// Where a tenant wants to be told of events.
    WebhookId;
    /// One event for one webhook.
    WebhookDeliveryId;
    /// A deletion; also the id of the job that carries it out.
    DeletionId;
    /// A job. The only id that is unique across tenants by constraint.
    JobId;
}

impl EvaluationId {
    #[must_use]
    pub fn of_job(job: JobId) -> Self {
        Self(job.0)
    }
}

impl BatchId {
    /// The job that follows the batch, where one does.
    #[must_use]
    pub fn as_job(self) -> JobId {
        JobId(self.0)
    }
}

impl DeletionId {
    /// The job that carries it out.
    #[must_use]
    pub fn as_job(self) -> JobId {
        JobId(self.0)
    }
}
