//! Session ids: the browser holds the id, the store only ever sees its hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::{self, Random, RandomUnavailable};
use crate::secret::sha256;

/// The bearer credential of a session: 256 random bits, as the 43 characters of the URL-safe base64 alphabet that are in
/// the cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId([u8; 43]);

impl SessionId {
    /// Draws a new id.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        // It always fits: 32 bytes are 43 characters.
        let text = random::token(random)?.into_bytes().try_into();
        text.map(Self).map_err(|_| RandomUnavailable)
    }

    /// Reads an id from a cookie; `None` unless it is of 43 ASCII characters. Of which, does not matter: what nobody drew is
    /// unknown to every store.
    #[must_use]
    pub fn parse(text: &(impl AsRef<[u8]> + ?Sized)) -> Option<Self> {
        let text: [u8; 43] = text.as_ref().try_into().ok()?;
        text.is_ascii().then_some(Self(text))
    }

    /// The id for the cookie.
    #[must_use]
    pub fn cookie_value(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
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
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
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

    /// The length keeps `("ab", "c")` and `("a", "bc")` apart. No session's key is one: those hash 43 characters of base64.
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
        for text in ["", "x", &"A".repeat(42), &"A".repeat(44), &format!("é{}", "A".repeat(41))] {
            assert!(SessionId::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn another_text_has_another_key() {
        let id = SessionId::generate(&Counter::default()).unwrap();
        for place in 0..43 {
            for byte in 0..=255 {
                let mut text = id.cookie_value().into_bytes();
                text[place] = byte;
                let is_same = SessionId::parse(&text).map(|it| it.store_key() == id.store_key());
                let is_this = text == id.cookie_value().as_bytes();
                assert_eq!(is_same, byte.is_ascii().then_some(is_this), "{text:?}");
            }
        }
    }

    #[test]
    fn a_store_key_reads_back() {
        let key = SessionId::generate(&Counter::default()).unwrap().store_key();
        assert_eq!(StoreKey::parse(&key.to_string()), Some(key));
        for text in ["", "AA", &"A".repeat(44), &"+".repeat(43), &"_".repeat(43)] {
            assert_eq!(StoreKey::parse(text), None, "{text}");
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
