//! [`Payload`]: the content of a record, encoded and sealed only when a store asks for bytes.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Session, StoreError, StoreKey, record};
use crate::key_ring::{KeyRing, Purpose};
use crate::random::Random;

/// The content of a record, opaque to a store.
///
/// A store inside the process clones it, which copies a pointer. A store outside the process writes
/// [`to_bytes`](Self::to_bytes) and hands back [`from_bytes`](Self::from_bytes).
#[derive(Clone)]
pub struct Payload(Inner);

#[derive(Clone)]
enum Inner {
    Session { session: Arc<Session>, key: StoreKey, codec: Arc<SessionCodec> },
    Sealed(Bytes),
}

impl Payload {
    /// The payload that a store read back.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Inner::Sealed(bytes.into()))
    }

    /// The sealed bytes to keep.
    ///
    /// # Errors
    ///
    /// When there is no randomness to seal with.
    pub fn to_bytes(&self) -> Result<Bytes, StoreError> {
        match &self.0 {
            Inner::Sealed(bytes) => Ok(bytes.clone()),
            Inner::Session { session, key, codec } => codec.seal(session, key),
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload(..)")
    }
}

/// Turns sessions into payloads and back. Every replica that shares a store has the same keys.
#[derive(Debug)]
pub struct SessionCodec {
    pub(super) application: String,
    pub(super) keys: Arc<KeyRing>,
    pub(super) random: Arc<dyn Random>,
}

impl SessionCodec {
    /// A codec that seals with `keys` for one `application`, as in its base URL. Another application opens
    /// nothing of it, even with the same keys and the same store.
    #[must_use]
    pub fn new(application: String, keys: Arc<KeyRing>, random: Arc<dyn Random>) -> Self {
        Self { application, keys, random }
    }

    /// The payload of `session`, to be kept under `key`. Encodes nothing yet.
    #[must_use]
    pub fn payload(self: &Arc<Self>, session: Arc<Session>, key: StoreKey) -> Payload {
        Payload(Inner::Session { session, key, codec: Arc::clone(self) })
    }

    /// The session in a payload that was kept under `key`. `None` if these keys did not seal it for
    /// that key, or it has a format of another version: it then counts as absent.
    #[must_use]
    pub fn open(&self, payload: &Payload, key: &StoreKey) -> Option<Arc<Session>> {
        match &payload.0 {
            Inner::Session { session, codec, .. } => {
                (codec.application == self.application).then(|| Arc::clone(session))
            }
            Inner::Sealed(bytes) => {
                let plaintext = self.keys.open(Purpose::Session, &self.context(key), bytes)?;
                record::decode(&plaintext).map(Arc::new)
            }
        }
    }

    /// The record's own key is part of the seal, so a record copied under another key does not open.
    fn seal(&self, session: &Session, key: &StoreKey) -> Result<Bytes, StoreError> {
        let plaintext = record::encode(session).map_err(StoreError::failed)?;
        self.keys
            .seal(Purpose::Session, &self.context(key), &plaintext, &*self.random)
            .map(Bytes::from)
            .map_err(StoreError::failed)
    }

    fn context(&self, key: &StoreKey) -> Vec<u8> {
        [key.as_bytes().as_slice(), self.application.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionId;
    use crate::testing::{Counter, secret, session};

    #[test]
    fn p21_a_record_opens_under_its_own_key_alone() {
        let random = Arc::new(Counter::default());
        let keys = KeyRing::new("secret", &secret("of this test")).unwrap();
        let codec = SessionCodec::new("https://app".into(), Arc::new(keys), random.clone());
        let codec = Arc::new(codec);
        let key = || SessionId::generate(&*random).unwrap().store_key();
        let (own, other) = (key(), key());
        let bytes = codec.payload(Arc::new(session()), own).to_bytes().unwrap();
        assert!(codec.open(&Payload::from_bytes(bytes.clone()), &own).is_some());
        assert!(codec.open(&Payload::from_bytes(bytes), &other).is_none());
    }
}
