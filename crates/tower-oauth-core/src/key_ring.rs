//! [`KeyRing`]: authenticated encryption of what leaves the process, with rotation.
//!
//! AES-256-GCM-SIV ([RFC 8452](https://www.rfc-editor.org/rfc/rfc8452)) with random nonces. Every purpose has its
//! own key, derived by HKDF, so a value sealed for one cannot be opened as another.
//!
//! Among 2^32 seals under one key, two have the same nonce with a probability of 2^-33. Should that happen, or a
//! generator return the same bytes twice, nothing is lost but this: whoever compares the two values sees whether
//! they hold the same content in the same context. Neither the content nor the key is given away.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroize;

use crate::error::ConfigError;
use crate::plaintext::Plaintext;
use crate::random::{self, Random, RandomUnavailable};
use crate::secret_strength::weakness;

/// Format of a sealed value: this byte, the key's id, the nonce, then ciphertext and tag. Format and id are
/// authenticated with the context, so that none of a later format can be passed off as one of this.
const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 12;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// What a sealed value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// A login attempt in its cookie.
    Attempt,
    /// A session in a store outside the process.
    Session,
    /// What a login asks for, in a URL.
    LoginRequest,
    /// A session in its cookie.
    SessionCookie,
    /// An authorization response that a form brought, on its way to a request that brings our cookies.
    AuthorizationResponse,
    /// A sign-out that is on its way to the provider and back, in its cookie.
    Logout,
}

/// The keys that seal and open: the first one seals, all of them open.
pub struct KeyRing {
    keys: Vec<SecretKeys>,
}

struct SecretKeys {
    id: [u8; KEY_ID_LEN],
    attempt: LessSafeKey,
    session: LessSafeKey,
    login_request: LessSafeKey,
    session_cookie: LessSafeKey,
    authorization_response: LessSafeKey,
    logout: LessSafeKey,
}

impl KeyRing {
    /// A ring whose only key comes from `secret`; `setting` is the name to use in an error.
    ///
    /// # Errors
    ///
    /// When `secret` has room for fewer than 256 bits in the alphabet it is written in (hexadecimal, base64, text,
    /// bytes), follows a pattern, or is an example that everybody can read.
    pub fn new(setting: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        check_secret(setting, secret)?;
        Ok(Self { keys: vec![SecretKeys::derive(setting, secret)?] })
    }

    /// A ring with a key that no other process has and that ends with this one: for a single process
    /// whose sessions are in memory anyway.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn generate(random: &dyn Random) -> Result<Self, ConfigError> {
        let secret = random::bytes32(random)
            .map_err(|error| ConfigError::new("secret", error.to_string()))?;
        Ok(Self { keys: vec![SecretKeys::derive("secret", &secret)?] })
    }

    /// Adds an earlier secret: it opens what it once sealed, and seals nothing more.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_previous(mut self, setting: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        check_secret(setting, secret)?;
        self.keys.push(SecretKeys::derive(setting, secret)?);
        Ok(self)
    }

    /// Encrypts `plaintext`. It opens only for the same `purpose` and `context`.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        plaintext: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, RandomUnavailable> {
        let keys = self.keys.first().ok_or(RandomUnavailable)?;
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        let room = HEADER_LEN + plaintext.len() + AES_256_GCM_SIV.tag_len();
        let mut sealed = Vec::with_capacity(room);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&keys.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, body) = sealed.split_at_mut(HEADER_LEN);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(authenticated(&keys.id, context));
        let tag = keys.for_purpose(purpose).seal_in_place_separate_tag(nonce, aad, body);
        sealed.extend_from_slice(tag.map_err(|_| RandomUnavailable)?.as_ref());
        Ok(sealed)
    }

    /// Decrypts what [`seal`](Self::seal) made, where it is; `None` for everything else, without saying why.
    #[must_use]
    pub fn open(&self, purpose: Purpose, context: &[u8], sealed: Vec<u8>) -> Option<Plaintext> {
        let (&[FORMAT], rest) = sealed.split_first_chunk::<1>()? else { return None };
        let (&id, rest) = rest.split_first_chunk::<KEY_ID_LEN>()?;
        let (&nonce, _) = rest.split_first_chunk::<NONCE_LEN>()?;
        let open = |keys: &SecretKeys, mut sealed: Vec<u8>| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            let aad = Aad::from(authenticated(&id, context));
            let key = keys.for_purpose(purpose);
            let len = key.open_within(nonce, aad, &mut sealed, HEADER_LEN..).ok()?.len();
            // What was decrypted has been moved to the start, and its end is still behind it.
            let (_, behind) = sealed.split_at_mut(len);
            behind.zeroize();
            sealed.truncate(len);
            Some(Plaintext::from(sealed))
        };
        // An id has 32 bits: two secrets may share one.
        let mut keys = self.keys.iter().filter(|keys| keys.id == id);
        let last = keys.next_back()?;
        keys.find_map(|keys| open(keys, sealed.clone())).or_else(|| open(last, sealed))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.keys.len())
    }
}

