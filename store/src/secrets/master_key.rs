use crate::TenantId;
use config::{ExposeSecret, SecretSlice, SecretString};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use uuid::Uuid;

/// What a sealed secret begins with; another layout gets another number.
const LAYOUT: u8 = 1;
const KEY_ID_LEN: usize = 8;
const KEY_LEN: usize = 32;
const TAG_LEN: usize = 16;
const WRAPPED_LEN: usize = NONCE_LEN + KEY_LEN + TAG_LEN;

/// Why a secret cannot be sealed or opened. The texts hold neither keys nor secrets.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Whoever is configured with that key can open it.
    #[error("the secret was sealed under master key {sealed}, and this process has {configured}")]
    OtherKey { sealed: String, configured: String },
    #[error("the sealed secret was changed, or belongs to another row")]
    Broken,
    #[error("the system gives no random numbers")]
    NoRandomness,
}

/// Which row a sealed secret belongs to. Copied to any other it cannot be opened.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Table and column.
    pub place: &'static str,
    pub tenant: TenantId,
    pub row: Uuid,
}

impl Binding {
    fn bytes(&self) -> Vec<u8> {
        [
            self.place.as_bytes(),
            &[0],
            self.tenant.0.as_bytes(),
            self.row.as_bytes(),
        ]
        .concat()
    }
}

/// A master key: its encryption key and the id that stands in everything sealed under it are derived from the setting (HKDF-SHA256, RFC 5869).
#[derive(Clone)]
pub(super) struct MasterKey {
    key: LessSafeKey,
    id: [u8; KEY_ID_LEN],
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", name(&self.id))
    }
}

impl MasterKey {
    /// `None` only where the platform's cryptography fails.
    pub(super) fn derive(setting: &SecretString) -> Option<Self> {
        let secret = Salt::new(HKDF_SHA256, b"visualkit").extract(setting.expose_secret().as_bytes());
        let (mut key, mut id) = ([0; KEY_LEN], [0; KEY_ID_LEN]);
        secret
            .expand(&[b"encryption"], Length(KEY_LEN))
            .ok()?
            .fill(&mut key)
            .ok()?;
        secret.expand(&[b"id"], Length(KEY_ID_LEN)).ok()?.fill(&mut id).ok()?;
        Some(Self {
            key: aead(&key).ok()?,
            id,
        })
    }

    /// Encrypts the secret under a fresh key, and that under the master key: `layout | master key's id | wrapped key | encrypted secret`,
    /// the last two each as nonce, ciphertext and tag of AES-256-GCM.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub(super) fn seal(&self, binding: Binding, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let data_key: [u8; KEY_LEN] = random()?;
        let aad = binding.bytes();
        let mut sealed = vec![LAYOUT];
        sealed.extend(self.id);
        sealed.extend(encrypt(&self.key, &aad, &data_key)?);
        sealed.extend(encrypt(&aead(&data_key)?, &aad, secret)?);
        Ok(sealed)
    }

    /// # Errors
    /// [`SealError::OtherKey`]; [`SealError::Broken`] also when `binding` names another row than the one it was sealed for.
    pub(super) fn open(&self, binding: Binding, sealed: &[u8]) -> Result<SecretSlice<u8>, SealError> {
        let data_key = self.unwrap(binding, sealed)?;
        let data_key = data_key.expose_secret().try_into().map_err(|_| SealError::Broken)?;
        decrypt(&aead(data_key)?, &binding.bytes(), Parts::of(sealed)?.encrypted)
    }

    /// The same secret under the same key of its own, and that under this master key instead of `old`. What is sealed is not read.
    ///
    /// # Errors
    /// As [`open`](Self::open) with `old`.
    pub(super) fn rewrap(&self, old: &Self, binding: Binding, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let data_key = old.unwrap(binding, sealed)?;
        let mut rewrapped = vec![LAYOUT];
        rewrapped.extend(self.id);
        rewrapped.extend(encrypt(&self.key, &binding.bytes(), data_key.expose_secret())?);
        rewrapped.extend(Parts::of(sealed)?.encrypted);
        Ok(rewrapped)
    }

    /// Whether it was sealed under this key.
    pub(super) fn sealed(&self, sealed: &[u8]) -> bool {
        Parts::of(sealed).is_ok_and(|parts| parts.id == self.id)
    }

    /// What stands in everything sealed under it, in hexadecimal digits.
    pub(super) fn name(&self) -> String {
        name(&self.id)
    }

    fn unwrap(&self, binding: Binding, sealed: &[u8]) -> Result<SecretSlice<u8>, SealError> {
        let parts = Parts::of(sealed)?;
        if parts.id != self.id {
            return Err(SealError::OtherKey {
                sealed: name(parts.id),
                configured: self.name(),
            });
        }
        decrypt(&self.key, &binding.bytes(), parts.wrapped)
    }
}

