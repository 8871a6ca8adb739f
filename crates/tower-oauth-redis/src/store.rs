//! [`RedisStore`]: the contract of a session store, kept on Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use redis::{Cmd, FromRedisValue};
use tower_oauth::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth::{Clock, ConfigError, Random as _, SystemRandom, Timestamp};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::layout::{self, SLACK, Tag};
use crate::options::RedisOptions;
use crate::script::{self, Script};

/// How many sessions of a user are removed at a time.
const BATCH: usize = 64;

/// Sessions on Redis or Valkey. Clones share one connection.
///
/// See the [crate's documentation](crate) for what the server must be configured to.
#[derive(Clone)]
pub struct RedisStore {
    pub(crate) connection: Connection,
    /// Where, without credentials.
    pub(crate) address: String,
    pub(crate) prefix: String,
    pub(crate) deadline: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

impl RedisStore {
    /// Connects to the server at `url`, such as `redis://127.0.0.1:6379/0`, with the default
    /// [options](RedisOptions).
    ///
    /// # Errors
    ///
    /// When the URL cannot be used, or nothing there answers as a session store needs it to.
    pub async fn connect(url: &str) -> Result<Self, ConfigError> {
        Self::options().connect(url).await
    }

    /// Connects to the cluster that the servers at `urls` belong to, with the default
    /// [options](RedisOptions). One that answers is enough.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_cluster<U: AsRef<str>>(
        urls: impl IntoIterator<Item = U>,
    ) -> Result<Self, ConfigError> {
        Self::options().connect_cluster(urls).await
    }

    /// Starts a configuration that differs from the default.
    pub fn options() -> RedisOptions {
        RedisOptions::new()
    }

