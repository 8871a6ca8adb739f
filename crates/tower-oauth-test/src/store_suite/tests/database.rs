//! What the handles of a small store share.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use tokio::time::Instant;
use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{Index, StoreKey, Version};

use crate::lock;

#[derive(Debug, Default)]
pub(super) struct Database(Mutex<Tables>);

impl Database {
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        lock(&self.0)
    }
}

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) records: HashMap<StoreKey, Row>,
    pub(super) index: HashMap<Name, HashSet<StoreKey>>,
    pub(super) marks: HashMap<[u8; 32], Timestamp>,
    /// When a server of its own mind removes entries of the index, and marks.
    pub(super) index_ends: HashMap<Name, Instant>,
    pub(super) marks_end: HashMap<[u8; 32], Instant>,
    pub(super) last_version: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) payload: Bytes,
    pub(super) written: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) version: Version,
    pub(super) index: Option<Index>,
    /// When a server of its own mind removes it.
    pub(super) removed: Option<Instant>,
}

/// By which index, issuer and value.
pub(super) type Name = (&'static str, String, String);
