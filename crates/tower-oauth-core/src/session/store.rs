//! HOP 4: the session is created under a new id, durable before the response exists.
//!
//! [`SessionStore`] is the contract between the login flow and whatever keeps its sessions.

use std::fmt;

use async_trait::async_trait;

use super::{Connection, Payload, StoreKey, TokenSet};
use crate::clock::Timestamp;
use crate::secret::sha256;

/// Where sessions live.
///
/// # The contract
///
/// - **Durable:** when a write returns `Ok`, every later read of every process sees it.
/// - **Atomic:** every call on one key seems to happen at one moment, so [`create`](Self::create),
///   [`swap`](Self::swap) and [`mark_once`](Self::mark_once) have one winner, over all processes that share
///   the store.
/// - **Final:** after a delete of any kind, no `swap` brings the record back.
/// - **Expiring:** a record is live until [`Record::expires`], that second no longer included. Then it is
///   absent for every call, and may be removed at any time. The clock that the store was given decides; a
///   server's own expiry may only clear away what that clock has ended.
/// - **Versioned:** each write gives the record a [`Version`] that its key never had, not even before it
///   was deleted and created again. A counter that starts anew at each `create` will not do; one that is
///   shared by all keys, or starts at a random number, will.
/// - **Opaque:** a store neither reads nor changes a [`Payload`]. One inside the process keeps it as it
///   is; one outside writes [`Payload::to_bytes`], which are sealed, and returns [`Payload::from_bytes`].
/// - **Exact:** the strings of an [`Index`] are compared byte for byte: no folding of case or accents, no
///   trimming, no patterns. 255 bytes each must fit, and payloads of 64 KiB. What does not fit, or cannot be
///   kept as it is, is refused with an error, never cut.
///
/// Keys are hashes and payloads are sealed, so a copy of the store signs nobody in.
///
/// `StoreSuite` in `tower-oauth-test` checks a store against this, in five lines.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Adds `record` under `key`, unless a live one is there.
    ///
    /// # Errors
    ///
    /// [`StoreError::already_exists`] when `key` is taken, otherwise when the store failed.
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError>;

    /// The record under `key`, unless it is absent or expired.
    ///
    /// # Errors
    ///
    /// When the store failed. "Absent" is not an error, and an error is not "absent".
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError>;

    /// What [`load`](Self::load) would answer, from a store that can tell at once: one that keeps the record in this
    /// process. `None`, the default, from all others: `load` is asked then. Never waits, neither for I/O nor for somebody
    /// who does.
    ///
    /// It saves each request of a signed-in user a future in a box.
    fn load_now(&self, _key: &StoreKey) -> Option<Result<Option<StoredRecord>, StoreError>> {
        None
    }

    /// The same as the store itself has it now, where [`load`](Self::load) may be answered by a copy in front of it
    /// that is a little older. What decides over more than one request asks this: whether a refresh token may be
    /// used, what a new session takes over.
    ///
    /// For a store without such copies, which is every one that keeps the contract by itself, that is `load`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    async fn load_current(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        self.load(key).await
    }

    /// Replaces the record under `key` (payload, expiry and index) if its version is still `expected`.
    ///
    /// # Errors
    ///
    /// When the store failed. Whether the swap took place is then unknown.
    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError>;

    /// Removes the record under `key`; fine if there is none.
    ///
    /// # Errors
    ///
    /// When the store failed. The record may still be there.
    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError>;

    /// Removes every session of `sid` at `issuer` (OpenID Connect Back-Channel Logout section 2.4) and
    /// tells how many there were.
    ///
    /// All those are removed that were there when the call began and whose index is not changed meanwhile.
    /// One removed by another call at the same time counts there; an expired one may be counted.
    ///
    /// # Errors
    ///
    /// When the store failed. Some sessions may be removed; calling again removes the rest. A store without
    /// this index answers every call with an error, so that nobody takes a session for ended.
    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError>;

    /// Removes every session of `subject` at `issuer` and tells how many there were, as
    /// [`delete_by_sid`](Self::delete_by_sid) does.
    ///
    /// # Errors
    ///
    /// As [`delete_by_sid`](Self::delete_by_sid).
    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError>;

    /// The keys of the sessions of `sid` at `issuer`: of all that were there when the call began and whose index is not
    /// changed meanwhile. One that ended meanwhile may be among them.
    ///
    /// A sign-out that the provider asks for looks at each of them before it ends it: one that began after the
    /// sign-out lives on, and the tokens of the others are given back.
    ///
    /// # Errors
    ///
    /// When the store failed. A store without this index answers every call with an error.
    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError>;

    /// The keys of the sessions of `subject` at `issuer`, as [`find_by_sid`](Self::find_by_sid) finds them.
    ///
    /// # Errors
    ///
    /// As [`find_by_sid`](Self::find_by_sid).
    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError>;

    /// Sets `mark` until `expires`: `true` for the one caller that set it, `false` for all others. Once it has
    /// expired, it can be set again. Marks and records are apart, even where a key has a mark's bytes.
    ///
    /// # Errors
    ///
    /// When the store failed. The caller then acts as if another had won.
    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError>;
}

