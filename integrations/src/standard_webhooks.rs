//! Signatures of the Standard Webhooks specification (<https://www.standardwebhooks.com>): HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac::{self, HMAC_SHA256, Key};

/// The names of the headers.
pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// The value of `webhook-signature`: one `v1,<base64>` for each secret, apart by spaces. A receiver accepts any one that it can verify, which is
/// how secrets are rotated. `timestamp` in seconds since 1970.
#[must_use]
pub fn sign<'a>(secrets: impl IntoIterator<Item = &'a [u8]>, id: &str, timestamp: i64, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body].concat();
    let signatures = secrets.into_iter().map(|secret| {
        let tag = hmac::sign(&Key::new(HMAC_SHA256, secret), &signed);
        format!("v1,{}", BASE64_STANDARD.encode(tag))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The vector of the specification's reference libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let signature = sign([secret.as_slice()], id, 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs() {
        let both = sign([b"a".as_slice(), b"b"], "id", 1, b"{}");
        let [a, b] = [b"a", b"b"].map(|secret| sign([secret.as_slice()], "id", 1, b"{}"));
        assert_eq!(both, format!("{a} {b}"));
    }
}
