//! A provider's public keys ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)). The key decides the algorithm.

use std::fmt;

use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RsaParameters, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Algorithm;
use crate::json;

/// Most keys that are kept, and that are tried for a token which names none.
const MAX_KEYS: usize = 50;
const MAX_CANDIDATES: usize = 10;

/// The signing keys of one provider.
#[derive(Debug, Default)]
pub(crate) struct KeySet(Vec<VerificationKey>);

impl KeySet {
    /// Reads a JWK set. Keys that cannot verify a signature are passed over, as
    /// [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5) asks; a set without any is an error.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, String> {
        let document = json::parse_object(document).map_err(|error| error.to_string())?;
        let Some(Value::Array(entries)) = document.get("keys") else {
            return Err("has no array `keys`".into());
        };
        let keys: Vec<_> = entries
            .iter()
            .filter_map(Value::as_object)
            .filter_map(VerificationKey::from_jwk)
            .take(MAX_KEYS)
            .collect();
        if keys.is_empty() {
            return Err("has no key that can verify a signature".into());
        }
        Ok(Self(keys))
    }

    /// The keys that may have signed a token with this `alg` and `kid`: those with the id, or, where the
    /// token names none, all that fit (at most ten).
    pub(crate) fn candidates(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> impl Iterator<Item = &VerificationKey> {
        self.0
            .iter()
            .filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
            .filter(move |key| key.with(algorithm).is_some())
            .take(MAX_CANDIDATES)
    }
}

/// A public key, ready to verify what is signed with any of the algorithms that its type, and its owner's word, allow:
/// read once, since taking a key in costs a part of what a verification does.
#[derive(Clone)]
pub(crate) struct VerificationKey {
    kid: Option<String>,
    by_algorithm: Vec<(Algorithm, ParsedPublicKey)>,
}

impl VerificationKey {
    fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if jwk.contains_key("use") && text("use") != Some("sig") {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops")
            && !operations.as_array()?.iter().any(|operation| operation == "verify")
        {
            return None;
        }
        let declared = match jwk.get("alg") {
            None => None,
            Some(name) => Some(Algorithm::from_name(name.as_str()?)?),
        };
        let by_algorithm: Vec<_> = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| declared.is_none_or(|declared| declared == *algorithm))
            .filter_map(|algorithm| Some((algorithm, public_key(jwk, algorithm)?)))
            .collect();
        let kid = text("kid").map(ToOwned::to_owned);
        (!by_algorithm.is_empty()).then_some(Self { kid, by_algorithm })
    }

    /// The key for this algorithm, if it may be used with it.
    fn with(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        self.by_algorithm.iter().find(|(with, _)| *with == algorithm).map(|(_, key)| key)
    }

    /// Whether `signature` over `message` is this key's.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.with(algorithm).is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

/// The key in `jwk`, if it is of the type that `algorithm` wants
/// ([RFC 7518 section 6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).
fn public_key(jwk: &Map<String, Value>, algorithm: Algorithm) -> Option<ParsedPublicKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let coordinate = |name: &str, len: usize| bytes(name).filter(|bytes| bytes.len() == len);
    // Uncompressed.
    let point = |len| Some([vec![4], coordinate("x", len)?, coordinate("y", len)?].concat());
    let key: Result<_, KeyRejected> = match (text("kty")?, text("crv"), algorithm) {
        ("RSA", _, _) => {
            let components = RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
            components.to_parsed_public_key(rsa_parameters(algorithm)?)
        }
        ("EC", Some("P-256"), Algorithm::Es256) => {
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(32)?)
        }
        ("EC", Some("P-384"), Algorithm::Es384) => {
            ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point(48)?)
        }
        ("OKP", Some("Ed25519"), Algorithm::EdDsa) => {
            ParsedPublicKey::new(&ED25519, coordinate("x", 32)?)
        }
        _ => return None,
    };
    key.ok()
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationKey({:?})", self.kid)
    }
}