impl SecretKeys {
    fn derive(setting: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"tower-oauth").extract(secret);
        let failed = || ConfigError::new(setting.to_owned(), "no key could be derived from it");
        let key = |label: &[u8]| -> Result<LessSafeKey, ConfigError> {
            let mut bytes = [0; 32];
            expand(&prk, label, &mut bytes).ok_or_else(failed)?;
            let key = UnboundKey::new(&AES_256_GCM_SIV, &bytes).map_err(|_| failed())?;
            Ok(LessSafeKey::new(key))
        };
        let mut id = [0; KEY_ID_LEN];
        expand(&prk, b"key id", &mut id).ok_or_else(failed)?;
        Ok(Self {
            id,
            attempt: key(b"attempt")?,
            session: key(b"session")?,
            login_request: key(b"login request")?,
            session_cookie: key(b"session cookie")?,
            authorization_response: key(b"authorization response")?,
            logout: key(b"logout")?,
        })
    }

    fn for_purpose(&self, purpose: Purpose) -> &LessSafeKey {
        match purpose {
            Purpose::Attempt => &self.attempt,
            Purpose::Session => &self.session,
            Purpose::LoginRequest => &self.login_request,
            Purpose::SessionCookie => &self.session_cookie,
            Purpose::AuthorizationResponse => &self.authorization_response,
            Purpose::Logout => &self.logout,
        }
    }
}

fn check_secret(setting: &str, secret: &[u8]) -> Result<(), ConfigError> {
    let Some(weakness) = weakness(secret) else { return Ok(()) };
    let problem = format!("{weakness}; make one with `openssl rand -base64 32`");
    Err(ConfigError::new(setting.to_owned(), problem))
}

/// What is authenticated besides the content.
fn authenticated(id: &[u8; KEY_ID_LEN], context: &[u8]) -> Vec<u8> {
    [&[FORMAT], id.as_slice(), context].concat()
}

struct Len(usize);

impl hkdf::KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(prk: &hkdf::Prk, label: &[u8], out: &mut [u8]) -> Option<()> {
    prk.expand(&[label], Len(out.len())).ok()?.fill(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Counter, secret};

    const OLD: &str = "old";
    const NEW: &str = "new";

    fn ring(name: &str) -> KeyRing {
        KeyRing::new("secret", &secret(name)).unwrap()
    }

    fn rotated(new: &str, old: &str) -> KeyRing {
        ring(new).with_previous("secret", &secret(old)).unwrap()
    }

    fn seal(ring: &KeyRing, plaintext: &[u8]) -> Vec<u8> {
        ring.seal(Purpose::Attempt, b"here", plaintext, &Counter::default()).unwrap()
    }

    #[test]
    fn opens_what_it_sealed_and_hides_it() {
        let ring = ring(NEW);
        let sealed = seal(&ring, b"plain text");
        assert_eq!(&*ring.open(Purpose::Attempt, b"here", sealed.clone()).unwrap(), b"plain text");
        assert!(!sealed.windows(5).any(|window| window == b"plain"));
    }

