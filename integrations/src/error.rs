use std::time::Duration;

/// Why a call to a vendor or a model gave nothing. `system` names who failed: a host name or a model id.
///
/// The texts may be shown to operators; they hold no request bodies and no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntegrationError {
    /// No connection could be made: nothing was sent.
    #[error("{system} cannot be reached: {reason}")]
    Unreachable { system: String, reason: String },
    /// The connection broke, or it said that it is broken just now.
    #[error("{system} is unavailable: {reason}")]
    Unavailable { system: String, reason: String },
    /// It asked us to slow down; `retry_after` is what it asked for, if it said so.
    #[error("{system} limits our rate of requests")]
    RateLimited {
        system: String,
        retry_after: Option<Duration>,
    },
    /// It understood us and said no; asking again changes nothing.
    #[error("{system} rejected the request: {reason}")]
    Rejected { system: String, reason: String },
    /// It did not answer in time; whether it acted on the request is unknown.
    #[error("{system} did not answer in time")]
    Timeout { system: String },
    /// Something it needs is missing on our side; `what_to_do` is addressed to the operator.
    #[error("{system} is not set up: {what_to_do}")]
    NotConfigured { system: String, what_to_do: String },
    /// We refuse to send anything there: the address is not one that tenants may reach.
    #[error("requests to {system} are not allowed: {reason}")]
    Forbidden { system: String, reason: String },
    /// It answered with more than we read.
    #[error("{system} gave an answer larger than {bytes_max} bytes")]
    AnswerTooLarge { system: String, bytes_max: usize },
    /// It answered with something other than its protocol promises.
    #[error("{system} gave an answer that cannot be read: {reason}")]
    InvalidAnswer { system: String, reason: String },
}

/// What a job that met the error should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAdvice {
    /// Try again after the caller's own backoff.
    Retry,
    /// Try again, but not before this much time has passed.
    RetryAfter(Duration),
    /// Trying again cannot help until somebody changes something.
    Permanent,
}

impl IntegrationError {
    /// The one place that decides which failures are worth another attempt.
    ///
    /// `NotConfigured` is permanent: an operator must act first, and can then retry the dead jobs. After a `Timeout`
    /// the request may have taken effect, so a caller whose request is not idempotent must find out before it follows
    /// the advice.
    pub fn retry(&self) -> RetryAdvice {
        match self {
            Self::RateLimited {
                retry_after: Some(wait),
                ..
            } => RetryAdvice::RetryAfter(*wait),
            Self::RateLimited { retry_after: None, .. }
            | Self::Unreachable { .. }
            | Self::Unavailable { .. }
            | Self::Timeout { .. }
            | Self::InvalidAnswer { .. } => RetryAdvice::Retry,
            Self::Rejected { .. }
            | Self::AnswerTooLarge { .. }
            | Self::NotConfigured { .. }
            | Self::Forbidden { .. } => RetryAdvice::Permanent,
        }
    }

    /// Whether the other side may have acted on the request all the same. Where it may, only it can tell.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::RateLimited { .. }
            | Self::Rejected { .. }
            | Self::NotConfigured { .. }
            | Self::Forbidden { .. } => false,
            Self::Unavailable { .. }
            | Self::Timeout { .. }
            | Self::AnswerTooLarge { .. }
            | Self::InvalidAnswer { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_passes_on_the_wait_it_was_given() {
        let wait = Duration::from_secs(7);
        let limited = |retry_after| IntegrationError::RateLimited {
            system: "x".into(),
            retry_after,
        };
        assert_eq!(limited(Some(wait)).retry(), RetryAdvice::RetryAfter(wait));
        assert_eq!(limited(None).retry(), RetryAdvice::Retry);
    }

    #[test]
    fn only_what_was_not_sent_or_was_refused_certainly_had_no_effect() {
        let (system, reason) = (String::from("x"), String::from("y"));
        let unreachable = IntegrationError::Unreachable {
            system: system.clone(),
            reason: reason.clone(),
        };
        let broken = IntegrationError::Unavailable {
            system: system.clone(),
            reason: reason.clone(),
        };
        let refused = IntegrationError::Rejected {
            system: system.clone(),
            reason,
        };
        let late = IntegrationError::Timeout { system };
        assert_eq!(
            [unreachable, broken, refused, late].map(|error| error.may_have_taken_effect()),
            [false, true, false, true]
        );
    }

    #[test]
    fn outages_are_retried_and_refusals_are_not() {
        let (system, reason) = (String::from("x"), String::from("y"));
        let outage = IntegrationError::Unavailable {
            system: system.clone(),
            reason: reason.clone(),
        };
        let late = IntegrationError::Timeout { system: system.clone() };
        let refusal = IntegrationError::Rejected {
            system: system.clone(),
            reason: reason.clone(),
        };
        let forbidden = IntegrationError::Forbidden { system, reason };
        assert_eq!(outage.retry(), RetryAdvice::Retry);
        assert_eq!(late.retry(), RetryAdvice::Retry);
        assert_eq!(refusal.retry(), RetryAdvice::Permanent);
        assert_eq!(forbidden.retry(), RetryAdvice::Permanent);
    }
}
