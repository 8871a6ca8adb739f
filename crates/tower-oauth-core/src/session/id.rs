//! Session ids: the browser holds the id, the store only ever sees its hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::{self, Random, RandomUnavailable};
use crate::secret::sha256;

/// The bearer credential of a session: 256 random bits, 43 characters in the cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// Draws a new id.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        random::bytes32(random).map(Self)
    }

    /// Reads an id from a cookie; `None` unless it has exactly the form that
    /// [`cookie_value`](Self::cookie_value) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Some(Self(bytes)),
            _ => None,
        }
    }

    /// The id for the cookie.
    #[must_use]
    pub fn cookie_value(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The key under which a store holds the session.
    #[must_use]
    pub fn store_key(&self) -> StoreKey {
        StoreKey(sha256(&self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// SHA-256 of a session id: whoever reads the store cannot sign in with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreKey([u8; 32]);

impl StoreKey {
    /// Reads a key as [`Display`](fmt::Display) writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        SessionId::parse(text).map(|SessionId(bytes)| Self(bytes))
    }

    /// Where it is kept until when the sessions of `sid` at `issuer` ended.
    #[must_use]
    pub fn ended_sid(issuer: &str, sid: &str) -> Self {
        Self::ended(b"ended sid", issuer, sid)
    }

    /// The same for the sessions of `subject`.
    #[must_use]
    pub fn ended_subject(issuer: &str, subject: &str) -> Self {
        Self::ended(b"ended subject", issuer, subject)
    }

    /// The length keeps `("ab", "c")` and `("a", "bc")` apart. No session's key is one: those hash 32 bytes.
    fn ended(kind: &[u8], issuer: &str, value: &str) -> Self {
        let length = (issuer.len() as u64).to_be_bytes();
        Self(sha256(&[kind, b"\0", &length, issuer.as_bytes(), value.as_bytes()].concat()))
    }

    /// The key with these bytes, for a store that kept them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key as bytes, for a store that keeps binary keys.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The key as 43 characters of the URL-safe base64 alphabet, for a store that keeps text.
impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Enough of the key to find lines of one session in a log.
impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_string();
        write!(f, "StoreKey({}..)", text.get(..8).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counter;

    #[test]
    fn the_cookie_value_reads_back() {
        let id = SessionId::generate(&Counter::default()).unwrap();
        assert_eq!(id.cookie_value().len(), 43);
        assert_eq!(SessionId::parse(&id.cookie_value()), Some(id));
    }

    #[test]
    fn malformed_ids_are_not_ids() {
        for text in ["", "x", &"A".repeat(42), &"A".repeat(44), &"+".repeat(43)] {
            assert!(SessionId::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn k07_neither_debug_nor_the_store_key_shows_the_id() {
        let id = SessionId::generate(&Counter::default()).unwrap();
        assert_eq!(format!("{id:?}"), "SessionId(..)");
        let cookie_value = id.cookie_value();
        let (start, _) = cookie_value.split_at(8);
        assert!(!id.store_key().to_string().contains(start));
    }
}