    /// Asks one question, within the deadline.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        self.connection.within(self.deadline, self.connection.ask(command)).await
    }

    /// Runs one script, within the deadline.
    pub(crate) async fn run(
        &self,
        script: &Script,
        keys: &[String],
        arguments: &[&[u8]],
    ) -> Result<i64, Failure> {
        let run = self.connection.run(script, keys, arguments);
        self.connection.within(self.deadline, run).await
    }

    /// Creates a record, or replaces the one of version `expected`. Tells what `put.lua` returned, and the
    /// record's new version.
    ///
    /// In a cluster the indexes live in slots of their own and are written first: an entry that leads to nothing
    /// is harmless, a session that no index leads to would survive a sign-out.
    async fn put(
        &self,
        key: &StoreKey,
        expected: Option<Version>,
        record: &Record,
    ) -> Result<(i64, Version), StoreError> {
        let (now, expires) = (self.clock.now(), record.expires);
        let version = Version::new(u64::from_be_bytes(nonce()?));
        let tags = layout::tags(record.index.as_ref());
        let packed = layout::pack(version, expires, &tags, &record.payload.to_bytes()?);
        let expected = expected.map(|version| version.number().to_be_bytes());
        let expected = expected.as_ref().map_or(&[][..], <[u8; 8]>::as_slice);

        let ttl = layout::ttl(expires, now);
        let [now, dead, expires] = [now, now - SLACK, expires].map(seconds);
        let entry = [key.as_bytes(), expires.as_bytes(), dead.as_bytes(), ttl.as_bytes()];
        let [member, end, dead, ttl] = entry;
        let arguments = [&packed, expected, now.as_bytes(), member, end, dead, ttl];

        let indexes = tags.iter().map(|tag| layout::index_key(&self.prefix, tag));
        let mut keys = vec![layout::record_key(&self.prefix, key)];
        let connection = &self.connection;
        let outcome = connection.within(self.deadline, async {
            if connection.is_single() {
                keys.extend(indexes);
            } else {
                let add = async |index| connection.run(&script::ADD, &[index], &entry).await;
                try_join_all(indexes.map(add)).await?;
            }
            connection.run(&script::PUT, &keys, &arguments).await
        });
        Ok((outcome.await?, version))
    }

    /// Removes every record that carries `tag`.
    ///
    /// Entries stay in the index: taking one out could meet a session that is just being written. They end
    /// with the session they named. Each record goes in one step with the question whether it still carries the tag;
    /// where one cannot be removed, the others are all the same.
    async fn remove_all(&self, tag: &Tag) -> Result<u64, StoreError> {
        let members = self.members(tag).await?;
        let now = seconds(self.clock.now());
        let mut removed = 0;
        for batch in members.chunks(BATCH) {
            let answers = join_all(batch.iter().map(async |member| {
                let key = layout::member_key(&self.prefix, member);
                self.run(&script::REMOVE, &[key], &[tag, now.as_bytes()]).await
            }));
            for answer in answers.await {
                removed += answer?.unsigned_abs();
            }
        }
        Ok(removed)
    }

    /// The keys of the records that carry `tag`.
    async fn find_all(&self, tag: &Tag) -> Result<Vec<StoreKey>, StoreError> {
        let members = self.members(tag).await?;
        let now = seconds(self.clock.now());
        let mut found = Vec::new();
        for batch in members.chunks(BATCH) {
            let answers = join_all(batch.iter().map(async |member| {
                let key = layout::member_key(&self.prefix, member);
                self.run(&script::CARRIES, &[key], &[tag, now.as_bytes()]).await
            }));
            for (member, answer) in batch.iter().zip(answers.await) {
                if answer? == 1 {
                    let bytes = member.as_slice().try_into().map_err(StoreError::failed)?;
                    found.push(StoreKey::from_bytes(bytes));
                }
            }
        }
        Ok(found)
    }

    /// What stands in an index: also what ended, or was given another index.
    async fn members(&self, tag: &Tag) -> Result<Vec<Vec<u8>>, Failure> {
        let mut members = redis::cmd("ZRANGE");
        members.arg(layout::index_key(&self.prefix, tag)).arg(0).arg(-1);
        self.ask(&members).await
    }
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        match self.put(key, None, &record).await? {
            (1, _) => Ok(()),
            _ => Err(StoreError::already_exists()),
        }
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let mut get = redis::cmd("GET");
        get.arg(layout::record_key(&self.prefix, key));
        let found: Option<Vec<u8>> = self.ask(&get).await?;
        let Some(found) = found else { return Ok(None) };
        let record = layout::unpack(Bytes::from(found));
        if record.is_none() {
            tracing::warn!(target: "tower_oauth::session", session = ?key, "a stored session of another form counts as absent");
        }
        Ok(record.filter(|record| record.expires > self.clock.now()))
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        Ok(match self.put(key, Some(expected), &record).await? {
            (1, version) => Swap::Swapped(version),
            (0, _) => Swap::Conflict,
            _ => Swap::Missing,
        })
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        let mut delete = redis::cmd("DEL");
        delete.arg(layout::record_key(&self.prefix, key));
        Ok(self.ask(&delete).await?)
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        self.remove_all(&layout::sid_tag(issuer, sid)).await
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        self.remove_all(&layout::subject_tag(issuer, subject)).await
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.find_all(&layout::sid_tag(issuer, sid)).await
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.find_all(&layout::subject_tag(issuer, subject)).await
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let value = [nonce()?, expires.unix_seconds().to_be_bytes()].concat();
        let (ttl, now) = (layout::ttl(expires, now), seconds(now));
        let keys = [layout::mark_key(&self.prefix, mark)];
        let arguments = [value.as_slice(), now.as_bytes(), ttl.as_bytes()];
        Ok(self.run(&script::MARK, &keys, &arguments).await? == 1)
    }
}

/// Shows where and under which prefix, never a credential.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("address", &self.address)
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// What tells one write from every other: a command that is sent again finds what it did.
fn nonce() -> Result<[u8; 8], StoreError> {
    let mut nonce = [0; 8];
    SystemRandom::default().fill(&mut nonce).map_err(StoreError::failed)?;
    Ok(nonce)
}

fn seconds(time: Timestamp) -> String {
    time.unix_seconds().to_string()
}
