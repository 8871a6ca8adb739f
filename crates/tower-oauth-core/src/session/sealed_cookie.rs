//! A session sealed into its own cookie: the server keeps nothing.
//!
//! A browser gives a cookie 4096 bytes, so what nobody asks for after the login stays out: the ID token as it
//! came, the refresh token, claims that only the check of the ID token needs. There is one connection, that of the
//! login: to add another would mean a new cookie for the same session, which could undo a sign-out under way.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Connection, LoginMark, Session, SessionCodec, SessionId, TokenSet};
use crate::clock::Timestamp;
use crate::identity::{EmailTrust, Identity};
use crate::key_ring::Purpose;
use crate::random::RandomUnavailable;
use crate::return_to::ReturnTo;

/// Part of the seal: a cookie of another form does not open, and its session counts as absent.
const FORMAT: &str = "2\n";

/// Claims that the login checked and that say nothing about the user (OpenID Connect Core section 2).
const CHECKED_ONLY: [&str; 5] = ["aud", "azp", "exp", "jti", "nbf"];

/// The sealed form. Short names, and what is said twice is written once: issuer, subject and `sid`
/// are left out where the claims have them.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    #[serde(rename = "n")]
    id: Cow<'a, str>,
    #[serde(rename = "b")]
    created: Timestamp,
    #[serde(rename = "e")]
    expires: Timestamp,
    #[serde(rename = "h")]
    state_hash: Cow<'a, str>,
    #[serde(rename = "r")]
    return_to: Cow<'a, str>,
    #[serde(rename = "p")]
    provider: Cow<'a, str>,
    #[serde(rename = "i", skip_serializing_if = "Option::is_none", default)]
    issuer: Option<Cow<'a, str>>,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none", default)]
    subject: Option<Cow<'a, str>>,
    #[serde(rename = "d", skip_serializing_if = "Option::is_none", default)]
    sid: Option<Cow<'a, str>>,
    #[serde(rename = "m")]
    email_trust: EmailTrust,
    #[serde(rename = "c", borrow)]
    claims: &'a RawValue,
    #[serde(rename = "t")]
    access_token: Cow<'a, str>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none", default)]
    access_token_expires: Option<Timestamp>,
    #[serde(rename = "o")]
    scopes: Cow<'a, [String]>,
    /// What was asked for besides, and not granted.
    #[serde(rename = "q", skip_serializing_if = "Vec::is_empty", default)]
    refused_scopes: Vec<Cow<'a, str>>,
    #[serde(rename = "z", skip_serializing_if = "Option::is_none", default)]
    tenant: Option<Cow<'a, str>>,
    #[serde(rename = "a", skip_serializing_if = "Option::is_none", default)]
    account: Option<Cow<'a, str>>,
}

impl SessionCodec {
    /// Seals the whole of `session` for its cookie, with the `id` that names it in logs and in a list of revoked
    /// sessions. The ID token as it came, the refresh token and claims of the protocol are left out.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn seal_cookie(
        &self,
        id: &SessionId,
        session: &Session,
    ) -> Result<String, RandomUnavailable> {
        let claims = kept_claims(session.connection.identity.claims());
        let plaintext =
            claims.and_then(|claims| serde_json::to_vec(&Sealed::new(id, session, &claims)));
        let plaintext = Zeroizing::new(plaintext.map_err(|_| RandomUnavailable)?);
        let context = self.cookie_context();
        let sealed = self.keys.seal(
            Purpose::SessionCookie,
            context.as_bytes(),
            &plaintext,
            &*self.random,
        )?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The session in a cookie that [`seal_cookie`](Self::seal_cookie) made, and its id. `None` for everything
    /// else, without saying why.
    ///
    /// One that is over opens: whoever takes it in must compare [`Session::expires`].
    #[must_use]
    pub fn open_cookie(&self, value: &str) -> Option<(SessionId, Session)> {
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let context = self.cookie_context();
        let plaintext = self.keys.open(Purpose::SessionCookie, context.as_bytes(), &sealed)?;
        let plaintext = Zeroizing::new(plaintext);
        serde_json::from_slice::<Sealed<'_>>(&plaintext).ok()?.open()
    }

    fn cookie_context(&self) -> String {
        [FORMAT, &self.application].concat()
    }
}

impl Session {
    /// What takes most of this session's cookie, and how many bytes of it: "the access token", "the claim `groups`".
    #[must_use]
    pub fn biggest_in_cookie(&self) -> (String, usize) {
        let Connection { identity, tokens, .. } = &*self.connection;
        let token = ("the access token".to_owned(), tokens.access_token.secret().len());
        let scopes = ("the list of scopes".to_owned(), written(&*tokens.scopes));
        let claims = identity
            .claims()
            .iter()
            .filter(|(name, _)| is_kept(name))
            .map(|(name, value)| (claim(name), written(name) + written(value)));
        let account =
            self.account.as_deref().map(|it| ("the account's data".to_owned(), written(it)));
        let biggest = claims.chain([token, scopes]).chain(account).max_by_key(|(_, bytes)| *bytes);
        let (name, bytes) = biggest.unwrap_or_default();
        // Three bytes are four characters of base64.
        (name, bytes.saturating_mul(4).div_ceil(3))
    }
}

