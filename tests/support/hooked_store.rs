//! A store that runs something of the test's before and after whatever it is asked.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use tower_oauth::Timestamp;
use tower_oauth_core::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};

use crate::Operation;

type Hook = Arc<dyn Fn(Operation) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Waits for `hook` before and after each operation: a delay, a gate, a process that is killed.
#[derive(Clone)]
pub struct HookedStore {
    inner: Arc<dyn SessionStore>,
    hook: Hook,
}

impl HookedStore {
    /// `inner` behind `hook`.
    pub fn new<F>(
        inner: impl SessionStore,
        hook: impl Fn(Operation) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { inner: Arc::new(inner), hook: Arc::new(move |operation| Box::pin(hook(operation))) }
    }
}

macro_rules! hooked {
    ($self:ident, $operation:ident, $call:expr) => {{
        ($self.hook)(Operation::$operation).await;
        let answer = $call.await;
        ($self.hook)(Operation::$operation).await;
        answer
    }};
}

#[async_trait]
impl SessionStore for HookedStore {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        hooked!(self, Create, self.inner.create(key, record))
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        hooked!(self, Load, self.inner.load(key))
    }

    async fn swap(&self, key: &StoreKey, of: Version, record: Record) -> Result<Swap, StoreError> {
        hooked!(self, Swap, self.inner.swap(key, of, record))
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        hooked!(self, Delete, self.inner.delete(key))
    }

    async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
        hooked!(self, Delete, self.inner.delete_by_sid(issuer, sid))
    }

    async fn delete_by_subject(&self, issuer: &str, subject: &str) -> Result<u64, StoreError> {
        hooked!(self, Delete, self.inner.delete_by_subject(issuer, subject))
    }

    async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        hooked!(self, Find, self.inner.find_by_sid(issuer, sid))
    }

    async fn find_by_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        hooked!(self, Find, self.inner.find_by_subject(issuer, subject))
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        hooked!(self, MarkOnce, self.inner.mark_once(mark, expires))
    }
}

impl fmt::Debug for HookedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookedStore").field("inner", &self.inner).finish_non_exhaustive()
    }
}
