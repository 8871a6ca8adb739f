//! Logout tokens (OpenID Connect Back-Channel Logout section 2.4): good ones, and one of each kind that an application
//! must refuse.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::keys::KeyRing;
use super::{FakeProvider, Signing};
use crate::lock;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How long a logout token is valid: section 2.4 recommends two minutes.
const LIFETIME: u64 = 120;

impl FakeProvider {
    /// The `sid` of the latest login of the user with this subject.
    #[must_use]
    pub fn latest_sid(&self, subject: &str) -> Option<String> {
        self.grants().latest_session(subject)
    }

    /// A logout token as this provider would send it now, for one session or for all of a user. Each has a `jti` of its
    /// own. [`TestBrowser::backchannel_logout`](crate::TestBrowser::backchannel_logout) delivers it.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    #[must_use]
    pub fn logout_token(&self, subject: Option<&str>, sid: Option<&str>) -> String {
        self.sign(&logout_header(self), &self.logout_claims(subject, sid))
    }

    /// The claims of a [`logout_token`](Self::logout_token), for one that is to be [signed](Self::sign) otherwise.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    #[must_use]
    pub fn logout_claims(&self, subject: Option<&str>, sid: Option<&str>) -> Map<String, Value> {
        let now = self.now().unix_seconds();
        let jti = self.draw_token().expect("randomness for a token");
        let named = [("sub", subject), ("sid", sid)];
        let named = named.into_iter().filter_map(|(claim, value)| Some((claim, value?.into())));
        let common = [
            ("iss", self.issuer().into()),
            ("aud", self.client_id().into()),
            ("iat", now.into()),
            ("exp", (now + LIFETIME).into()),
            ("jti", jti.into()),
            ("events", json!({ EVENT: {} })),
        ];
        common.into_iter().chain(named).map(|(claim, value)| (claim.to_owned(), value)).collect()
    }

    /// One logout token of each kind that must be refused, with what is wrong with it, for the user and session of a
    /// good one.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    #[must_use]
    pub fn wrong_logout_tokens(&self, subject: &str, sid: &str) -> Vec<(&'static str, String)> {
        let good = || self.logout_claims(Some(subject), Some(sid));
        let with = |claim: &str, value: Value| {
            let mut claims = good();
            claims.insert(claim.to_owned(), value);
            self.sign(&logout_header(self), &claims)
        };
        let without = |claims: &[&str]| {
            let mut all = good();
            all.retain(|claim, _| !claims.contains(&claim.as_str()));
            self.sign(&logout_header(self), &all)
        };
        let typed = |typ: &str| {
            let mut header = self.jose_header();
            header.insert("typ".to_owned(), typ.into());
            self.sign(&header, &good())
        };
        let now = self.now().unix_seconds();
        let invalid = |value: &str| Value::from(format!("{value}INVALID"));
        vec![
            ("unsigned", unsigned(&good())),
            ("signed with another algorithm", self.signed_otherwise(&good())),
            ("signed with a foreign key", self.signed_by_stranger(&good())),
            ("of another issuer", with("iss", invalid(self.issuer()))),
            ("for another client", with("aud", invalid(self.client_id()))),
            ("for other clients", with("aud", json!(["another", "third"]))),
            ("without events", without(&["events"])),
            (
                "with another event",
                with("events", json!({ "http://schemas.openid.net/event/foobar": {} })),
            ),
            ("with an event that is no object", with("events", json!({ EVENT: true }))),
            ("with events that are a list", with("events", json!([EVENT]))),
            ("with a nonce", with("nonce", "nonce".into())),
            ("with a nonce that is null", with("nonce", Value::Null)),
            ("about nobody", without(&["sub", "sid"])),
            ("about an empty user", with("sub", "".into())),
            ("about an empty session", with("sid", "".into())),
            ("without iat", without(&["iat"])),
            ("from the future", with("iat", (now + 600).into())),
            ("from long ago", with("iat", now.saturating_sub(600).into())),
            ("without exp", without(&["exp"])),
            ("expired", with("exp", now.saturating_sub(61).into())),
            ("without jti", without(&["jti"])),
            ("with a number as jti", with("jti", 7.into())),
            ("with an endless jti", with("jti", "x".repeat(8192).into())),
            ("an access token by its type", typed("at+jwt")),
        ]
    }

    /// By a key of this provider that is published, and whose algorithm is not the one of its tokens.
    fn signed_otherwise(&self, claims: &Map<String, Value>) -> String {
        let other = if self.signing() == Signing::Es256 { Signing::Rs256 } else { Signing::Es256 };
        signed_by(&mut KeyRing::new(other), claims)
    }

    /// As this provider signs, and under the name of its key.
    fn signed_by_stranger(&self, claims: &Map<String, Value>) -> String {
        let mut stranger = KeyRing::new(self.signing());
        stranger.sign(&lock(&self.inner.keys).header(), claims)
    }
}

fn logout_header(provider: &FakeProvider) -> Map<String, Value> {
    let mut header = provider.jose_header();
    header.insert("typ".to_owned(), "logout+jwt".into());
    header
}

fn signed_by(keys: &mut KeyRing, claims: &Map<String, Value>) -> String {
    let header = keys.header();
    keys.sign(&header, claims)
}

fn unsigned(claims: &Map<String, Value>) -> String {
    let payload = URL_SAFE_NO_PAD.encode(Value::Object(claims.clone()).to_string());
    format!("{}.{payload}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"))
}
