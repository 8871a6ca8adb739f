//! A store that is shared is a store: `Arc<S>` passes each call on.

use std::pin::Pin;
use std::sync::Arc;

use super::StoreKey;
use super::store::{Mark, Record, SessionStore, StoreError, StoredRecord, Swap, Version};
use crate::clock::Timestamp;

type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'f>>;

/// By hand: `#[async_trait]` would put each future into one more box.
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn create<'a, 'b, 'f>(&'a self, key: &'b StoreKey, record: Record) -> Answer<'f, ()>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        (**self).create(key, record)
    }

    fn load<'a, 'b, 'f>(&'a self, key: &'b StoreKey) -> Answer<'f, Option<StoredRecord>>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        (**self).load(key)
    }

    fn load_now(&self, key: &StoreKey) -> Option<Result<Option<StoredRecord>, StoreError>> {
        (**self).load_now(key)
    }

    fn load_current<'a, 'b, 'f>(&'a self, key: &'b StoreKey) -> Answer<'f, Option<StoredRecord>>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        (**self).load_current(key)
    }

    fn swap<'a, 'b, 'f>(
        &'a self,
        key: &'b StoreKey,
        expected: Version,
        record: Record,
    ) -> Answer<'f, Swap>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        (**self).swap(key, expected, record)
    }

    fn delete<'a, 'b, 'f>(&'a self, key: &'b StoreKey) -> Answer<'f, ()>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        (**self).delete(key)
    }

    fn delete_by_sid<'a, 'b, 'c, 'f>(&'a self, issuer: &'b str, sid: &'c str) -> Answer<'f, u64>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        (**self).delete_by_sid(issuer, sid)
    }

    fn delete_by_subject<'a, 'b, 'c, 'f>(
        &'a self,
        issuer: &'b str,
        subject: &'c str,
    ) -> Answer<'f, u64>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        (**self).delete_by_subject(issuer, subject)
    }

    fn find_by_sid<'a, 'b, 'c, 'f>(
        &'a self,
        issuer: &'b str,
        sid: &'c str,
    ) -> Answer<'f, Vec<StoreKey>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        (**self).find_by_sid(issuer, sid)
    }

    fn find_by_subject<'a, 'b, 'c, 'f>(
        &'a self,
        issuer: &'b str,
        subject: &'c str,
    ) -> Answer<'f, Vec<StoreKey>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        (**self).find_by_subject(issuer, subject)
    }

    fn mark_once<'a, 'b, 'f>(&'a self, mark: &'b Mark, expires: Timestamp) -> Answer<'f, bool>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        (**self).mark_once(mark, expires)
    }
}