/// RSA keys of 2048 to 8192 bits; shorter ones do not verify.
fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa | Algorithm::Hs256 => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: &str) -> Result<KeySet, String> {
        KeySet::parse(format!("{{\"keys\":{keys}}}").as_bytes())
    }

    const EC: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

    #[test]
    fn i06_use_operations_and_algorithm_of_a_key_are_respected() {
        for extra in [
            r#""use":"enc""#,
            r#""key_ops":["encrypt"]"#,
            r#""alg":"RSA-OAEP""#,
            r#""use":7"#,
            r#""alg":7"#,
        ] {
            assert!(set(&format!("[{{{EC},{extra}}}]")).is_err(), "{extra}");
        }
        let keys = set(&format!("[{{{EC},\"alg\":\"ES256\",\"kid\":\"k\"}}]")).unwrap();
        assert_eq!(keys.candidates(Algorithm::Es256, Some("k")).count(), 1);
        assert_eq!(keys.candidates(Algorithm::Es384, Some("k")).count(), 0);
        assert_eq!(keys.candidates(Algorithm::Rs256, Some("k")).count(), 0);
        assert_eq!(keys.candidates(Algorithm::Es256, Some("other")).count(), 0);
    }

    #[test]
    fn i03_a_public_key_never_verifies_a_mac() {
        let keys = set(&format!("[{{{EC}}}]")).unwrap();
        assert_eq!(keys.candidates(Algorithm::Hs256, None).count(), 0);
    }

    #[test]
    fn d16_a_set_without_usable_keys_is_an_error() {
        for keys in ["[]", "{}", "[1,null]", r#"[{"kty":"oct","k":"AAAA"}]"#] {
            assert!(set(keys).is_err(), "{keys}");
        }
        assert!(KeySet::parse(b"{}").is_err());
    }

    #[test]
    fn i09_only_ten_keys_are_tried_for_a_token_without_kid() {
        let keys = vec![format!("{{{EC}}}"); 30].join(",");
        assert_eq!(
            set(&format!("[{keys}]")).unwrap().candidates(Algorithm::Es256, None).count(),
            10
        );
    }

    #[test]
    fn i05_an_rsa_key_signs_by_the_algorithm_it_names() {
        let keys = set(r#"[{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"RS256"}]"#).unwrap();
        assert_eq!(keys.candidates(Algorithm::Rs256, None).count(), 1);
        assert_eq!(keys.candidates(Algorithm::Ps256, None).count(), 0);
    }

    #[test]
    fn i08_a_key_without_kid_is_no_candidate_for_a_token_that_names_one() {
        let keys = set(&format!("[{{{EC}}}]")).unwrap();
        assert_eq!(keys.candidates(Algorithm::Es256, Some("k")).count(), 0);
        assert_eq!(keys.candidates(Algorithm::Es256, None).count(), 1);
    }

    #[test]
    fn d17_no_more_than_fifty_keys_are_kept() {
        let keys = vec![format!("{{{EC}}}"); 60].join(",");
        assert_eq!(set(&format!("[{keys}]")).unwrap().0.len(), 50);
    }

    /// The signature is right; the key has 1024 bits.
    #[test]
    fn i13_short_rsa_keys_verify_nothing() {
        let n = "k2-X8E64U_cfQ-zmYS_FEIfv4OBkO0HfxY3_34FeKSuQmVK6HcnXSwQgG2QRogoOSh4SupsHbDRjGrSDGxbKxO3T8_VQ9LvmQYi5LDFaJfaCXwN1jx5sT3pX3zRjuUAAhR9NAoJ4g_gsf-ZRrAkp2S2z6rqDD7t9DMT0ek30T80";
        let signature = "idpXcqJBsjFZnaVX6ec-ORatY1hZqTWdjsx3WqT9zEQ0SD1UAmxCVhux-A0liN2gXtLAWJbF_70NLEwq0xRWK18HvDjxUnojFgtFkboKjspOA-qeJTCMYmOOS2nNIKUCmRTweHGQX-Qyv634XrKmU5DUWtnp4m2jXS7CMJSOrNk";
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let keys = set(&format!(r#"[{{"kty":"RSA","n":"{n}","e":"AQAB"}}]"#)).unwrap();
        assert!(!keys.0[0].verify(Algorithm::Rs256, b"message", &signature));
    }
}
