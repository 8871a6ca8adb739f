//! Signs ID tokens the way a document says.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use tower_oauth_test::ManualClock;

use crate::document::Algorithm;
use crate::{CLIENT_ID, client_secret};

/// A key, and what it is for.
pub(crate) enum Signer {
    Rs256(Box<RsaKeyPair>),
    Es256(Box<EcdsaKeyPair>),
    Es384(Box<EcdsaKeyPair>),
    Hs256,
}

impl Signer {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 => {
                Self::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")))
            }
            Algorithm::Es256 => {
                let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
                Self::Es256(Box::new(key.expect("a key")))
            }
            Algorithm::Es384 => {
                let key = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING);
                Self::Es384(Box::new(key.expect("a key")))
            }
            Algorithm::Hs256 => Self::Hs256,
        }
    }

    const fn alg(&self) -> &'static str {
        match self {
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
            Self::Es384(_) => "ES384",
            Self::Hs256 => "HS256",
        }
    }

    /// The key as a JWK set, for those who may know it.
    pub(crate) fn key_set(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match self {
            Self::Rs256(key) => {
                // An `RSAPublicKey` (RFC 8017 appendix A.1.1) of 2048 bits: its layout is fixed.
                let der = key.public_key().as_ref();
                json!({ "kty": "RSA", "n": encode(&der[9..265]), "e": encode(&der[267..]) })
            }
            Self::Es256(key) | Self::Es384(key) => {
                // An uncompressed point: 4, x, y.
                let (x, y) =
                    key.public_key().as_ref()[1..].split_at(key.public_key().as_ref().len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
            }
            Self::Hs256 => return json!({ "keys": [] }),
        };
        let mut key = key;
        key["kid"] = "documented".into();
        key["use"] = "sig".into();
        key["alg"] = self.alg().into();
        json!({ "keys": [key] })
    }

    /// An ID token of `issuer` for this client, issued now, good for an hour.
    pub(crate) fn sign(
        &self,
        claims: &Map<String, Value>,
        issuer: &str,
        nonce: Option<String>,
    ) -> String {
        let now = ManualClock::START.unix_seconds();
        let mut claims = claims.clone();
        claims.insert("iss".into(), issuer.into());
        claims.insert("aud".into(), CLIENT_ID.into());
        claims.insert("iat".into(), now.into());
        claims.insert("exp".into(), (now + 3600).into());
        for value in claims.values_mut().filter(|value| **value == "<client_id>") {
            *value = CLIENT_ID.into();
        }
        if let Some(nonce) = nonce {
            claims.insert("nonce".into(), nonce.into());
        }
        let header = json!({ "alg": self.alg(), "typ": "JWT", "kid": "documented" });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&header), encode(&Value::Object(claims)));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.signature(message.as_bytes())))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("signed");
                signature
            }
            Self::Es256(key) | Self::Es384(key) => {
                key.sign(&random, message).expect("signed").as_ref().to_vec()
            }
            Self::Hs256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, client_secret().as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alg())
    }
}
