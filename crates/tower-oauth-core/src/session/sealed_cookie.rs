//! A session sealed into its own cookie: the server keeps nothing.
//!
//! A browser gives a cookie 4096 bytes, so what nobody asks for after the login stays out: the ID token as it
//! came, the refresh token, claims that only the check of the ID token needs. There is one connection, that of the
//! login: to add another would mean a new cookie for the same session, which could undo a sign-out under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::{Connection, Session, SessionCodec, StoreKey, TokenSet, record};
use crate::key_ring::Purpose;
use crate::random::RandomUnavailable;

/// Claims that the login checked and that say nothing about the user (OpenID Connect Core section 2).
const CHECKED_ONLY: [&str; 5] = ["aud", "azp", "exp", "jti", "nbf"];

impl SessionCodec {
    /// Seals the whole of `session` for its cookie, with the `key` that names it in logs and in a list of revoked
    /// sessions, and that is part of the seal as it is in a store. The ID token as it came, the refresh token and claims
    /// of the protocol are left out.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn seal_cookie(
        &self,
        key: &StoreKey,
        session: &Session,
    ) -> Result<String, RandomUnavailable> {
        let plaintext = record::encode(&kept(session));
        let context = self.context(key);
        let sealed = self.keys.seal(Purpose::SessionCookie, &context, &plaintext, &*self.random)?;
        Ok(URL_SAFE_NO_PAD.encode([&*sealed, key.as_bytes()].concat()))
    }

    /// The session in a cookie that [`seal_cookie`](Self::seal_cookie) made, and its key. `None` for everything
    /// else, without saying why.
    ///
    /// One that is over opens: whoever takes it in must compare [`Session::expires`].
    #[must_use]
    pub fn open_cookie(&self, value: &(impl AsRef<[u8]> + ?Sized)) -> Option<(StoreKey, Session)> {
        let mut sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (before, key) = sealed.split_last_chunk()?;
        let (length, key) = (before.len(), StoreKey::from_bytes(*key));
        sealed.truncate(length);
        let plaintext = self.keys.open(Purpose::SessionCookie, &self.context(&key), sealed)?;
        Some((key, record::decode(plaintext)?))
    }
}

impl Session {
    /// What takes most of this session's cookie, and how many bytes of it: "the access token", "the claim `groups`".
    #[must_use]
    pub fn biggest_in_cookie(&self) -> (String, usize) {
        let Connection { identity, tokens, .. } = &*self.connection;
        let token = ("the access token".to_owned(), tokens.access_token.secret().len());
        let scopes = tokens.scopes.iter().map(String::len).sum();
        let scopes = ("the list of scopes".to_owned(), scopes);
        let claims = identity
            .claims()
            .iter()
            .filter(|(name, _)| is_kept(name))
            .map(|(name, value)| (claim(name), written(name) + written(value)));
        let account = self.account.as_deref();
        let account = account.map(|it| ("the account's data".to_owned(), it.len()));
        let biggest = claims.chain([token, scopes]).chain(account).max_by_key(|(_, bytes)| *bytes);
        let (name, bytes) = biggest.unwrap_or_default();
        // Three bytes are four characters of base64.
        (name, bytes.saturating_mul(4).div_ceil(3))
    }
}

/// What goes into the cookie.
fn kept(session: &Session) -> Session {
    let Connection { identity, tokens, .. } = &*session.connection;
    let claims: BTreeMap<_, _> =
        identity.claims().iter().filter(|(name, _)| is_kept(name)).collect();
    let claims = serde_json::to_string(&claims).unwrap_or_default();
    let connection = Connection {
        identity: identity.with_claims(claims),
        tokens: TokenSet { refresh_token: None, id_token: None, ..tokens.clone() },
        nonce: None,
        // There is no refresh token to send it with.
        device_id: None,
        ..(*session.connection).clone()
    };
    Session { connection: Arc::new(connection), connected: Vec::new(), ..session.clone() }
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
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::Timestamp;
    use crate::identity::{EmailTrust, Identity};
    use crate::key_ring::KeyRing;
    use crate::session::{Payload, SessionId};
    use crate::testing::{Counter, secret, session};

    fn codec(application: &str) -> Arc<SessionCodec> {
        let keys = KeyRing::new("secret", &secret("of this test")).unwrap();
        Arc::new(SessionCodec::new(
            application.into(),
            Arc::new(keys),
            Arc::new(Counter::default()),
        ))
    }

    fn key() -> StoreKey {
        SessionId::generate(&Counter::default()).unwrap().store_key()
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
            codec.open_cookie(&codec.seal_cookie(&key(), session).unwrap()).unwrap();
        assert_eq!(back, key());
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
            assert_eq!(back.connection.login.label(), session.connection.login.label());
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
        let sealed = own.seal_cookie(&key(), &session()).unwrap();
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
        let key = key();
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
