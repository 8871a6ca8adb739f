//! Stores around the memory store: one counts, one fails on demand, one keeps bytes only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tower_oauth::{Clock, MemoryStore, Timestamp};
use tower_oauth_core::session::{
    Mark, Payload, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};

/// What a store can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as the methods of the trait")]
#[non_exhaustive]
pub enum Operation {
    Create,
    Load,
    Swap,
    Delete,
    Find,
    MarkOnce,
}

macro_rules! forward {
    ($self:ident, $operation:ident, $call:expr) => {{
        $self.before(Operation::$operation)?;
        $call.await
    }};
}

macro_rules! wrapper {
    ($name:ident) => {
        #[async_trait]
        impl SessionStore for $name {
            async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
                forward!(self, Create, self.inner.create(key, record))
            }

            async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
                forward!(self, Load, self.inner.load(key))
            }

            async fn swap(
                &self,
                key: &StoreKey,
                expected: Version,
                record: Record,
            ) -> Result<Swap, StoreError> {
                forward!(self, Swap, self.inner.swap(key, expected, record))
            }

            async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
                forward!(self, Delete, self.inner.delete(key))
            }

            async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
                forward!(self, Delete, self.inner.delete_by_sid(issuer, sid))
            }

            async fn delete_by_subject(&self, issuer: &str, sub: &str) -> Result<u64, StoreError> {
                forward!(self, Delete, self.inner.delete_by_subject(issuer, sub))
            }

            async fn find_by_sid(
                &self,
                issuer: &str,
                sid: &str,
            ) -> Result<Vec<StoreKey>, StoreError> {
                forward!(self, Find, self.inner.find_by_sid(issuer, sid))
            }

            async fn find_by_subject(
                &self,
                issuer: &str,
                subject: &str,
            ) -> Result<Vec<StoreKey>, StoreError> {
                forward!(self, Find, self.inner.find_by_subject(issuer, subject))
            }

            async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
                forward!(self, MarkOnce, self.inner.mark_once(mark, expires))
            }
        }
    };
}

/// Counts what it is asked. Clones share the counts and the sessions.
#[derive(Clone, Debug)]
pub struct CountingStore {
    inner: Arc<MemoryStore>,
    counts: Arc<Mutex<HashMap<Operation, usize>>>,
}

impl CountingStore {
    /// An empty store.
    pub fn new(clock: impl Clock) -> Self {
        Self { inner: Arc::new(MemoryStore::new(Arc::new(clock))), counts: Arc::default() }
    }

    /// How often it was asked to do `operation`.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        lock(&self.counts).get(&operation).copied().unwrap_or_default()
    }

    /// How often it was asked at all.
    #[must_use]
    pub fn total(&self) -> usize {
        lock(&self.counts).values().sum()
    }

    /// How many sessions it holds.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.inner.len()
    }

    #[expect(clippy::unnecessary_wraps, reason = "the shape that the macro calls")]
    fn before(&self, operation: Operation) -> Result<(), StoreError> {
        *lock(&self.counts).entry(operation).or_default() += 1;
        Ok(())
    }
}

wrapper!(CountingStore);

/// Fails the operations that a test names. Clones share everything.
#[derive(Clone, Debug)]
pub struct FailingStore {
    inner: CountingStore,
    failing: Arc<Mutex<Vec<Operation>>>,
}

impl FailingStore {
    /// A store that works until told otherwise.
    pub fn new(clock: impl Clock) -> Self {
        Self { inner: CountingStore::new(clock), failing: Arc::default() }
    }

    /// From now on, exactly these fail.
    pub fn fail(&self, operations: &[Operation]) {
        *lock(&self.failing) = operations.to_vec();
    }

    /// Whether `operation` fails.
    #[must_use]
    pub fn fails(&self, operation: Operation) -> bool {
        lock(&self.failing).contains(&operation)
    }

    /// How often it was asked and worked.
    #[must_use]
    pub fn total(&self) -> usize {
        self.inner.total()
    }

    /// How many sessions it holds.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.inner.sessions()
    }

    fn before(&self, operation: Operation) -> Result<(), StoreError> {
        if self.fails(operation) {
            return Err(StoreError::failed("the test says so"));
        }
        Ok(())
    }
}

wrapper!(FailingStore);

/// Keeps what a store outside the process would: sealed bytes. Clones share everything.
#[derive(Clone, Debug)]
pub struct BytesStore {
    inner: Arc<MemoryStore>,
    /// Everything that was ever written.
    written: Arc<Mutex<Vec<bytes::Bytes>>>,
}

impl BytesStore {
    /// An empty store.
    pub fn new(clock: impl Clock) -> Self {
        Self { inner: Arc::new(MemoryStore::new(Arc::new(clock))), written: Arc::default() }
    }

    /// Everything that was ever written.
    #[must_use]
    pub fn written(&self) -> Vec<bytes::Bytes> {
        lock(&self.written).clone()
    }

    fn sealed(&self, record: &Record) -> Result<Record, StoreError> {
        let bytes = record.payload.to_bytes()?;
        lock(&self.written).push(bytes.clone());
        Ok(Record::new(Payload::from_bytes(bytes), record.expires, record.index.clone()))
    }
}

#[async_trait]
impl SessionStore for BytesStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        self.inner.create(key, self.sealed(&record)?).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        self.inner.load(key).await
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        self.inner.swap(key, expected, self.sealed(&record)?).await
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.inner.delete(key).await
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        self.inner.delete_by_sid(issuer, sid).await
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        self.inner.delete_by_subject(issuer, subject).await
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.inner.find_by_sid(issuer, sid).await
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.inner.find_by_subject(issuer, subject).await
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        self.inner.mark_once(mark, expires).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