    #[test]
    fn k12_any_changed_bit_or_length_is_refused() {
        let ring = ring(NEW);
        let sealed = seal(&ring, b"plain text");
        for bit in 0..sealed.len() * 8 {
            let mut tampered = sealed.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open(Purpose::Attempt, b"here", tampered).is_none(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(ring.open(Purpose::Attempt, b"here", sealed[..len].to_vec()).is_none());
        }
    }

    #[test]
    fn k13_purpose_context_and_secret_must_match() {
        let purposes = [Purpose::Attempt, Purpose::Session, Purpose::SessionCookie];
        for purpose in purposes {
            let sealed = ring(NEW).seal(purpose, b"here", b"x", &Counter::default()).unwrap();
            for other in purposes {
                assert_eq!(
                    ring(NEW).open(other, b"here", sealed.clone()).is_some(),
                    other == purpose
                );
            }
            assert!(ring(NEW).open(purpose, b"there", sealed.clone()).is_none());
            assert!(ring(OLD).open(purpose, b"here", sealed.clone()).is_none());
        }
    }

    #[test]
    fn k14_two_seals_of_one_value_differ() {
        let (ring, random) = (ring(NEW), Counter::default());
        let seal = || ring.seal(Purpose::Attempt, b"", b"x", &random).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn k15_a_previous_secret_opens_and_the_first_seals() {
        let sealed = seal(&ring(OLD), b"x");
        let both = rotated(NEW, OLD);
        assert!(both.open(Purpose::Attempt, b"here", sealed).is_some());
        assert!(ring(OLD).open(Purpose::Attempt, b"here", seal(&both, b"x")).is_none());
    }

    #[test]
    fn k15_two_secrets_with_one_id_are_both_tried() {
        let mut old = ring(OLD);
        old.keys[0].id = ring(NEW).keys[0].id;
        let sealed = seal(&old, b"x");
        let mut both = rotated(NEW, OLD);
        both.keys[1].id = both.keys[0].id;
        assert!(both.open(Purpose::Attempt, b"here", sealed.clone()).is_some());
        assert!(ring(NEW).open(Purpose::Attempt, b"here", sealed).is_none());
    }

    /// A value of format 1 that says it is of format 2 would not open even if format 2 were the same otherwise.
    #[test]
    fn k12_format_and_key_id_are_authenticated() {
        let ring = ring(NEW);
        let sealed = seal(&ring, b"x");
        let (nonce, body) = sealed[5..].split_first_chunk::<NONCE_LEN>().unwrap();
        let opens = |format: u8, id: &[u8]| {
            let aad = Aad::from([&[format], id, b"here"].concat());
            let nonce = Nonce::assume_unique_for_key(*nonce);
            ring.keys[0].attempt.open_in_place(nonce, aad, &mut body.to_vec()).is_ok()
        };
        assert!(opens(1, &sealed[1..5]));
        assert!(!opens(2, &sealed[1..5]));
        assert!(!opens(1, b"abcd"));
    }

    /// What a repeated nonce gives away: that two values are equal, and nothing of two that are not.
    #[test]
    fn k14_a_nonce_that_repeats_shows_equality_and_nothing_else() {
        #[derive(Debug)]
        struct Stuck;
        impl Random for Stuck {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
                bytes.fill(7);
                Ok(())
            }
        }
        let ring = ring(NEW);
        let seal = |purpose, context: &[u8], plaintext: &[u8]| {
            ring.seal(purpose, context, plaintext, &Stuck).unwrap()[HEADER_LEN..].to_vec()
        };
        let first = seal(Purpose::Session, b"a", &[0; 64]);
        assert_eq!(first, seal(Purpose::Session, b"a", &[0; 64]));
        // Under a plain stream of key bytes each of these would differ from the first in at most one byte.
        let mut other = [0; 64];
        other[63] = 1;
        for second in [
            seal(Purpose::Session, b"a", &other),
            seal(Purpose::Session, b"b", &[0; 64]),
            seal(Purpose::SessionCookie, b"a", &[0; 64]),
        ] {
            let same = first.iter().zip(&second).filter(|(one, two)| one == two).count();
            assert!(same < 8, "{same} of {} bytes", first.len());
        }
    }

    #[test]
    fn k16_weak_secrets_are_refused() {
        for weak in [&b""[..], b"short", &[0; 64], &secret(NEW)[..31]] {
            let error = KeyRing::new("AUTH_SECRET", weak).unwrap_err().to_string();
            assert!(
                error.starts_with("AUTH_SECRET: ") && error.ends_with("`openssl rand -base64 32`")
            );
            assert!(ring(NEW).with_previous("AUTH_SECRET", weak).is_err());
        }
    }
}