impl<'a> Sealed<'a> {
    fn new(id: &SessionId, session: &'a Session, kept: &'a RawValue) -> Self {
        let Session { created, expires, connection, tenant, account, .. } = session;
        let Connection { provider, identity, tokens, login, requested_scopes, .. } = &**connection;
        let (issuer, subject, sid) = (identity.issuer(), identity.subject(), identity.sid());
        let claims = identity.claims();
        let says = |claim, value| claims.get(claim).and_then(Value::as_str) == Some(value);
        Self {
            id: id.cookie_value().into(),
            created: *created,
            expires: *expires,
            state_hash: URL_SAFE_NO_PAD.encode(login.state_hash).into(),
            return_to: login.return_to.as_str().into(),
            provider: provider.into(),
            issuer: (!says("iss", issuer)).then(|| issuer.into()),
            subject: (!says("sub", subject)).then(|| subject.into()),
            sid: sid.filter(|sid| !says("sid", sid)).map(Cow::from),
            email_trust: identity.email_trust(),
            claims: kept,
            access_token: tokens.access_token.secret().into(),
            access_token_expires: tokens.expires,
            scopes: (&*tokens.scopes).into(),
            refused_scopes: requested_scopes
                .iter()
                .filter(|scope| !tokens.scopes.contains(scope))
                .map(Cow::from)
                .collect(),
            tenant: tenant.as_deref().map(Cow::from),
            account: account.as_deref().map(Cow::from),
        }
    }

    fn open(self) -> Option<(SessionId, Session)> {
        let said: Said<'_> = serde_json::from_str(self.claims.get()).ok()?;
        let or_said = |value: Option<Cow<'_, str>>, said: Option<&RawValue>| match value {
            Some(value) => Some(value.into_owned()),
            None => serde_json::from_str(said?.get()).ok(),
        };
        let (issuer, subject) = (or_said(self.issuer, said.iss)?, or_said(self.subject, said.sub)?);
        let sid = or_said(self.sid, said.sid);
        let claims = self.claims.to_owned();
        let identity = Identity::from_text(issuer, subject, sid, claims, self.email_trust);
        let tokens = TokenSet {
            access_token: self.access_token.into_owned().into(),
            obtained: self.created,
            expires: self.access_token_expires,
            refresh_token: None,
            refresh_not_before: None,
            id_token: None,
            scopes: self.scopes.into_owned().into(),
        };
        let login = LoginMark {
            state_hash: URL_SAFE_NO_PAD.decode(&*self.state_hash).ok()?.try_into().ok()?,
            return_to: ReturnTo::from_sealed(self.return_to.into_owned()),
        };
        let refused = self.refused_scopes.into_iter().map(Cow::into_owned);
        let requested_scopes = tokens.scopes.iter().cloned().chain(refused).collect();
        let provider = self.provider.into_owned();
        let connection = Arc::new(Connection {
            provider,
            identity,
            tokens,
            login,
            requested_scopes,
            nonce: None,
            // There is no refresh token to send it with.
            device_id: None,
        });
        let (created, expires) = (self.created, self.expires);
        let session = Session {
            created,
            expires,
            connection,
            connected: Vec::new(),
            tenant: self.tenant.map(Into::into),
            account: self.account.map(Into::into),
        };
        Some((SessionId::parse(&self.id)?, session))
    }
}

/// The claims that may stand in for issuer, subject and `sid`; each may be anything.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    iss: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sub: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sid: Option<&'a RawValue>,
}

fn kept_claims(claims: &Map<String, Value>) -> serde_json::Result<Box<RawValue>> {
    let kept: BTreeMap<_, _> = claims.iter().filter(|(name, _)| is_kept(name)).collect();
    to_raw_value(&kept)
}

fn is_kept(claim: &str) -> bool {
    !CHECKED_ONLY.contains(&claim)
}

/// How many bytes `value` takes as JSON.
fn written(value: &(impl Serialize + ?Sized)) -> usize {
    serde_json::to_vec(value).map_or(0, |json| json.len())
}

