//! The form of a session outside the process: [members](super::members), sealed before anybody sees them.
//!
//! A member may be added; a change that an older reader would misread gets a new [`FORMAT`].

use std::sync::Arc;

use super::members::{Writer, members};
use super::{Connection, LoginMark, Session, TokenSet};
use crate::clock::Timestamp;
use crate::identity::{EmailTrust, Identity};
use crate::plaintext::Plaintext;
use crate::return_to::ReturnTo;
use crate::secret::{Nonce, RawIdToken, RefreshToken};

/// The first member.
const FORMAT: (u8, &[u8]) = (0, &[2]);

// Of the session.
const CREATED: u8 = 1;
const EXPIRES: u8 = 2;
const TENANT: u8 = 3;
const ACCOUNT: u8 = 4;
// Of a connection, which the first of these begins. That of the login comes first.
const PROVIDER: u8 = 16;
const ISSUER: u8 = 17;
const SUBJECT: u8 = 18;
const SID: u8 = 19;
const CLAIMS: u8 = 20;
const EMAIL_TRUST: u8 = 21;
const STATE_HASH: u8 = 22;
const RETURN_TO: u8 = 23;
const NONCE: u8 = 24;
const DEVICE_ID: u8 = 25;
const ACCESS_TOKEN: u8 = 26;
const ACCESS_TOKEN_OBTAINED: u8 = 27;
const ACCESS_TOKEN_EXPIRES: u8 = 28;
const REFRESH_TOKEN: u8 = 29;
const REFRESH_NOT_BEFORE: u8 = 30;
const ID_TOKEN: u8 = 31;
const SCOPE: u8 = 32;
const REFUSED_SCOPE: u8 = 33;

pub(super) fn encode(session: &Session) -> Plaintext {
    let mut writer = Writer::new(room(session));
    writer.put(FORMAT.0, FORMAT.1);
    writer.put(CREATED, time(session.created));
    writer.put(EXPIRES, time(session.expires));
    writer.put_if(TENANT, session.tenant.as_deref());
    writer.put_if(ACCOUNT, session.account.as_deref());
    for connection in session.connections() {
        encode_connection(connection, &mut writer);
    }
    writer.finish()
}

fn encode_connection(connection: &Connection, writer: &mut Writer) {
    let Connection { provider, identity, tokens, login, requested_scopes, nonce, device_id } =
        connection;
    writer.put(PROVIDER, &**provider);
    writer.put(ISSUER, identity.issuer());
    writer.put(SUBJECT, identity.subject());
    writer.put_if(SID, identity.sid());
    writer.put(CLAIMS, identity.claims_text());
    writer.put(EMAIL_TRUST, [trust_number(identity.email_trust())]);
    writer.put(STATE_HASH, login.state_hash);
    writer.put(RETURN_TO, login.return_to.as_str());
    writer.put_if(NONCE, nonce.as_ref().map(Nonce::secret));
    writer.put_if(DEVICE_ID, device_id.as_deref());
    writer.put(ACCESS_TOKEN, tokens.access_token.secret());
    writer.put(ACCESS_TOKEN_OBTAINED, time(tokens.obtained));
    writer.put_if(ACCESS_TOKEN_EXPIRES, tokens.expires.map(time));
    writer.put_if(REFRESH_TOKEN, tokens.refresh_token.as_ref().map(RefreshToken::secret));
    writer.put_if(REFRESH_NOT_BEFORE, tokens.refresh_not_before.map(time));
    writer.put_if(ID_TOKEN, tokens.id_token.as_ref().map(RawIdToken::secret));
    for scope in &*tokens.scopes {
        writer.put(SCOPE, scope);
    }
    for scope in requested_scopes.iter().filter(|scope| !tokens.scopes.contains(scope)) {
        writer.put(REFUSED_SCOPE, scope);
    }
}

/// Bytes enough for `session`, so that no secret is left where it had no room to grow.
fn room(session: &Session) -> usize {
    let of = |connection: &Connection| {
        let TokenSet { access_token, refresh_token, id_token, .. } = &connection.tokens;
        1024 + connection.identity.claims_text().len()
            + access_token.secret().len()
            + refresh_token.as_ref().map_or(0, |token| token.secret().len())
            + id_token.as_ref().map_or(0, |token| token.secret().len())
    };
    let account = session.account.as_ref().map_or(0, |account| account.len());
    1024 + account + session.connections().map(|it| of(it)).sum::<usize>()
}

