//! Which records of a tower-sessions store are used, and what is in them.

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{
    Mark, Payload, Record, StoreError, StoreKey, StoredRecord, Version,
};
use tower_sessions_core::session::{Id, Record as TheirRecord};

/// How much later than by our clock the store may clear a record away: by so much may the clocks of machines differ.
const SLACK: Duration = Duration::from_secs(5 * 60);

/// A place in the store.
#[derive(Clone, Copy)]
pub(super) enum Slot<'a> {
    /// The session itself.
    Head(&'a StoreKey),
    /// That it was deleted.
    Burial(&'a StoreKey),
    /// Who may swap this version of it.
    Swap(&'a StoreKey, Version),
    /// A one-time mark.
    Mark(&'a Mark),
    /// Who may take the place of a claim that has ended.
    Heir(u64),
}

impl Slot<'_> {
    /// 128 bits of a SHA-256 over what the place is for: nobody can aim at another's.
    pub(super) fn id(self) -> Id {
        let (purpose, key, number) = match self {
            Self::Head(key) => ("head", key.as_bytes(), 0),
            Self::Burial(key) => ("burial", key.as_bytes(), 0),
            Self::Swap(key, version) => ("swap", key.as_bytes(), version.number()),
            Self::Mark(mark) => ("mark", mark.as_bytes(), 0),
            Self::Heir(token) => ("heir", &[0; 32], token),
        };
        let mut context = digest::Context::new(&digest::SHA256);
        for part in [b"tower-oauth ", purpose.as_bytes(), &[0], key, &number.to_be_bytes()] {
            context.update(part);
        }
        let hash = context.finish();
        let bytes = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Id(i128::from_be_bytes(bytes))
    }
}

/// What a record can hold. Numbers have less than 63 bits, since some databases know no larger ones.
pub(super) trait Content: Serialize + DeserializeOwned {
    fn read(data: HashMap<String, Value>) -> Option<Self> {
        serde_json::from_value(Value::Object(data.into_iter().collect())).ok()
    }

    /// The record that holds this for `lasts`.
    fn record(&self, slot: Slot<'_>, lasts: Duration) -> Result<TheirRecord, StoreError> {
        let data = match serde_json::to_value(self).map_err(StoreError::failed)? {
            Value::Object(members) => members.into_iter().collect(),
            _ => HashMap::new(),
        };
        // Relative to the clock that the store itself goes by.
        let lasts = time::Duration::try_from(lasts + SLACK).unwrap_or(time::Duration::MAX);
        let expiry_date = OffsetDateTime::now_utc().saturating_add(lasts);
        Ok(TheirRecord { id: slot.id(), data, expiry_date })
    }
}

/// A session.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// Drawn when it is created, so that a burial is that of this one and of no other under the same key.
    life: u64,
    version: u64,
    pub(super) expires: Timestamp,
    /// The longest time that any of its writes gave it to live, in seconds.
    longest: u64,
    /// Sealed, as base64.
    payload: String,
}

impl Content for Head {}

impl Head {
    pub(super) fn first(record: &Record, now: Timestamp) -> Result<Self, StoreError> {
        let life = token();
        Self::write(life, life, 0, record, now)
    }

    /// What a swap makes of it.
    pub(super) fn next(&self, record: &Record, now: Timestamp) -> Result<Self, StoreError> {
        Self::write(self.life, self.version.wrapping_add(1), self.longest, record, now)
    }

    fn write(
        life: u64,
        version: u64,
        longest: u64,
        record: &Record,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let longest = longest.max(record.expires.since(now).as_secs());
        let payload = STANDARD_NO_PAD.encode(record.payload.to_bytes()?);
        Ok(Self { life, version, expires: record.expires, longest, payload })
    }

    pub(super) const fn version(&self) -> Version {
        Version::new(self.version)
    }

    pub(super) const fn longest(&self) -> Duration {
        Duration::from_secs(self.longest)
    }

    /// `None` for a payload that no write of ours has left.
    pub(super) fn stored(&self) -> Option<StoredRecord> {
        let payload = STANDARD_NO_PAD.decode(&self.payload).ok()?;
        Some(StoredRecord::new(Payload::from_bytes(payload), self.expires, self.version()))
    }
}

/// That sessions were deleted: one, or several that had the key one after another.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Buried {
    /// The last of them.
    lives: Vec<u64>,
}

impl Content for Buried {}

impl Buried {
    const MOST: usize = 16;

    pub(super) fn and(mut self, head: &Head) -> Self {
        self.lives.push(head.life);
        let surplus = self.lives.len().saturating_sub(Self::MOST);
        self.lives.drain(..surplus);
        self
    }

    pub(super) fn is_of(&self, head: &Head) -> bool {
        self.lives.contains(&head.life)
    }
}

/// That somebody was first.
#[derive(Serialize, Deserialize)]
pub(super) struct Claim {
    /// By which they recognise their own.
    pub(super) token: u64,
    pub(super) expires: Timestamp,
}

impl Content for Claim {}

/// 61 random bits, from where tower-sessions draws its ids.
pub(super) fn token() -> u64 {
    u64::try_from(Id::default().0.unsigned_abs() >> 66).unwrap_or_default()
}
