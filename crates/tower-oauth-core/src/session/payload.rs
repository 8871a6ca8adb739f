//! [`Payload`]: the content of a record, encoded and sealed only when a store asks for bytes.

use std::fmt;
use std::ptr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{Session, StoreError, StoreKey, record};
use crate::key_ring::{KeyRing, Purpose};
use crate::random::Random;

/// The content of a record, opaque to a store.
///
/// A store inside the process clones it, which copies a pointer. A store outside the process writes
/// [`to_bytes`](Self::to_bytes) and hands back [`from_bytes`](Self::from_bytes). Clones of those remember
/// together what they were opened to, so a cache that keeps one keeps the session too.
#[derive(Clone)]
pub struct Payload(Inner);

#[derive(Clone)]
enum Inner {
    Session { session: Arc<Session>, key: StoreKey, codec: Arc<SessionCodec> },
    Sealed(Arc<Sealed>),
}

struct Sealed {
    bytes: Bytes,
    opened: OnceLock<Opened>,
}

/// What sealed bytes were opened to, and with what: the answer to that question alone.
struct Opened {
    application: Arc<str>,
    keys: Arc<KeyRing>,
    key: StoreKey,
    session: Arc<Session>,
}

impl Payload {
    /// The payload that a store read back.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Inner::Sealed(Arc::new(Sealed { bytes: bytes.into(), opened: OnceLock::new() })))
    }

    /// The sealed bytes to keep.
    ///
    /// # Errors
    ///
    /// When there is no randomness to seal with.
    pub fn to_bytes(&self) -> Result<Bytes, StoreError> {
        match &self.0 {
            Inner::Sealed(sealed) => Ok(sealed.bytes.clone()),
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
    pub(super) application: Arc<str>,
    pub(super) keys: Arc<KeyRing>,
    pub(super) random: Arc<dyn Random>,
}

impl SessionCodec {
    /// A codec that seals with `keys` for one `application`, as in its base URL. Another application opens
    /// nothing of it, even with the same keys and the same store.
    #[must_use]
    pub fn new(application: String, keys: Arc<KeyRing>, random: Arc<dyn Random>) -> Self {
        Self { application: application.into(), keys, random }
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
        self.take(payload.clone(), key)
    }

    /// The same of a payload that the caller is done with: if nobody else has it, it is opened where it is.
    #[must_use]
    pub fn take(&self, payload: Payload, key: &StoreKey) -> Option<Arc<Session>> {
        match payload.0 {
            Inner::Session { session, codec, .. } => {
                let is_own = ptr::eq(&*codec, self) || codec.application == self.application;
                is_own.then_some(session)
            }
            Inner::Sealed(sealed) => {
                let known = sealed.opened.get().filter(|opened| self.opens_to(opened, key));
                if let Some(opened) = known {
                    return Some(Arc::clone(&opened.session));
                }
                let open = |bytes: Vec<u8>| {
                    let plaintext = self.keys.open(Purpose::Session, &self.context(key), bytes)?;
                    record::decode(plaintext).map(Arc::new)
                };
                let shared = match Arc::try_unwrap(sealed) {
                    Ok(sealed) => return open(sealed.bytes.into()),
                    Err(shared) => shared,
                };
                let session = open(shared.bytes.to_vec())?;
                // Whoever came first is remembered; another codec then opens anew every time.
                shared.opened.get_or_init(|| Opened {
                    application: Arc::clone(&self.application),
                    keys: Arc::clone(&self.keys),
                    key: *key,
                    session: Arc::clone(&session),
                });
                Some(session)
            }
        }
    }

    /// Whether this codec would come to the same. `opened` holds on to its key ring, so that no other ring
    /// can have its address.
    fn opens_to(&self, opened: &Opened, key: &StoreKey) -> bool {
        opened.key == *key
            && Arc::ptr_eq(&opened.keys, &self.keys)
            && opened.application == self.application
    }

    /// The record's own key is part of the seal, so a record copied under another key does not open.
    fn seal(&self, session: &Session, key: &StoreKey) -> Result<Bytes, StoreError> {
        let plaintext = record::encode(session);
        self.keys
            .seal(Purpose::Session, &self.context(key), &plaintext, &*self.random)
            .map(Bytes::from)
            .map_err(StoreError::failed)
    }

    pub(super) fn context(&self, key: &StoreKey) -> Vec<u8> {
        [key.as_bytes().as_slice(), self.application.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionId;
    use crate::testing::{Counter, secret, session};

    struct Fixture {
        random: Arc<Counter>,
        keys: Arc<KeyRing>,
        key: StoreKey,
    }

    fn keys(secret_of: &str) -> Arc<KeyRing> {
        Arc::new(KeyRing::new("secret", &secret(secret_of)).unwrap())
    }

    impl Fixture {
        fn new() -> Self {
            let random = Arc::new(Counter::default());
            let keys = keys("of this test");
            let key = SessionId::generate(&*random).unwrap().store_key();
            Self { random, keys, key }
        }

        fn codec(&self, application: &str) -> Arc<SessionCodec> {
            let (keys, random) = (Arc::clone(&self.keys), self.random.clone());
            Arc::new(SessionCodec::new(application.into(), keys, random))
        }

        fn bytes(&self) -> Bytes {
            let payload = self.codec("https://app").payload(Arc::new(session()), self.key);
            payload.to_bytes().unwrap()
        }
    }

    #[test]
    fn p21_a_record_opens_under_its_own_key_alone() {
        let f = Fixture::new();
        let codec = f.codec("https://app");
        let other = SessionId::generate(&*f.random).unwrap().store_key();
        assert!(codec.open(&Payload::from_bytes(f.bytes()), &f.key).is_some());
        assert!(codec.open(&Payload::from_bytes(f.bytes()), &other).is_none());
        // And where it is, if nobody else has it.
        assert!(codec.take(Payload::from_bytes(f.bytes()), &f.key).is_some());
        assert!(codec.take(Payload::from_bytes(f.bytes()), &other).is_none());
        assert!(f.codec("https://other").take(Payload::from_bytes(f.bytes()), &f.key).is_none());
    }

    #[test]
    fn clones_of_sealed_bytes_are_opened_once() {
        let f = Fixture::new();
        let codec = f.codec("https://app");
        let payload = Payload::from_bytes(f.bytes());
        let clone = payload.clone();
        let first = codec.open(&payload, &f.key).unwrap();
        let again = codec.open(&clone, &f.key).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let apart = codec.open(&Payload::from_bytes(f.bytes()), &f.key).unwrap();
        assert!(!Arc::ptr_eq(&first, &apart));
    }

    #[test]
    fn p21_what_was_opened_is_remembered_for_that_codec_and_key_alone() {
        let f = Fixture::new();
        let payload = Payload::from_bytes(f.bytes());
        let codec = f.codec("https://app");
        let first = codec.open(&payload, &f.key).unwrap();
        let other_key = SessionId::generate(&*f.random).unwrap().store_key();
        assert!(codec.open(&payload, &other_key).is_none(), "another key");
        assert!(f.codec("https://other").open(&payload, &f.key).is_none(), "another application");
        let other_secret = Fixture { keys: keys("of another"), ..Fixture::new() };
        let other_secret = other_secret.codec("https://app");
        assert!(other_secret.open(&payload, &f.key).is_none(), "another secret");
        // The same secret in another ring opens it, by opening it.
        let same = Fixture::new().codec("https://app");
        assert!(!Arc::ptr_eq(&same.open(&payload, &f.key).unwrap(), &first));
    }
}
