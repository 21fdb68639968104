/// What PostgreSQL says of 55P03, which reaches us as its message only, where the server speaks English.
pub(crate) const LOCK_TIMEOUT: &str = "canceling statement due to lock timeout";

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not there, or belongs to another tenant: from inside a tenant the two look alike.
    #[error("{what} not found")]
    NotFound { what: &'static str },
    /// A unique value is taken, or the row is in a state that rules the change out.
    #[error("{what}")]
    Conflict { what: &'static str },
    /// The job's lease belongs to someone else by now; nothing was written.
    #[error("the job's lease was lost")]
    LeaseLost,
    #[error("database query failed")]
    Query(#[from] diesel::result::Error),
    #[error("no database connection: {0}")]
    Unavailable(String),
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    #[error("migration failed: {0}")]
    Migration(String),
    #[error("{0}")]
    Version(String),
    /// A URL logs in as a role that must not be used for it.
    #[error("{0}")]
    Login(String),
    /// The database lacks migrations without which this binary does not work.
    #[error("{0}")]
    Behind(String),
    #[error(transparent)]
    Seal(#[from] crate::secrets::SealError),
}

impl StoreError {
    /// Whether the same call may succeed in a moment.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        match self {
            Self::Unavailable(_) => true,
            // 40P01, 57014, 55P03 and 53200, which have no kinds of their own, where the server speaks English.
            Self::Query(Error::DatabaseError(DatabaseErrorKind::Unknown, told)) => matches!(
                told.message(),
                "deadlock detected" | "canceling statement due to statement timeout" | LOCK_TIMEOUT | "out of memory"
            ),
            Self::Query(Error::DatabaseError(kind, _)) => {
                matches!(
                    kind,
                    DatabaseErrorKind::ClosedConnection
                        // A standby, or a server that is being replaced by one.
                        | DatabaseErrorKind::ReadOnlyTransaction
                        | DatabaseErrorKind::SerializationFailure
                        | DatabaseErrorKind::UnableToSendCommand
                )
            }
            Self::Query(Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. }) => true,
            _ => false,
        }
    }

    /// Whether Postgres gave a reason that the driver does not tell from others: a full disk, or something that cannot be stored.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(self, Self::Query(Error::DatabaseError(DatabaseErrorKind::Unknown, _)))
    }

    /// Whether the connection was found dead, so that the same on another may succeed.
    pub(crate) fn is_closed(error: &diesel::result::Error) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(
            error,
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _
            )
        )
    }

    /// Whether the server takes no changes: after a failover the connection may be to what is now a standby, and another is not.
    pub(crate) fn is_read_only(error: &diesel::result::Error) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(error, Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _))
    }

    /// Whether a row had changed since the statement, or its transaction, began.
    pub(crate) fn is_change(error: &diesel::result::Error) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(error, Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
    }

    /// `Conflict { what }` when a unique constraint refused the row.
    pub(crate) fn or_conflict(error: diesel::result::Error, what: &'static str) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Conflict { what },
            error => Self::Query(error),
        }
    }

    /// `NotFound { what }` when no row came back.
    pub(crate) fn or_not_found(error: diesel::result::Error, what: &'static str) -> Self {
        match error {
            diesel::result::Error::NotFound => Self::NotFound { what },
            error => Self::Query(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::result::{DatabaseErrorKind, Error};

    #[test]
    fn what_took_too_long_may_be_tried_again_and_what_is_wrong_may_not() {
        let told = |message: &str| {
            StoreError::Query(Error::DatabaseError(
                DatabaseErrorKind::Unknown,
                Box::new(message.to_owned()),
            ))
        };
        for message in [
            "deadlock detected",
            "canceling statement due to statement timeout",
            "canceling statement due to lock timeout",
            "out of memory",
        ] {
            assert!(told(message).is_transient(), "{message}");
        }
        assert!(!told("division by zero").is_transient());
        let read_only = Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, Box::new(String::new()));
        assert!(StoreError::Query(read_only).is_transient());
    }
}
