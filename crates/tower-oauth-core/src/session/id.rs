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
    pub fn parse(text: &(impl AsRef<[u8]> + ?Sized)) -> Option<Self> {
        let digits: &[u8; 43] = text.as_ref().try_into().ok()?;
        decode(digits).map(Self)
    }

    /// The id for the cookie.
    #[must_use]
    pub fn cookie_value(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
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

/// What 43 digits of the URL-safe alphabet say; `None` if one is not of it, or the last says more than 256 bits.
///
/// By hand, since every request of a signed-in user comes through here: the length is known, and so is everything else
/// that a general decoder has to find out.
fn decode(digits: &[u8; 43]) -> Option<[u8; 32]> {
    let value = |digit: &u8| VALUES.get(usize::from(*digit)).copied().unwrap_or(INVALID);
    let (mut bytes, mut seen) = ([0; 32], 0);
    let mut join = |digits: &[u8]| {
        digits.iter().fold(0, |bits: u32, digit| {
            let value = value(digit);
            seen |= value;
            bits << 6 | u32::from(value)
        })
    };
    let (whole, last) = digits.split_at(40);
    let (triples, pair) = bytes.split_at_mut(30);
    for (four, three) in whole.chunks_exact(4).zip(triples.chunks_exact_mut(3)) {
        let [_, high, middle, low] = join(four).to_be_bytes();
        three.copy_from_slice(&[high, middle, low]);
    }
    // 18 bits, of which two are nobody's.
    let bits = join(last);
    let [_, _, high, low] = (bits >> 2).to_be_bytes();
    pair.copy_from_slice(&[high, low]);
    (seen & INVALID == 0 && bits & 0b11 == 0).then_some(bytes)
}

/// In the value of a byte that is no digit, and of no other.
const INVALID: u8 = 0x80;

/// The value of each byte as a digit.
#[expect(clippy::indexing_slicing, reason = "at compile time, which fails if it is out of bounds")]
static VALUES: [u8; 256] = {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut values, mut value) = ([INVALID; 256], 0);
    while value < 64 {
        values[digits[value as usize] as usize] = value;
        value += 1;
    }
    values
};

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
    fn an_id_is_what_the_general_decoder_says() {
        let id = SessionId::generate(&Counter::default()).unwrap().cookie_value();
        for place in 0..43 {
            for byte in 0..=127 {
                let mut text = id.clone().into_bytes();
                text[place] = byte;
                let text = String::from_utf8(text).unwrap();
                let expected = URL_SAFE_NO_PAD.decode(&text).ok();
                let parsed = SessionId::parse(&text).map(|id| id.0.to_vec());
                assert_eq!(parsed, expected, "{text:?}");
            }
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