/// What to call a claim. Its name is the provider's, so it is shown only where that is safe in a log.
fn claim(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
    if name.len() <= 64 && name.chars().all(is_plain) {
        return format!("the claim `{name}`");
    }
    "a claim with an odd name".into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::key_ring::KeyRing;
    use crate::session::Payload;
    use crate::testing::{Counter, secret, session};

    fn codec(application: &str) -> Arc<SessionCodec> {
        let keys = KeyRing::new("secret", &secret("of this test")).unwrap();
        Arc::new(SessionCodec::new(
            application.into(),
            Arc::new(keys),
            Arc::new(Counter::default()),
        ))
    }

    fn id() -> SessionId {
        SessionId::generate(&Counter::default()).unwrap()
    }

    fn with_claims(issuer: &str, sid: Option<&str>, claims: Value) -> Session {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let sid = sid.map(Into::into);
        let mut session = session();
        Arc::make_mut(&mut session.connection).identity =
            Identity::new(issuer.into(), "alice".into(), sid, claims, EmailTrust::Verified);
        session
    }

    fn opened(session: &Session) -> Session {
        let codec = codec("https://app.example/");
        let (back, session) =
            codec.open_cookie(&codec.seal_cookie(&id(), session).unwrap()).unwrap();
        assert_eq!(back, id());
        session
    }

    #[test]
    fn who_it_is_comes_back_whole() {
        for (issuer, sid, claims) in [
            (
                "https://op",
                Some("1"),
                json!({ "iss": "https://op", "sub": "alice", "sid": "1", "name": "A" }),
            ),
            ("https://op", None, json!({ "iss": "https://other", "sub": 1, "sid": 1 })),
            (
                "https://op",
                None,
                json!({ "sub": "another", "name": "Zoë \u{0} \"x\"", "deep": [{ "a": null }] }),
            ),
            (
                "https://op",
                Some("1"),
                json!({ "sid": "1", "auth_time": 5, "amr": ["pwd"], "acr": "2" }),
            ),
            ("", None, json!({})),
        ] {
            let session = with_claims(issuer, sid, claims);
            let back = opened(&session);
            assert_eq!(back.connection.identity, session.connection.identity);
            assert_eq!((back.created, back.expires), (session.created, session.expires));
            assert_eq!(back.connection.login.state_hash, session.connection.login.state_hash);
            assert_eq!(back.connection.login.return_to, session.connection.login.return_to);
            assert_eq!(back.connection.provider, session.connection.provider);
        }
    }

    #[test]
    fn tokens_that_are_not_used_again_stay_out() {
        let mut session = session();
        Arc::make_mut(&mut session.connection).tokens = TokenSet {
            access_token: "access".to_owned().into(),
            obtained: session.created,
            expires: Some(Timestamp::from_unix_seconds(7)),
            refresh_token: Some("refresh".to_owned().into()),
            refresh_not_before: None,
            id_token: Some("id".to_owned().into()),
            scopes: ["a".to_owned(), "b c".to_owned()].into(),
        };
        let tokens = &opened(&session).connection.tokens;
        assert_eq!(tokens.access_token.secret(), "access");
        assert_eq!(tokens.expires, session.connection.tokens.expires);
        assert_eq!(tokens.scopes, session.connection.tokens.scopes);
        assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
    }

    #[test]
    fn tenant_and_account_come_back() {
        let mut session = session();
        session.tenant = Some("acme".into());
        session.account = Some(format!(r#"{{"id":"{}"}}"#, "x".repeat(90)).into());
        let back = opened(&session);
        assert_eq!((&back.tenant, &back.account), (&session.tenant, &session.account));
        assert_eq!(session.biggest_in_cookie().0, "the account's data");
    }

    #[test]
    fn claims_of_the_protocol_stay_out() {
        let checked = json!({ "aud": "c", "azp": "c", "exp": 1, "iat": 1, "jti": "x", "nbf": 1, "email": "a@b" });
        let back = opened(&with_claims("https://op", None, checked));
        assert_eq!(
            Value::Object(back.connection.identity.claims().clone()),
            json!({ "email": "a@b", "iat": 1 })
        );
    }

    #[test]
    fn k12_k13_nothing_else_opens() {
        let own = codec("https://app.example/");
        let sealed = own.seal_cookie(&id(), &session()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut tampered = bytes.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert!(own.open_cookie(&URL_SAFE_NO_PAD.encode(tampered)).is_none(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(own.open_cookie(sealed.split_at(len).0).is_none(), "{len}");
        }
        assert!(own.open_cookie(&format!("{sealed}=")).is_none());
        assert!(codec("https://other.example/").open_cookie(&sealed).is_none());
        let key = id().store_key();
        assert!(own.open(&Payload::from_bytes(bytes), &key).is_none(), "as a stored record");
        let stored = own.payload(Arc::new(session()), key).to_bytes().unwrap();
        assert!(own.open_cookie(&URL_SAFE_NO_PAD.encode(stored)).is_none(), "a stored record");
    }

    #[test]
    fn the_biggest_part_is_named_and_a_hostile_name_is_not() {
        let groups = json!({ "groups": ["x".repeat(600)], "name": "A", "aud": "y".repeat(5000) });
        let session = with_claims("https://op", None, groups);
        // `"groups"` and `["xxx"]`, in base64.
        assert_eq!(
            session.biggest_in_cookie(),
            ("the claim `groups`".into(), (8_usize + 604) * 4 / 3)
        );
        for name in ["a\nb", "`", "Zoë", &"n".repeat(65)] {
            let session = with_claims("https://op", None, json!({ name: "x".repeat(600) }));
            assert_eq!(session.biggest_in_cookie().0, "a claim with an odd name");
        }
        let mut session = self::session();
        Arc::make_mut(&mut session.connection).tokens.access_token = "x".repeat(600).into();
        assert_eq!(session.biggest_in_cookie(), ("the access token".into(), 800));
    }
}