/// What a store keeps under a key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// The content, opaque to the store.
    pub payload: Payload,
    /// When the record ends.
    pub expires: Timestamp,
    /// What the record is found by besides its key; a login attempt is found by its key alone.
    pub index: Option<Index>,
}

impl Record {
    /// A record that ends at `expires`.
    #[must_use]
    pub fn new(payload: Payload, expires: Timestamp, index: Option<Index>) -> Self {
        Self { payload, expires, index }
    }
}

/// A record as it was read, with the version that [`SessionStore::swap`] asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredRecord {
    /// The content.
    pub payload: Payload,
    /// When the record ends.
    pub expires: Timestamp,
    /// Its version.
    pub version: Version,
}

impl StoredRecord {
    /// A record that was read at `version`.
    #[must_use]
    pub const fn new(payload: Payload, expires: Timestamp, version: Version) -> Self {
        Self { payload, expires, version }
    }
}

/// Tells the writes of one key apart. Its number is the store's own; others only hand it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(u64);

impl Version {
    /// The version with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, for a store that keeps it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// How a [`SessionStore::swap`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Swap {
    /// The record was replaced and now has this version.
    Swapped(Version),
    /// The record has another version: somebody was faster. Load it again.
    Conflict,
    /// The record is gone: deleted or expired. It stays gone.
    Missing,
}

/// Whose session a record is. Compared byte for byte, as OpenID Connect Core section 2 asks of `sub`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Index {
    /// The issuer that vouched for the user.
    pub issuer: String,
    /// The user's subject at that issuer.
    pub subject: String,
    /// The session at the provider, where its ID token named one.
    pub sid: Option<String>,
}

impl Index {
    /// The index of `subject` at `issuer`, in the provider's session `sid`.
    #[must_use]
    pub fn new(issuer: &str, subject: &str, sid: Option<&str>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            sid: sid.map(ToOwned::to_owned),
        }
    }
}

/// The name of a one-time event: a hash, so that it tells nothing and its size is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark([u8; 32]);

impl Mark {
    /// The mark that an attempt with this `state` was used.
    pub(crate) const fn attempt(state_hash: [u8; 32]) -> Self {
        Self(state_hash)
    }

    /// The mark that somebody presents the refresh token of `connection`, in the session under `key`. Other tokens
    /// make another mark, and so does a try that failed.
    #[must_use]
    pub fn refresh(key: &StoreKey, connection: &Connection) -> Self {
        let TokenSet { access_token, refresh_token, refresh_not_before, .. } = &connection.tokens;
        let refresh_token = refresh_token.as_ref().map_or("", |token| token.secret());
        let tokens =
            [access_token.secret(), refresh_token].map(|it| sha256(it.as_bytes())).concat();
        let failed = refresh_not_before.unwrap_or_default().unix_seconds().to_be_bytes();
        Self(sha256(&[b"refresh".as_slice(), key.as_bytes(), &tokens, &failed].concat()))
    }

    /// The mark that the logout token `jti`, of `issuer` and for this client, did its work.
    pub(crate) fn logout_token(issuer: &str, client_id: &str, jti: &str) -> Self {
        let parts = [issuer, client_id, jti].map(|it| sha256(it.as_bytes())).concat();
        Self(sha256(&[b"logout token".as_slice(), &parts].concat()))
    }

    /// The mark as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The mark with these bytes, for tests of a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// A store could not do what it was asked.
#[derive(Debug)]
pub struct StoreError {
    already_exists: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// The key to create is taken. The caller draws another.
    #[must_use]
    pub const fn already_exists() -> Self {
        Self { already_exists: true, source: None }
    }

    /// The store failed because of `source`, whose text must not hold payloads or credentials.
    #[must_use]
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { already_exists: false, source: Some(source.into()) }
    }

    /// Whether the key to create is taken.
    #[must_use]
    pub const fn is_already_exists(&self) -> bool {
        self.already_exists
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.already_exists {
            "the session key is taken"
        } else {
            "the session store could not answer"
        })
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
