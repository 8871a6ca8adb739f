//! The form of a session outside the process: JSON, sealed before anybody sees it.
//!
//! Separate types, so that no secret type needs `Serialize`. A member may be added; a change that an older
//! reader would misread gets a new [`FORMAT`].

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Connection, LoginMark, Session, TokenSet};
use crate::clock::Timestamp;
use crate::identity::{EmailTrust, Identity};
use crate::return_to::ReturnTo;

const FORMAT: u8 = 1;

#[derive(Serialize, Deserialize)]
struct SessionRecord<'a> {
    format: u8,
    created: Timestamp,
    expires: Timestamp,
    /// That of the login first.
    #[serde(borrow)]
    connections: Vec<ConnectionRecord<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct ConnectionRecord<'a> {
    provider: Cow<'a, str>,
    issuer: Cow<'a, str>,
    subject: Cow<'a, str>,
    sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    claims: &'a RawValue,
    email_trust: EmailTrust,
    state_hash: [u8; 32],
    return_to: Cow<'a, str>,
    requested_scopes: Cow<'a, [String]>,
    nonce: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_id: Option<Cow<'a, str>>,
    access_token: Cow<'a, str>,
    access_token_obtained: Timestamp,
    access_token_expires: Option<Timestamp>,
    refresh_token: Option<Cow<'a, str>>,
    refresh_not_before: Option<Timestamp>,
    id_token: Option<Cow<'a, str>>,
    scopes: Cow<'a, [String]>,
}

pub(super) fn encode(session: &Session) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    serde_json::to_vec(&SessionRecord {
        format: FORMAT,
        created: session.created,
        expires: session.expires,
        connections: session.connections().map(|it| ConnectionRecord::from(&**it)).collect(),
        tenant: session.tenant.as_deref().map(Cow::from),
        account: session.account.as_deref().map(Cow::from),
    })
    .map(Zeroizing::new)
}

pub(super) fn decode(plaintext: &[u8]) -> Option<Session> {
    let record: SessionRecord<'_> = serde_json::from_slice(plaintext).ok()?;
    if record.format != FORMAT {
        return None;
    }
    let mut connections = record.connections.into_iter().map(|it| Arc::new(it.into()));
    Some(Session {
        created: record.created,
        expires: record.expires,
        connection: connections.next()?,
        connected: connections.collect(),
        tenant: record.tenant.map(Into::into),
        account: record.account.map(Into::into),
    })
}

impl<'a> From<&'a Connection> for ConnectionRecord<'a> {
    fn from(connection: &'a Connection) -> Self {
        let Connection { provider, identity, tokens, login, requested_scopes, nonce, device_id } =
            connection;
        Self {
            provider: provider.into(),
            issuer: identity.issuer().into(),
            subject: identity.subject().into(),
            sid: identity.sid().map(Cow::from),
            claims: identity.raw_claims(),
            email_trust: identity.email_trust(),
            state_hash: login.state_hash,
            return_to: login.return_to.as_str().into(),
            requested_scopes: (&**requested_scopes).into(),
            nonce: nonce.as_ref().map(|nonce| nonce.secret().into()),
            device_id: device_id.as_deref().map(Cow::from),
            access_token: tokens.access_token.secret().into(),
            access_token_obtained: tokens.obtained,
            access_token_expires: tokens.expires,
            refresh_token: tokens.refresh_token.as_ref().map(|token| token.secret().into()),
            refresh_not_before: tokens.refresh_not_before,
            id_token: tokens.id_token.as_ref().map(|token| token.secret().into()),
            scopes: (&*tokens.scopes).into(),
        }
    }
}

impl From<ConnectionRecord<'_>> for Connection {
    fn from(record: ConnectionRecord<'_>) -> Self {
        let identity = Identity::from_text(
            record.issuer.into_owned(),
            record.subject.into_owned(),
            record.sid.map(Cow::into_owned),
            record.claims.to_owned(),
            record.email_trust,
        );
        let tokens = TokenSet {
            access_token: record.access_token.into_owned().into(),
            obtained: record.access_token_obtained,
            expires: record.access_token_expires,
            refresh_token: record.refresh_token.map(|token| token.into_owned().into()),
            refresh_not_before: record.refresh_not_before,
            id_token: record.id_token.map(|token| token.into_owned().into()),
            scopes: record.scopes.into_owned().into(),
        };
        Self {
            provider: record.provider.into_owned(),
            identity,
            tokens,
            login: LoginMark {
                state_hash: record.state_hash,
                return_to: ReturnTo::from_sealed(record.return_to.into_owned()),
            },
            requested_scopes: record.requested_scopes.into_owned().into(),
            nonce: record.nonce.map(|nonce| nonce.into_owned().into()),
            device_id: record.device_id.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
    fn a_record_keeps_every_connection_in_its_place() {
        let mut session = session();
        for provider in ["second", "third"] {
            let other = Connection { provider: provider.into(), ..(*session.connection).clone() };
            session = session.with_connection(Arc::new(other));
        }
        let decoded = decode(&encode(&session).unwrap()).unwrap();
        let keys: Vec<_> = decoded.connections().map(|it| it.provider.as_str()).collect();
        assert_eq!(keys, ["op", "second", "third"]);
        assert_eq!(decoded.connection_to("third").unwrap().identity, session.connection.identity);
        let mut empty: Value = serde_json::from_slice(&encode(&session).unwrap()).unwrap();
        empty["connections"] = Value::Array(Vec::new());
        assert!(decode(empty.to_string().as_bytes()).is_none(), "a session is somebody's");
    }

    #[test]
    fn a_record_keeps_tenant_and_account() {
        let mut session = session();
        session.tenant = Some("acme".into());
        session.account = Some(r#"{"id":"\u0000\"é"}"#.into());
        let decoded = decode(&encode(&session).unwrap()).unwrap();
        assert_eq!((decoded.tenant, decoded.account), (session.tenant, session.account));
    }

    #[test]
    fn a_record_keeps_the_device_and_one_without_is_read() {
        let mut session = session();
        let encoded = encode(&session).unwrap();
        assert!(!String::from_utf8_lossy(&encoded).contains("device_id"));
        assert_eq!(decode(&encoded).unwrap().connection.device_id, None);
        Arc::make_mut(&mut session.connection).device_id = Some("a\"b".into());
        let decoded = decode(&encode(&session).unwrap()).unwrap();
        assert_eq!(decoded.connection.device_id, session.connection.device_id);
    }

    #[test]
    fn a_connection_replaces_the_one_to_the_same_provider() {
        let session = session();
        let mut tokens = session.connection.tokens.clone();
        tokens.access_token = "u".into();
        let renewed = session.with_connection(Arc::new(session.connection.with_tokens(tokens)));
        assert_eq!(renewed.connections().count(), 1);
        assert_eq!(renewed.connection.tokens.access_token, "u".into());
        assert_eq!(renewed.without_connection("op").connections().count(), 1);
        let other = Connection { provider: "second".into(), ..(*session.connection).clone() };
        let two = renewed.with_connection(Arc::new(other));
        assert_eq!(two.connections().count(), 2);
        assert_eq!(two.without_connection("second").connections().count(), 1);
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
