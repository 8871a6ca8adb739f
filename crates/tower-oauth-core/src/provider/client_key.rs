//! [`ClientKey`]: a private key in the place of a client secret, by which a new secret is made for each request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::error::ConfigError;

/// How long a secret is good for: one request. Apple takes up to six months.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// The private key of a "Sign in with Apple" registration: what its client secrets are signed with (ES256).
///
/// ```no_run
/// use tower_oauth_core::provider::ClientKey;
/// use tower_oauth_core::providers;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = ClientKey::new("TEAMID1234", "KEYID56789", &std::fs::read_to_string("AuthKey_KEYID56789.p8")?)?;
/// let provider = providers::apple("com.example.app.web", key);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientKey(Arc<Inner>);

struct Inner {
    team_id: String,
    key_id: String,
    key: EcdsaKeyPair,
}

impl ClientKey {
    /// The key `key_id` of the team `team_id`. `pem` is the content of the `.p8` file: a P-256 key in PKCS #8, once
    /// between `BEGIN PRIVATE KEY` and `END PRIVATE KEY`. Line breaks may be written as `\\n`.
    ///
    /// # Errors
    ///
    /// When an id is empty, or `pem` is no such key.
    pub fn new(
        team_id: impl Into<String>,
        key_id: impl Into<String>,
        pem: &str,
    ) -> Result<Self, ConfigError> {
        let (team_id, key_id) = (team_id.into(), key_id.into());
        for (setting, id) in [("team id", &team_id), ("key id", &key_id)] {
            if id.trim().is_empty() {
                return Err(ConfigError::new(setting, "is empty"));
            }
        }
        let unusable = || {
            let problem =
                "is not a P-256 key in a PEM block `PRIVATE KEY`, as the .p8 file holds one";
            ConfigError::new("private key", problem)
        };
        let pem = Zeroizing::new(pem.replace("\\n", "\n"));
        let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or_else(unusable)?;
        let (body, _) = rest.split_once("-----END PRIVATE KEY-----").ok_or_else(unusable)?;
        let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
        let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).map_err(|_| unusable())?);
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
            .map_err(|_| unusable())?;
        Ok(Self(Arc::new(Inner { team_id, key_id, key })))
    }

    /// A client secret for the client `client_id` at `audience`, good for five minutes from `now`; `None` if the
    /// machine has no randomness.
    pub(crate) fn secret(
        &self,
        client_id: &str,
        audience: &str,
        now: Timestamp,
    ) -> Option<Zeroizing<String>> {
        let header = json!({ "alg": "ES256", "kid": self.0.key_id });
        let claims = json!({
            "iss": self.0.team_id,
            "iat": now.unix_seconds(),
            "exp": (now + LIFETIME).unix_seconds(),
            "aud": audience,
            "sub": client_id,
        });
        let encode = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let mut secret = Zeroizing::new(format!("{}.{}", encode(header), encode(claims)));
        let signature = self.0.key.sign(&SystemRandom::new(), secret.as_bytes()).ok()?;
        secret.push('.');
        secret.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Some(secret)
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey").field("key_id", &self.0.key_id).finish_non_exhaustive()
    }
}
