//! The form of a session outside the process: [members](super::members), sealed before anybody sees them.
//!
//! A member may be added; a change that an older reader would misread gets a new [`FORMAT`].

use std::ops::Range;
use std::sync::Arc;

use super::members::{Put, members, written};
use super::{Connection, LoginMark, Session, TokenSet};
use crate::clock::Timestamp;
use crate::identity::{EmailTrust, Identity};
use crate::plaintext::Plaintext;
use crate::return_to::ReturnTo;
use crate::secret::{AccessTokenSecret, Nonce, RawIdToken, RefreshToken};
use crate::text::{Text, Whole};

/// The first member.
const FORMAT: (u8, &str) = (0, "3");

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
const LOGIN: u8 = 22;
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
    written(|put| write(session, put))
}

fn write(session: &Session, put: Put<'_>) {
    put(FORMAT.0, FORMAT.1);
    put(CREATED, &time(session.created));
    put(EXPIRES, &time(session.expires));
    put_if(put, TENANT, session.tenant.as_deref());
    put_if(put, ACCOUNT, session.account.as_deref());
    for connection in session.connections() {
        write_connection(connection, put);
    }
}

fn write_connection(connection: &Connection, put: Put<'_>) {
    let Connection { provider, identity, tokens, login, requested_scopes, nonce, device_id } =
        connection;
    put(PROVIDER, provider);
    put(ISSUER, identity.issuer());
    put(SUBJECT, identity.subject());
    put_if(put, SID, identity.sid());
    put(CLAIMS, identity.claims_text());
    put(EMAIL_TRUST, trust(identity.email_trust()));
    put(LOGIN, login.label());
    put(RETURN_TO, login.return_to.as_str());
    put_if(put, NONCE, nonce.as_ref().map(Nonce::secret));
    put_if(put, DEVICE_ID, device_id.as_deref());
    put(ACCESS_TOKEN, tokens.access_token.secret());
    put(ACCESS_TOKEN_OBTAINED, &time(tokens.obtained));
    put_if(put, ACCESS_TOKEN_EXPIRES, tokens.expires.map(time).as_deref());
    put_if(put, REFRESH_TOKEN, tokens.refresh_token.as_ref().map(RefreshToken::secret));
    put_if(put, REFRESH_NOT_BEFORE, tokens.refresh_not_before.map(time).as_deref());
    put_if(put, ID_TOKEN, tokens.id_token.as_ref().map(RawIdToken::secret));
    for scope in &*tokens.scopes {
        put(SCOPE, scope);
    }
    for scope in requested_scopes.iter().filter(|scope| !tokens.scopes.contains(scope)) {
        put(REFUSED_SCOPE, scope);
    }
}

fn put_if(put: Put<'_>, tag: u8, value: Option<&str>) {
    if let Some(value) = value {
        put(tag, value);
    }
}

/// The session whose members `plaintext` has: its parts are parts of that.
pub(super) fn decode(plaintext: Plaintext) -> Option<Session> {
    let whole = Whole::new(plaintext)?;
    let mut members = members(whole.as_str());
    let value = |range| Value { whole: &whole, range };
    let (tag, format) = members.next()??;
    if (tag, value(format).as_str()?) != FORMAT {
        return None;
    }
    let (mut created, mut expires, mut tenant, mut account) = (None, None, None, None);
    let (mut under_way, mut before) = (None::<ConnectionRecord>, Vec::new());
    for member in members {
        let (tag, range) = member?;
        let value = value(range);
        match tag {
            CREATED => created = Some(value.time()?),
            EXPIRES => expires = Some(value.time()?),
            TENANT => tenant = Some(value.as_str()?.into()),
            ACCOUNT => account = Some(value.as_str()?.into()),
            PROVIDER => {
                let next = ConnectionRecord::of(value.as_str()?.into());
                if let Some(record) = under_way.replace(next) {
                    before.push(Arc::new(record.finish()?));
                }
            }
            _ => {
                if let Some(connection) = &mut under_way {
                    connection.read(tag, value)?;
                }
            }
        }
    }
    let last = Arc::new(under_way?.finish()?);
    let (connection, connected) = if before.is_empty() {
        (last, before)
    } else {
        before.push(last);
        (before.remove(0), before)
    };
    let (created, expires) = (created?, expires?);
    Some(Session { created, expires, connection, connected, tenant, account })
}

