//! Until when the sessions of a user, or of a session at the provider, have ended. A session that is found only later
//! is held against that: one that a login was just about to save, or one in a cookie.

use std::time::Duration;

use bytes::Bytes;
use tower_oauth_core::session::{
    Payload, Record, Session, SessionStore, StoreError, StoreKey, StoredRecord, Swap,
};
use tower_oauth_core::{Error, ErrorKind, Timestamp};

/// How long it is remembered where sessions are in a store: much longer than a login takes from the provider's answer
/// to the session.
pub(crate) const FOR_LOGINS: Duration = Duration::from_secs(15 * 60);

/// Two clocks, since a login has two times: which sessions have ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    /// All that the provider vouched for until then, by its clock.
    pub(crate) vouched_until: Timestamp,
    /// All that began until then, by ours.
    pub(crate) created_until: Timestamp,
}

impl Ended {
    fn includes(self, session: &Session) -> bool {
        session.vouched() <= self.vouched_until || session.created <= self.created_until
    }

    fn and(self, other: Self) -> Self {
        Self {
            vouched_until: self.vouched_until.max(other.vouched_until),
            created_until: self.created_until.max(other.created_until),
        }
    }

    /// Two numbers that name nobody.
    fn to_payload(self) -> Payload {
        let times = [self.vouched_until, self.created_until].map(Timestamp::unix_seconds);
        Payload::from_bytes(Bytes::from(times.map(u64::to_be_bytes).concat()))
    }

    fn read(stored: &StoredRecord) -> Option<Self> {
        let bytes = stored.payload.to_bytes().ok()?;
        let (vouched, rest) = bytes.split_first_chunk()?;
        let (created, _) = rest.split_first_chunk()?;
        let [vouched_until, created_until] =
            [vouched, created].map(|it| Timestamp::from_unix_seconds(u64::from_be_bytes(*it)));
        Some(Self { vouched_until, created_until })
    }
}

/// Remembers under `key`, until `expires`, that so much has ended, besides what is remembered there already.
pub(crate) async fn remember(
    store: &dyn SessionStore,
    key: &StoreKey,
    ended: Ended,
    expires: Timestamp,
) -> Result<(), Error> {
    for _ in 0..10 {
        let Some(stored) = store.load_current(key).await? else {
            match store.create(key, Record::new(ended.to_payload(), expires, None)).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_already_exists() => continue,
                Err(error) => return Err(error.into()),
            }
        };
        let ended = Ended::read(&stored).map_or(ended, |before| before.and(ended));
        let record = Record::new(ended.to_payload(), expires.max(stored.expires), None);
        if let Swap::Swapped(_) = store.swap(key, stored.version, record).await? {
            return Ok(());
        }
    }
    Err(Error::new(
        ErrorKind::StoreUnavailable,
        "a sign-out meets too many others of the same user",
    ))
}

/// Whether `session` is among those that have ended by its user, or by its session at the provider.
pub(crate) async fn includes(
    store: &dyn SessionStore,
    session: &Session,
    by_sid: bool,
) -> Result<bool, StoreError> {
    let identity = &session.connection.identity;
    let subject = Some(StoreKey::ended_subject(identity.issuer(), identity.subject()));
    let sid = identity.sid().filter(|_| by_sid);
    let sid = sid.map(|sid| StoreKey::ended_sid(identity.issuer(), sid));
    for key in [subject, sid].into_iter().flatten() {
        let ended = store.load(&key).await?.and_then(|stored| Ended::read(&stored));
        if ended.is_some_and(|ended| ended.includes(session)) {
            return Ok(true);
        }
    }
    Ok(false)
}
