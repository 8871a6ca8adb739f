//! [`KeyRing`]: authenticated encryption of what leaves the process, with rotation.
//!
//! AES-256-GCM-SIV ([RFC 8452](https://www.rfc-editor.org/rfc/rfc8452)), which stays safe should a nonce
//! ever repeat. Every purpose has its own key, derived by HKDF, so a value sealed for one cannot be opened
//! as another.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;

use crate::error::ConfigError;
use crate::random::{self, Random, RandomUnavailable};

/// Format of a sealed value: this byte, the key's id, the nonce, then ciphertext and tag.
const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 12;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// Fewest bytes a secret may have: 256 bits.
const MIN_SECRET_LEN: usize = 32;

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
}

impl KeyRing {
    /// A ring whose only key comes from `secret`; `setting` is the name to use in an error.
    ///
    /// # Errors
    ///
    /// When `secret` has fewer than 32 bytes, or is plainly not random (fewer than 8 different bytes).
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
        let mut body = plaintext.to_vec();
        keys.for_purpose(purpose)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut body,
            )
            .map_err(|_| RandomUnavailable)?;
        let mut sealed = Vec::with_capacity(HEADER_LEN + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&keys.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Decrypts what [`seal`](Self::seal) made; `None` for everything else, without saying why.
    #[must_use]
    pub fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (&[FORMAT], rest) = sealed.split_first_chunk::<1>()? else { return None };
        let (id, rest) = rest.split_first_chunk::<KEY_ID_LEN>()?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        let keys = self.keys.iter().find(|keys| keys.id == *id)?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let len = keys
            .for_purpose(purpose)
            .open_in_place(nonce, Aad::from(context), &mut body)
            .ok()?
            .len();
        body.truncate(len);
        Some(body)
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
        })
    }

    fn for_purpose(&self, purpose: Purpose) -> &LessSafeKey {
        match purpose {
            Purpose::Attempt => &self.attempt,
            Purpose::Session => &self.session,
            Purpose::LoginRequest => &self.login_request,
        }
    }
}

fn check_secret(setting: &str, secret: &[u8]) -> Result<(), ConfigError> {
    let advice = "make one with `openssl rand -base64 32`";
    let refuse =
        |what: &str| Err(ConfigError::new(setting.to_owned(), format!("{what}; {advice}")));
    if secret.len() < MIN_SECRET_LEN {
        return refuse("must have at least 32 bytes");
    }
    let mut seen = secret.to_vec();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() < 8 {
        return refuse("is not random");
    }
    Ok(())
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
    use crate::testing::Counter;

    const OLD: &[u8] = b"an old secret that nobody can guess: 0123456789";
    const NEW: &[u8] = b"a new secret that nobody can guess: 9876543210";

    fn ring(secret: &[u8]) -> KeyRing {
        KeyRing::new("secret", secret).unwrap()
    }

    fn seal(ring: &KeyRing, plaintext: &[u8]) -> Vec<u8> {
        ring.seal(Purpose::Attempt, b"here", plaintext, &Counter::default()).unwrap()
    }

    #[test]
    fn opens_what_it_sealed_and_hides_it() {
        let ring = ring(NEW);
        let sealed = seal(&ring, b"plain text");
        assert_eq!(ring.open(Purpose::Attempt, b"here", &sealed).unwrap(), b"plain text");
        assert!(!sealed.windows(5).any(|window| window == b"plain"));
    }

    #[test]
    fn k12_any_changed_bit_or_length_is_refused() {
        let ring = ring(NEW);
        let sealed = seal(&ring, b"plain text");
        for bit in 0..sealed.len() * 8 {
            let mut tampered = sealed.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open(Purpose::Attempt, b"here", &tampered).is_none(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(ring.open(Purpose::Attempt, b"here", &sealed[..len]).is_none());
        }
    }

    #[test]
    fn k13_purpose_context_and_secret_must_match() {
        let sealed = seal(&ring(NEW), b"plain text");
        assert!(ring(NEW).open(Purpose::Session, b"here", &sealed).is_none());
        assert!(ring(NEW).open(Purpose::Attempt, b"there", &sealed).is_none());
        assert!(ring(OLD).open(Purpose::Attempt, b"here", &sealed).is_none());
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
        let both = ring(NEW).with_previous("secret", OLD).unwrap();
        assert!(both.open(Purpose::Attempt, b"here", &sealed).is_some());
        assert!(ring(OLD).open(Purpose::Attempt, b"here", &seal(&both, b"x")).is_none());
    }

    #[test]
    fn k16_weak_secrets_are_refused() {
        for weak in [
            &b""[..],
            b"short",
            &[0; 64],
            b"abcabcabcabcabcabcabcabcabcabcabcabc",
            &NEW[..31],
            b"abcdefgabcdefgabcdefgabcdefgabcdefg",
        ] {
            assert!(KeyRing::new("AUTH_SECRET", weak).is_err());
            assert!(ring(NEW).with_previous("AUTH_SECRET", weak).is_err());
        }
    }
}
