use axum::http::StatusCode;

/// Declares the codes once, with all that follows from them.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal, $title:literal;)*) => {
        /// What kind of problem a response reports. Each has exactly one status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemCode {$(
            $(#[$doc])*
            $name,
        )*}

        impl ProblemCode {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// Stable, for programs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The same for every problem of the code.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson = BAD_REQUEST, "malformed_json", "Malformed JSON";
    /// The body is not the multipart form it says it is.
    MalformedMultipart = BAD_REQUEST, "malformed_multipart", "Malformed multipart form";
    /// The body could not be read to its end.
    MalformedBody = BAD_REQUEST, "malformed_body", "Unreadable body";
    /// A query parameter is unknown or out of range.
    InvalidQuery = BAD_REQUEST, "invalid_query", "Invalid query";
    /// The cursor is none that a list returned.
    InvalidCursor = BAD_REQUEST, "invalid_cursor", "Invalid cursor";
    /// A header cannot be understood.
    InvalidHeader = BAD_REQUEST, "invalid_header", "Invalid header";
    /// No key, or one that does not work.
    Unauthenticated = UNAUTHORIZED, "unauthenticated", "Not authenticated";
    /// The key may not do this.
    Forbidden = FORBIDDEN, "forbidden", "Not allowed";
    /// A publishable key was used from a page it is not for.
    OriginNotAllowed = FORBIDDEN, "origin_not_allowed", "Origin not allowed";
    /// There is no such thing, or it is another tenant's.
    NotFound = NOT_FOUND, "not_found", "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed";
    /// The state of the resource rules the change out.
    Conflict = CONFLICT, "conflict", "Conflict";
    /// A base's search settings change only to what was evaluated on its gate.
    GateNotEvaluated = CONFLICT, "gate_not_evaluated", "Not evaluated";
    /// The change loses significantly on the base's gate.
    GateLost = CONFLICT, "gate_lost", "Worse than before";
    /// The idempotency key was used for another request.
    IdempotencyMismatch = CONFLICT, "idempotency_mismatch", "Idempotency key used for another request";
    /// The resource is no longer what the client believes it to be.
    PreconditionFailed = PRECONDITION_FAILED, "precondition_failed", "Changed meanwhile";
    /// The body or a file in it is over the limit.
    TooLarge = PAYLOAD_TOO_LARGE, "too_large", "Too large";
    /// The content type is not one we read.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type";
    /// Fields are missing, wrong or unknown: `errors` lists them all.
    Invalid = UNPROCESSABLE_ENTITY, "invalid", "Invalid request";
    /// A text contains U+0000.
    ContainsNul = UNPROCESSABLE_ENTITY, "contains_nul", "Text contains a NUL character";
    /// A text is not UTF-8.
    InvalidUtf8 = UNPROCESSABLE_ENTITY, "invalid_utf8", "Text is not UTF-8";
    /// Clients cannot submit jobs of this kind.
    UnknownKind = UNPROCESSABLE_ENTITY, "unknown_kind", "Unknown job kind";
    /// The key, or the address, has made too many requests.
    RateLimited = TOO_MANY_REQUESTS, "rate_limited", "Too many requests";
    /// Our fault; logged under the request id.
    Internal = INTERNAL_SERVER_ERROR, "internal", "Internal error";
    /// Something we depend on is away, or we are full.
    Unavailable = SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable";
    /// The installation lacks a setting that this needs.
    NotConfigured = SERVICE_UNAVAILABLE, "not_configured", "Not set up";
    /// The request took longer than requests may.
    TimedOut = SERVICE_UNAVAILABLE, "timed_out", "Timed out";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_every_code_with_its_status() {
        let documentation = include_str!("../../docs/API.md");
        for code in ProblemCode::ALL {
            let row = format!("| {} | `{}` |", code.status().as_u16(), code.as_str());
            assert!(documentation.contains(&row), "docs/API.md has no row {row}");
        }
    }
}
