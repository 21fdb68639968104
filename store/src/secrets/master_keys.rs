use super::master_key::MasterKey;
use super::{Binding, SealError};
use config::{SecretSettings, SecretSlice};

/// The installation's master keys: `secrets.master_key`, under which everything is sealed, and `secrets.accepted_master_keys`, which only
/// open what was sealed under them.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    sealing: MasterKey,
    accepted: Vec<MasterKey>,
}

impl MasterKeys {
    /// `None`: there is no master key, and so nothing is sealed or opened.
    #[must_use]
    pub fn of(settings: &SecretSettings) -> Option<Self> {
        let accepted = settings.accepted_master_keys();
        Some(Self {
            sealing: MasterKey::derive(settings.master_key.as_ref()?)?,
            accepted: accepted.iter().map(MasterKey::derive).collect::<Option<_>>()?,
        })
    }

    /// Encrypts the secret under a fresh key, and that under the master key.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(&self, binding: Binding, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        self.sealing.seal(binding, secret)
    }

    /// # Errors
    /// [`SealError::OtherKey`]; [`SealError::Broken`] also when `binding` names another row than the one it was sealed for.
    pub fn open(&self, binding: Binding, sealed: &[u8]) -> Result<SecretSlice<u8>, SealError> {
        self.of_sealed(sealed).open(binding, sealed)
    }

    /// The same secret under `secrets.master_key`; `None` where it is already.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn rewrap(&self, binding: Binding, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        if self.sealing.sealed(sealed) {
            // Opened to see that it is whole.
            return self.sealing.open(binding, sealed).map(|_| None);
        }
        self.sealing.rewrap(self.of_sealed(sealed), binding, sealed).map(Some)
    }

    /// The id of the key that seals, in hexadecimal digits.
    #[must_use]
    pub fn sealing_id(&self) -> String {
        self.sealing.name()
    }

    /// The key that it was sealed under, or the sealing one, which then says that it was not.
    fn of_sealed(&self, sealed: &[u8]) -> &MasterKey {
        self.accepted
            .iter()
            .find(|key| key.sealed(sealed))
            .unwrap_or(&self.sealing)
    }
}
