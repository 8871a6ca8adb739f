//! The keys that sign ID tokens: generated at run time, published as a JWK set, rotated on demand.

use std::sync::Mutex;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::lock;

/// How a provider signs ID tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a key of 2048 bits (RFC 7518 section 3.3): the default, and
    /// what every provider must support.
    #[default]
    Rs256,
    /// RSASSA-PSS with SHA-256 and a key of 2048 bits (RFC 7518 section 3.5).
    Ps256,
    /// ECDSA with curve P-256 and SHA-256 (RFC 7518 section 3.4).
    Es256,
    /// ECDSA with curve P-384 and SHA-384 (RFC 7518 section 3.4).
    Es384,
    /// Ed25519 (RFC 8037 section 3.1).
    EdDsa,
}

impl Signing {
    /// The value of the header parameter `alg`.
    pub(super) const fn alg(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The hash whose left half is `at_hash` (OpenID Connect Core section 3.1.3.6).
    pub(super) fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &SHA256,
            Self::Es384 => &SHA384,
            Self::EdDsa => &SHA512,
        }
    }
}

/// RSA keys of providers that are gone, for the next one: generating a key takes longer than most tests.
/// Two providers never hold the same key at the same time.
static SPARE_RSA_KEYS: Mutex<Vec<RsaKeyPair>> = Mutex::new(Vec::new());

enum Secret {
    /// `None` only while it is being dropped.
    Rsa(Option<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A key pair with its public half as a JWK.
pub(super) struct SigningKey {
    signing: Signing,
    secret: Secret,
    kid: String,
    jwk: Map<String, Value>,
}

impl SigningKey {
    fn new(signing: Signing) -> Self {
        let (secret, members) = match signing {
            Signing::Rs256 | Signing::Ps256 => {
                let spare = lock(&SPARE_RSA_KEYS).pop();
                let pair = spare.unwrap_or_else(|| {
                    RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be generated")
                });
                let (n, e) = rsa_components(pair.public_key().as_ref());
                let members = [("e", e), ("kty", "RSA".to_owned()), ("n", n)].to_vec();
                (Secret::Rsa(Some(pair)), members)
            }
            Signing::Es256 | Signing::Es384 => {
                let (algorithm, curve, length) = match signing {
                    Signing::Es384 => (&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", 48),
                    _ => (&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", 32),
                };
                let pair = EcdsaKeyPair::generate(algorithm).expect("an EC key can be generated");
                // SEC 1 section 2.3.3: 0x04, then both coordinates at full length.
                let point = pair.public_key().as_ref();
                let (x, y) = point.split_at(1).1.split_at(length);
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                let members =
                    [("crv", curve.to_owned()), ("kty", "EC".to_owned()), ("x", x), ("y", y)];
                (Secret::Ec(pair), members.to_vec())
            }
            Signing::EdDsa => {
                let pair = Ed25519KeyPair::generate().expect("an Ed25519 key can be generated");
                let x = URL_SAFE_NO_PAD.encode(pair.public_key());
                let members = [("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", x)];
                (Secret::Ed25519(pair), members.to_vec())
            }
        };
        // The thumbprint of RFC 7638 hashes exactly these members in this order, so a key that comes
        // back has its old name and two keys never share one.
        let thumbprint_input: Vec<_> =
            members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        let thumbprint = digest(&SHA256, format!("{{{}}}", thumbprint_input.join(",")).as_bytes());
        let kid = URL_SAFE_NO_PAD.encode(thumbprint);

        let mut jwk: Map<_, _> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        jwk.insert("kid".to_owned(), kid.clone().into());
        jwk.insert("use".to_owned(), "sig".into());
        jwk.insert("alg".to_owned(), signing.alg().into());
        Self { signing, secret, kid, jwk }
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.secret {
            Secret::Rsa(pair) => {
                let pair = pair.as_ref().expect("a key in use is present");
                let padding = match self.signing {
                    Signing::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).expect("an RSA key signs");
                signature
            }
            Secret::Ec(pair) => {
                pair.sign(&random, message).expect("an EC key signs").as_ref().to_vec()
            }
            Secret::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        if let Secret::Rsa(pair) = &mut self.secret {
            lock(&SPARE_RSA_KEYS).extend(pair.take());
        }
    }
}

/// Modulus and exponent in the encoding of RFC 7518 section 6.3.1, from an `RSAPublicKey` (RFC 8017
/// appendix A.1.1): for a 2048-bit modulus and the exponent 65537 its layout is fixed.
fn rsa_components(der: &[u8]) -> (String, String) {
    let components = der
        .split_last_chunk::<3>()
        .and_then(|(rest, exponent)| Some((rest.split_last_chunk::<2>()?.0, exponent)))
        .and_then(|(rest, exponent)| Some((rest.last_chunk::<256>()?, exponent)));
    let (modulus, exponent) = components.expect("the public key of a 2048-bit RSA key pair");
    (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent))
}

/// A provider's keys. The last one signs; the first ones may be retired.
pub(super) struct KeyRing {
    signing: Signing,
    /// Retired keys stay here, so that the pool cannot hand one back to this provider as a new key.
    keys: Vec<SigningKey>,
    retired: usize,
}

impl KeyRing {
    /// A ring whose first key is made when it is needed: many tests never need it.
    pub(super) const fn new(signing: Signing) -> Self {
        Self { signing, keys: Vec::new(), retired: 0 }
    }

    fn current(&mut self) -> &SigningKey {
        if self.keys.is_empty() {
            self.keys.push(SigningKey::new(self.signing));
        }
        self.keys.last().expect("a key was added")
    }

    pub(super) fn rotate(&mut self) {
        self.current();
        self.keys.push(SigningKey::new(self.signing));
    }

    pub(super) fn retire_old(&mut self) {
        self.retired = self.keys.len().saturating_sub(1);
    }

    /// The JWK set (RFC 7517 section 5).
    pub(super) fn jwks(&mut self) -> Value {
        self.current();
        let keys: Vec<_> = self.keys.iter().skip(self.retired).map(|key| &key.jwk).collect();
        json!({ "keys": keys })
    }

    /// The JOSE header that tells the current key.
    pub(super) fn header(&mut self) -> Map<String, Value> {
        let mut header = Map::new();
        header.insert("alg".to_owned(), self.signing.alg().into());
        header.insert("kid".to_owned(), self.current().kid.clone().into());
        header.insert("typ".to_owned(), "JWT".into());
        header
    }

    /// A JWT in compact serialization (RFC 7515 section 7.1), signed by the key that `kid` names, else by
    /// the current one. By name, because keys may rotate between [`header`](Self::header) and here.
    pub(super) fn sign(
        &mut self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
    ) -> String {
        let encode = |part: &Map<String, Value>| {
            URL_SAFE_NO_PAD.encode(Value::Object(part.clone()).to_string())
        };
        let message = format!("{}.{}", encode(header), encode(claims));
        self.current();
        let kid = header.get("kid").and_then(Value::as_str);
        let named = self.keys.iter().find(|key| Some(key.kid.as_str()) == kid);
        let key = named.or_else(|| self.keys.last()).expect("a key was added");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(key.signature(message.as_bytes())))
    }
}
