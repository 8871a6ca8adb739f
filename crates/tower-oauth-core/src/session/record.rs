//! The form of a session outside the process: JSON, sealed before anybody sees it.
//!
//! Separate types, so that no secret type needs `Serialize`. A member may be added; a change that an older
//! reader would misread gets a new [`FORMAT`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Connection, LoginMark, Session, TokenSet};
use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::return_to::ReturnTo;

const FORMAT: u8 = 1;

#[derive(Serialize, Deserialize)]
struct SessionRecord<'a> {
    format: u8,
    created: Timestamp,
    expires: Timestamp,
    state_hash: [u8; 32],
    return_to: Cow<'a, str>,
    provider: Cow<'a, str>,
    issuer: Cow<'a, str>,
    subject: Cow<'a, str>,
    sid: Option<Cow<'a, str>>,
    claims: Cow<'a, Map<String, Value>>,
    email_trust: crate::identity::EmailTrust,
    access_token: Cow<'a, str>,
    access_token_expires: Option<Timestamp>,
    refresh_token: Option<Cow<'a, str>>,
    id_token: Option<Cow<'a, str>>,
    scopes: Cow<'a, [String]>,
}

pub(super) fn encode(session: &Session) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let Session { created, expires, login, connection } = session;
    let Connection { provider, identity, tokens } = connection;
    serde_json::to_vec(&SessionRecord {
        format: FORMAT,
        created: *created,
        expires: *expires,
        state_hash: login.state_hash,
        return_to: login.return_to.as_str().into(),
        provider: provider.into(),
        issuer: identity.issuer().into(),
        subject: identity.subject().into(),
        sid: identity.sid().map(Cow::from),
        claims: Cow::Borrowed(identity.claims()),
        email_trust: identity.email_trust(),
        access_token: tokens.access_token.secret().into(),
        access_token_expires: tokens.expires,
        refresh_token: tokens.refresh_token.as_ref().map(|token| token.secret().into()),
        id_token: tokens.id_token.as_ref().map(|token| token.secret().into()),
        scopes: tokens.scopes.as_slice().into(),
    })
    .map(Zeroizing::new)
}

pub(super) fn decode(plaintext: &[u8]) -> Option<Session> {
    let record: SessionRecord<'_> = serde_json::from_slice(plaintext).ok()?;
    if record.format != FORMAT {
        return None;
    }
    let identity = Identity::new(
        record.issuer.into_owned(),
        record.subject.into_owned(),
        record.sid.map(Cow::into_owned),
        record.claims.into_owned(),
        record.email_trust,
    );
    let tokens = TokenSet {
        access_token: record.access_token.into_owned().into(),
        expires: record.access_token_expires,
        refresh_token: record.refresh_token.map(|token| token.into_owned().into()),
        id_token: record.id_token.map(|token| token.into_owned().into()),
        scopes: record.scopes.into_owned(),
    };
    Some(Session {
        created: record.created,
        expires: record.expires,
        login: LoginMark {
            state_hash: record.state_hash,
            return_to: ReturnTo::from_sealed(record.return_to.into_owned()),
        },
        connection: Connection::new(record.provider.into_owned(), identity, tokens),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::session;

    #[test]
    fn p24_a_record_of_another_format_counts_as_absent() {
        let encoded = encode(&session()).unwrap();
        assert!(decode(&encoded).is_some());
        let mut value: Value = serde_json::from_slice(&encoded).unwrap();
        value["format"] = 2.into();
        assert!(decode(value.to_string().as_bytes()).is_none());
    }

    #[test]
    fn k17_the_idle_end_is_never_after_the_absolute_one() {
        let lifetimes = crate::session::Lifetimes::default();
        let session = session();
        assert_eq!(
            session.idle_expiry(Timestamp::from_unix_seconds(999), lifetimes),
            session.expires
        );
    }
}