/// A sealed secret, taken apart.
struct Parts<'a> {
    id: &'a [u8],
    wrapped: &'a [u8],
    encrypted: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Result<Self, SealError> {
        let rest = sealed.strip_prefix(&[LAYOUT]).ok_or(SealError::Broken)?;
        let (id, rest) = rest.split_at_checked(KEY_ID_LEN).ok_or(SealError::Broken)?;
        let (wrapped, encrypted) = rest.split_at_checked(WRAPPED_LEN).ok_or(SealError::Broken)?;
        Ok(Self { id, wrapped, encrypted })
    }
}

/// How many bytes HKDF is to make.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn aead(key: &[u8; KEY_LEN]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::Broken)?;
    Ok(LessSafeKey::new(key))
}

fn encrypt(key: &LessSafeKey, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE_LEN] = random()?;
    let mut text = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut text)
        .map_err(|_| SealError::Broken)?;
    Ok([&nonce, text.as_slice()].concat())
}

fn decrypt(key: &LessSafeKey, aad: &[u8], sealed: &[u8]) -> Result<SecretSlice<u8>, SealError> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Broken)?;
    let mut text = text.to_vec();
    let plain = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut text)
        .map_err(|_| SealError::Broken)?;
    Ok(plain.to_vec().into())
}

fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| SealError::NoRandomness)?;
    Ok(bytes)
}

fn name(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn key(setting: &str) -> MasterKey {
        MasterKey::derive(&setting.to_owned().into()).unwrap()
    }

    fn binding() -> Binding {
        Binding {
            place: "table.column",
            tenant: TenantId(Uuid::from_u128(1)),
            row: Uuid::from_u128(2),
        }
    }

    #[test]
    fn a_secret_comes_back_and_is_never_sealed_the_same_way_twice() {
        let (key, secret) = (key("one"), b"very secret");
        let sealed = key.seal(binding(), secret).unwrap();
        assert_eq!(key.open(binding(), &sealed).unwrap().expose_secret(), secret);
        assert_ne!(key.seal(binding(), secret).unwrap(), sealed);
        assert!(!sealed.windows(secret.len()).any(|part| part == secret));
    }

    #[test]
    fn in_another_row_table_or_tenant_it_cannot_be_opened() {
        let key = key("one");
        let sealed = key.seal(binding(), b"x").unwrap();
        let others = [
            Binding {
                place: "other",
                ..binding()
            },
            Binding {
                tenant: TenantId(Uuid::from_u128(3)),
                ..binding()
            },
            Binding {
                row: Uuid::from_u128(3),
                ..binding()
            },
        ];
        for other in others {
            assert!(matches!(key.open(other, &sealed), Err(SealError::Broken)), "{other:?}");
        }
    }

    #[test]
    fn another_master_key_is_told_from_a_broken_secret() {
        let sealed = key("one").seal(binding(), b"x").unwrap();
        assert!(matches!(
            key("two").open(binding(), &sealed),
            Err(SealError::OtherKey { .. })
        ));
        for at in [0, sealed.len() - 1, KEY_ID_LEN + 1, KEY_ID_LEN + WRAPPED_LEN + 1] {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert!(
                matches!(key("one").open(binding(), &broken), Err(SealError::Broken)),
                "byte {at}"
            );
        }
        for short in [0, 1, 9, 40, sealed.len() - 17] {
            assert!(key("one").open(binding(), &sealed[..short]).is_err());
        }
    }

    #[test]
    fn rewrapped_it_opens_under_the_new_key_only_and_nothing_but_the_wrapping_has_changed() {
        let (old, new) = (key("one"), key("two"));
        let sealed = old.seal(binding(), b"x").unwrap();
        let rewrapped = new.rewrap(&old, binding(), &sealed).unwrap();
        assert_eq!(new.open(binding(), &rewrapped).unwrap().expose_secret(), b"x");
        assert!(matches!(
            old.open(binding(), &rewrapped),
            Err(SealError::OtherKey { .. })
        ));
        assert!(new.sealed(&rewrapped) && !old.sealed(&rewrapped));
        let tail = 1 + KEY_ID_LEN + WRAPPED_LEN;
        assert_eq!(rewrapped[tail..], sealed[tail..]);
        let elsewhere = Binding {
            row: Uuid::from_u128(3),
            ..binding()
        };
        assert!(matches!(new.rewrap(&old, elsewhere, &sealed), Err(SealError::Broken)));
    }

    #[test]
    fn a_key_prints_its_id_and_nothing_else() {
        let printed = format!("{:?}", key("a master key"));
        assert!(printed.starts_with("MasterKey(") && printed.len() == 27, "{printed}");
    }
}
