//! What holds although a store does not keep its promises.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth::{MemoryStore, Timestamp};
use tower_oauth_test::ManualClock;
use tower_oauth_tests::{FailingStore, Operation, Setup};

#[tokio::test]
async fn p04_a_login_that_cannot_be_saved_leaves_the_earlier_session() {
    let setup = Setup::new();
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.auth_on(store.clone());
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    browser.open("/auth/login").await;
    store.fail(&[Operation::Create]);
    assert_eq!(browser.click("Bob").await.status(), 503);
    store.fail(&[]);
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
}

/// A store that forgets nothing and thinks nothing of time, and says of the first new keys that they are taken.
#[derive(Clone, Debug)]
struct Careless {
    inner: Arc<MemoryStore>,
    longer: Duration,
    taken: Arc<std::sync::atomic::AtomicUsize>,
}

impl Careless {
    fn new(longer: Duration, taken: usize) -> Self {
        let inner = Arc::new(MemoryStore::new(Arc::new(ManualClock::new())));
        Self { inner, longer, taken: Arc::new(taken.into()) }
    }
}

#[async_trait::async_trait]
impl SessionStore for Careless {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        use std::sync::atomic::Ordering::Relaxed;
        if self.taken.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
            return Err(StoreError::already_exists());
        }
        self.inner.create(key, record).await
    }
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        let stored = self.inner.load(key).await?;
        Ok(stored.map(|s| StoredRecord::new(s.payload, s.expires + self.longer, s.version)))
    }
    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        self.inner.swap(key, expected, record).await
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

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn k17_a_session_ends_even_if_the_store_keeps_it() {
    for (longer, pause) in [(Duration::ZERO, DAY), (DAY * 365, DAY * 30)] {
        let setup = Setup::new();
        let mut browser = setup.browser(&setup.auth_on(Careless::new(longer, 0)));
        browser.login_as("alice").await;
        setup.clock.advance(pause - Duration::from_secs(1));
        assert_eq!(browser.fetch("/private").await.status(), 200);
        setup.clock.advance(if longer.is_zero() { DAY } else { Duration::from_secs(1) });
        assert_eq!(browser.fetch("/private").await.status(), 401, "{longer:?}");
    }
}

#[tokio::test]
async fn k04_an_id_that_is_taken_is_never_handed_out() {
    for (taken, status) in [(2, 200), (3, 503)] {
        let setup = Setup::new();
        let mut browser = setup.browser(&setup.auth_on(Careless::new(Duration::ZERO, taken)));
        let page = browser.login_as("alice").await;
        assert_eq!(page.status(), status, "{}", page.text());
        let names: Vec<_> = browser.cookies().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.contains(&"__Host-auth".into()), status == 200);
        let expected = if status == 200 { "Hello, Alice Liddell!" } else { "Hello, stranger!" };
        assert_eq!(browser.open("/").await.text(), expected);
    }
}
