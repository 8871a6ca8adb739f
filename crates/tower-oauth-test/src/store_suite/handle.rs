//! [`Handle`]: the store as a check asks it, with answers that can be compared and shown.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};

use super::report::{Checked, Failure, same};

/// One way into the store: what a process of its own would hold.
#[derive(Clone)]
pub(super) struct Handle(Arc<dyn SessionStore>);

/// How a create ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Create {
    Created,
    AlreadyExists,
}

/// A record that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Loaded {
    pub(super) content: Content,
    pub(super) expires: Timestamp,
    pub(super) version: Version,
}

/// The bytes of a payload, shown short.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Content(pub(super) Bytes);

impl Handle {
    pub(super) fn new(store: impl SessionStore) -> Self {
        Self(Arc::new(store))
    }

    pub(super) async fn create(&self, key: &StoreKey, record: Record) -> Checked<Create> {
        match self.0.create(key, record).await {
            Ok(()) => Ok(Create::Created),
            Err(error) if error.is_already_exists() => Ok(Create::AlreadyExists),
            Err(error) => Err(unanswered("create", &error)),
        }
    }

    pub(super) async fn load(&self, key: &StoreKey) -> Checked<Option<Loaded>> {
        loaded("load", self.0.load(key).await)
    }

    /// The content under `key`, where nothing else matters and nobody writes: each way to load it has the same answer.
    pub(super) async fn content(&self, key: &StoreKey) -> Checked<Option<Content>> {
        let at_once = self.0.load_now(key).map(|answer| loaded("load_now", answer)).transpose()?;
        let waited = self.load(key).await?;
        if let Some(at_once) = at_once {
            same("load_now answers, then load", at_once, waited.clone())?;
        }
        Ok(waited.map(|loaded| loaded.content))
    }

    pub(super) async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Checked<Swap> {
        let swap = self.0.swap(key, expected, record).await;
        swap.map_err(|error| unanswered("swap", &error))
    }

    pub(super) async fn delete(&self, key: &StoreKey) -> Checked {
        self.0.delete(key).await.map_err(|error| unanswered("delete", &error))
    }

    pub(super) async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Checked<bool> {
        let is_first = self.0.mark_once(mark, expires).await;
        is_first.map_err(|error| unanswered("mark_once", &error))
    }

    /// The store itself, for a check to which an error is an answer.
    pub(super) fn store(&self) -> &dyn SessionStore {
        &*self.0
    }
}

impl Content {
    /// The number in it; a content that nobody wrote has one that nobody wrote.
    pub(super) fn value(&self) -> u32 {
        std::str::from_utf8(&self.0).ok().and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 32;
        match std::str::from_utf8(&self.0) {
            Ok(text) if text.len() <= SHOWN => write!(f, "{text:?}"),
            _ => {
                let start = self.0.get(..SHOWN).unwrap_or(&self.0);
                write!(f, "{} bytes: {}…", self.0.len(), start.escape_ascii())
            }
        }
    }
}

fn loaded(call: &str, answer: Result<Option<StoredRecord>, StoreError>) -> Checked<Option<Loaded>> {
    let Some(stored) = answer.map_err(|error| unanswered(call, &error))? else { return Ok(None) };
    let content = stored.payload.to_bytes().map_err(|error| unanswered("to_bytes", &error))?;
    let (expires, version) = (stored.expires, stored.version);
    Ok(Some(Loaded { content: Content(content), expires, version }))
}

pub(super) fn unanswered(call: &str, error: &StoreError) -> Failure {
    Failure::new(format!("{call} is called"), "an answer", format!("an error: {}", chain(error)))
}

/// An error with its causes.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