/// The value of a member.
struct Value<'a> {
    whole: &'a Arc<Whole>,
    range: Range<usize>,
}

impl<'a> Value<'a> {
    fn as_str(&self) -> Option<&'a str> {
        self.whole.as_str().get(self.range.clone())
    }

    fn text(self) -> Text {
        self.whole.part(self.range)
    }

    fn time(&self) -> Option<Timestamp> {
        self.as_str()?.parse().ok().map(Timestamp::from_unix_seconds)
    }
}

/// What was read of a connection.
#[derive(Default)]
struct ConnectionRecord {
    provider: Arc<str>,
    issuer: Option<Arc<str>>,
    subject: Option<Text>,
    sid: Option<Text>,
    claims: Option<Text>,
    email_trust: EmailTrust,
    login: Option<Text>,
    return_to: Option<Text>,
    nonce: Option<Nonce>,
    device_id: Option<Box<str>>,
    access_token: Option<AccessTokenSecret>,
    access_token_obtained: Option<Timestamp>,
    access_token_expires: Option<Timestamp>,
    refresh_token: Option<RefreshToken>,
    refresh_not_before: Option<Timestamp>,
    id_token: Option<RawIdToken>,
    scopes: Vec<String>,
    refused_scopes: Vec<String>,
}

impl ConnectionRecord {
    fn of(provider: Arc<str>) -> Self {
        Self { provider, ..Self::default() }
    }

    fn read(&mut self, tag: u8, value: Value<'_>) -> Option<()> {
        match tag {
            ISSUER => self.issuer = Some(value.as_str()?.into()),
            SUBJECT => self.subject = Some(value.text()),
            SID => self.sid = Some(value.text()),
            CLAIMS => self.claims = Some(value.text()),
            EMAIL_TRUST => self.email_trust = read_trust(value.as_str()?),
            LOGIN => self.login = Some(value.text()),
            RETURN_TO => self.return_to = Some(value.text()),
            NONCE => self.nonce = Some(value.text().into()),
            DEVICE_ID => self.device_id = Some(value.as_str()?.into()),
            ACCESS_TOKEN => self.access_token = Some(value.text().into()),
            ACCESS_TOKEN_OBTAINED => self.access_token_obtained = Some(value.time()?),
            ACCESS_TOKEN_EXPIRES => self.access_token_expires = Some(value.time()?),
            REFRESH_TOKEN => self.refresh_token = Some(value.text().into()),
            REFRESH_NOT_BEFORE => self.refresh_not_before = Some(value.time()?),
            ID_TOKEN => self.id_token = Some(value.text().into()),
            SCOPE => self.scopes.push(value.as_str()?.into()),
            REFUSED_SCOPE => self.refused_scopes.push(value.as_str()?.into()),
            _ => {}
        }
        Some(())
    }

    fn finish(self) -> Option<Connection> {
        let refused = self.refused_scopes;
        let asked = (!refused.is_empty()).then(|| [&*self.scopes, &*refused].concat());
        let scopes: Arc<[String]> = self.scopes.into();
        let requested_scopes = asked.map_or_else(|| Arc::clone(&scopes), Into::into);
        let identity = Identity::from_text(
            self.issuer?,
            self.subject?,
            self.sid,
            self.claims?,
            self.email_trust,
        );
        let tokens = TokenSet {
            access_token: self.access_token?,
            obtained: self.access_token_obtained?,
            expires: self.access_token_expires,
            refresh_token: self.refresh_token,
            refresh_not_before: self.refresh_not_before,
            id_token: self.id_token,
            scopes,
        };
        let return_to = ReturnTo::from_sealed(self.return_to?);
        Some(Connection {
            provider: self.provider,
            identity,
            tokens,
            login: LoginMark { label: self.login?, return_to },
            requested_scopes,
            nonce: self.nonce,
            device_id: self.device_id,
        })
    }
}

fn time(time: Timestamp) -> String {
    time.unix_seconds().to_string()
}

const fn trust(trust: EmailTrust) -> &'static str {
    match trust {
        EmailTrust::Unknown => "0",
        EmailTrust::Unverified => "1",
        EmailTrust::Verified => "2",
    }
}

/// A trust that we do not know is none.
fn read_trust(value: &str) -> EmailTrust {
    match value {
        "1" => EmailTrust::Unverified,
        "2" => EmailTrust::Verified,
        _ => EmailTrust::Unknown,
    }
}

#[cfg(test)]
mod tests;