pub(super) fn decode(plaintext: &[u8]) -> Option<Session> {
    let mut members = members(plaintext);
    if members.next()?? != FORMAT {
        return None;
    }
    let (mut created, mut expires, mut tenant, mut account) = (None, None, None, None);
    let mut connections = Vec::with_capacity(1);
    for member in members {
        let (tag, value) = member?;
        match tag {
            CREATED => created = Some(read_time(value)?),
            EXPIRES => expires = Some(read_time(value)?),
            TENANT => tenant = Some(text(value)?.into()),
            ACCOUNT => account = Some(text(value)?.into()),
            PROVIDER => connections.push(ConnectionRecord::of(text(value)?)),
            _ => {
                if let Some(connection) = connections.last_mut() {
                    connection.read(tag, value)?;
                }
            }
        }
    }
    let mut connections = connections.into_iter().map(|it| it.finish().map(Arc::new));
    Some(Session {
        created: created?,
        expires: expires?,
        connection: connections.next()??,
        connected: connections.collect::<Option<_>>()?,
        tenant,
        account,
    })
}

/// What was read of a connection.
#[derive(Default)]
struct ConnectionRecord<'a> {
    provider: &'a str,
    issuer: Option<&'a str>,
    subject: Option<&'a str>,
    sid: Option<&'a str>,
    claims: Option<&'a str>,
    email_trust: EmailTrust,
    state_hash: Option<[u8; 32]>,
    return_to: Option<&'a str>,
    nonce: Option<&'a str>,
    device_id: Option<&'a str>,
    access_token: Option<&'a str>,
    access_token_obtained: Option<Timestamp>,
    access_token_expires: Option<Timestamp>,
    refresh_token: Option<&'a str>,
    refresh_not_before: Option<Timestamp>,
    id_token: Option<&'a str>,
    scopes: Vec<&'a str>,
    refused_scopes: Vec<&'a str>,
}

impl<'a> ConnectionRecord<'a> {
    fn of(provider: &'a str) -> Self {
        Self { provider, ..Self::default() }
    }

    fn read(&mut self, tag: u8, value: &'a [u8]) -> Option<()> {
        match tag {
            ISSUER => self.issuer = Some(text(value)?),
            SUBJECT => self.subject = Some(text(value)?),
            SID => self.sid = Some(text(value)?),
            CLAIMS => self.claims = Some(text(value)?),
            EMAIL_TRUST => self.email_trust = read_trust(value),
            STATE_HASH => self.state_hash = Some(value.try_into().ok()?),
            RETURN_TO => self.return_to = Some(text(value)?),
            NONCE => self.nonce = Some(text(value)?),
            DEVICE_ID => self.device_id = Some(text(value)?),
            ACCESS_TOKEN => self.access_token = Some(text(value)?),
            ACCESS_TOKEN_OBTAINED => self.access_token_obtained = Some(read_time(value)?),
            ACCESS_TOKEN_EXPIRES => self.access_token_expires = Some(read_time(value)?),
            REFRESH_TOKEN => self.refresh_token = Some(text(value)?),
            REFRESH_NOT_BEFORE => self.refresh_not_before = Some(read_time(value)?),
            ID_TOKEN => self.id_token = Some(text(value)?),
            SCOPE => self.scopes.push(text(value)?),
            REFUSED_SCOPE => self.refused_scopes.push(text(value)?),
            _ => {}
        }
        Some(())
    }

    fn finish(self) -> Option<Connection> {
        let owned = |scopes: &[&str]| scopes.iter().map(|it| String::from(*it)).collect();
        let scopes: Arc<[String]> = owned(&self.scopes);
        let requested_scopes = if self.refused_scopes.is_empty() {
            Arc::clone(&scopes)
        } else {
            owned(&[self.scopes, self.refused_scopes].concat())
        };
        let identity = Identity::from_text(
            self.issuer?,
            self.subject?,
            self.sid,
            self.claims?,
            self.email_trust,
        );
        let tokens = TokenSet {
            access_token: self.access_token?.into(),
            obtained: self.access_token_obtained?,
            expires: self.access_token_expires,
            refresh_token: self.refresh_token.map(Into::into),
            refresh_not_before: self.refresh_not_before,
            id_token: self.id_token.map(Into::into),
            scopes,
        };
        let login = LoginMark {
            state_hash: self.state_hash?,
            return_to: ReturnTo::from_sealed(self.return_to?),
        };
        Some(Connection {
            provider: self.provider.into(),
            identity,
            tokens,
            login,
            requested_scopes,
            nonce: self.nonce.map(Into::into),
            device_id: self.device_id.map(Into::into),
        })
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

const fn time(time: Timestamp) -> [u8; 8] {
    time.unix_seconds().to_be_bytes()
}

fn read_time(value: &[u8]) -> Option<Timestamp> {
    value.try_into().ok().map(u64::from_be_bytes).map(Timestamp::from_unix_seconds)
}

const fn trust_number(trust: EmailTrust) -> u8 {
    match trust {
        EmailTrust::Unknown => 0,
        EmailTrust::Unverified => 1,
        EmailTrust::Verified => 2,
    }
}

/// A trust that we do not know is none.
const fn read_trust(value: &[u8]) -> EmailTrust {
    match value {
        [1] => EmailTrust::Unverified,
        [2] => EmailTrust::Verified,
        _ => EmailTrust::Unknown,
    }
}

#[cfg(test)]
mod tests;
