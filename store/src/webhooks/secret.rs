use crate::secrets::{Binding, MasterKeys, SealError};
use crate::{TenantId, WebhookId};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use config::{ExposeSecret, SecretSlice, SecretString};
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes; Standard Webhooks asks for 24 to 64.
const LENGTH: usize = 32;

/// What the deliveries to one webhook are signed with. Prints as nothing.
#[derive(Clone, Debug)]
pub struct WebhookSecret(SecretSlice<u8>);

impl WebhookSecret {
    pub(super) fn generate() -> Result<Self, SealError> {
        let mut bytes = vec![0; LENGTH];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| SealError::NoRandomness)?;
        Ok(Self(bytes.into()))
    }

    pub(super) fn seal(&self, key: &MasterKeys, tenant: TenantId, webhook: WebhookId) -> Result<Vec<u8>, SealError> {
        key.seal(binding(tenant, webhook), self.0.expose_secret())
    }

    pub(super) fn open(
        key: &MasterKeys,
        tenant: TenantId,
        webhook: WebhookId,
        sealed: &[u8],
    ) -> Result<Self, SealError> {
        key.open(binding(tenant, webhook), sealed).map(Self)
    }

    /// `whsec_` and the bytes in base64, as receivers are given it.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        format!("whsec_{}", BASE64_STANDARD.encode(self.0.expose_secret())).into()
    }

    /// What an HMAC is keyed with.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

/// Of both secrets of a webhook: the present one becomes the one before as it is.
pub(crate) fn binding(tenant: TenantId, webhook: WebhookId) -> Binding {
    Binding {
        place: "webhook_endpoints.secret",
        tenant,
        row: webhook.0,
    }
}
