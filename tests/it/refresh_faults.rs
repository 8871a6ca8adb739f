//! The store fails while a token is refreshed: nobody has a token that is not kept, and nothing is asked for twice.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use tower_oauth_test::{Answer, Endpoint, TestBrowser};
use tower_oauth_tests::{CountingStore, FailingStore, HookedStore, Operation, Setup, settle};

use crate::refresh::{LIFETIME, refreshes, seconds, signed_in, token};

async fn signed_in_on(setup: &Setup) -> (TestBrowser, FailingStore) {
    let store = FailingStore::new(setup.clock.clone());
    let auth = setup.offline_auth(|builder| builder.store(store.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    (browser, store)
}

/// The answer to a request that needs a fresh token, while these fail for so long.
async fn while_failing(
    browser: &TestBrowser,
    store: &FailingStore,
    operations: &[Operation],
    time: std::time::Duration,
) -> (u16, String) {
    let waiting = tokio::spawn({
        let browser = browser.clone();
        async move { browser.fetch("/token").await }
    });
    // The session is read first, and only then the store fails.
    tokio::task::yield_now().await;
    store.fail(operations);
    tokio::time::sleep(time).await;
    store.fail(&[]);
    let page = waiting.await.unwrap();
    (page.status().as_u16(), page.json()["code"].as_str().unwrap_or_default().into())
}

#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_soon_is_asked_again_to_keep_the_tokens() {
    let setup = Setup::new();
    let (browser, store) = signed_in_on(&setup).await;
    for round in 1..=2 {
        setup.clock.advance(seconds(LIFETIME));
        let operations = [Operation::Swap];
        let (status, code) = while_failing(&browser, &store, &operations, seconds(15)).await;
        assert_eq!((status, &*code), (200, ""));
        token(&browser).await;
        assert_eq!(refreshes(&setup.provider), round);
    }
}

#[tokio::test(start_paused = true)]
async fn j05_what_the_store_does_not_keep_nobody_is_given() {
    let setup = Setup::new();
    let (browser, store) = signed_in_on(&setup).await;
    let old = token(&browser).await;
    setup.clock.advance(seconds(LIFETIME - 30));
    store.fail(&[Operation::Swap]);
    assert_eq!(token(&browser).await, old, "valid, and the new one is not kept");
    assert_eq!(refreshes(&setup.provider), 1);
    // Not before the lease of that has ended: its tokens may have reached the store, for all we know.
    tokio::time::sleep(seconds(30)).await;
    setup.clock.advance(seconds(30));
    assert_eq!(browser.fetch("/token").await.json()["code"], "token_unavailable");
    assert_eq!(refreshes(&setup.provider), 1);
    setup.clock.advance(seconds(90));
    let page = browser.fetch("/token").await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].as_str().unwrap()),
        (503, "store_unavailable")
    );
    assert_eq!(browser.fetch("/").await.text(), "Hello, Alice Liddell!", "and the cookie is kept");
}

/// The provider fails, and then the store, which should keep when to try again.
#[tokio::test(start_paused = true)]
async fn a_failure_that_cannot_be_written_down_is_over_when_its_lease_ends() {
    let setup = Setup::new();
    let (browser, store) = signed_in_on(&setup).await;
    setup.clock.advance(seconds(LIFETIME));
    store.fail(&[Operation::Swap]);
    setup.provider.answer(Endpoint::Refresh, Answer::status(500));
    assert_eq!(browser.fetch("/token").await.json()["code"], "token_unavailable");
    store.fail(&[]);
    for (wait, status, asked) in [(2, 503, 1), (110, 503, 1), (8, 200, 2)] {
        setup.clock.advance(seconds(wait));
        assert_eq!(browser.fetch("/token").await.status(), status, "{wait}");
        assert_eq!(refreshes(&setup.provider), asked, "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_lease_nothing_is_refreshed() {
    let setup = Setup::new();
    let (browser, store) = signed_in_on(&setup).await;
    setup.clock.advance(seconds(LIFETIME));
    store.fail(&[Operation::MarkOnce]);
    let page = browser.fetch("/token").await;
    assert_eq!((page.status().as_u16(), refreshes(&setup.provider)), (503, 0));
    store.fail(&[]);
    setup.clock.advance(seconds(2));
    token(&browser).await;
    assert_eq!(refreshes(&setup.provider), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_is_given_up() {
    let setup = Setup::new();
    let inner = CountingStore::new(setup.clock.clone());
    let hangs = Arc::new(AtomicUsize::new(0));
    let hanging = hangs.clone();
    let store = HookedStore::new(inner, move |operation| {
        let hangs = operation == Operation::Swap && hanging.load(Ordering::SeqCst) == 1;
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
        }
    });
    let auth = setup.offline_auth(|builder| builder.store(store));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    hangs.store(1, Ordering::SeqCst);
    let begun = tokio::time::Instant::now();
    assert_eq!(browser.fetch("/token").await.status(), 503);
    assert_eq!(begun.elapsed().as_secs(), 20);
}

/// The swap was done, and its answer lost.
#[tokio::test(start_paused = true)]
async fn a_save_that_only_seems_to_fail_is_found_out_by_reading() {
    use tower_oauth::Timestamp;
    use tower_oauth::session::{
        Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
    };

    #[derive(Clone, Debug)]
    struct LosesAnswers(CountingStore);

    #[async_trait::async_trait]
    impl SessionStore for LosesAnswers {
        async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
            self.0.create(key, record).await
        }
        async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
            self.0.load(key).await
        }
        async fn swap(
            &self,
            key: &StoreKey,
            of: Version,
            record: Record,
        ) -> Result<Swap, StoreError> {
            self.0.swap(key, of, record).await?;
            Err(StoreError::failed("the answer was lost"))
        }
        async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
            self.0.delete(key).await
        }
        async fn delete_by_sid(&self, issuer: &str, sid: &str) -> Result<u64, StoreError> {
            self.0.delete_by_sid(issuer, sid).await
        }
        async fn delete_by_subject(&self, issuer: &str, sub: &str) -> Result<u64, StoreError> {
            self.0.delete_by_subject(issuer, sub).await
        }
        async fn find_by_sid(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
            self.0.find_by_sid(issuer, sid).await
        }
        async fn find_by_subject(
            &self,
            issuer: &str,
            subject: &str,
        ) -> Result<Vec<StoreKey>, StoreError> {
            self.0.find_by_subject(issuer, subject).await
        }
        async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
            self.0.mark_once(mark, expires).await
        }
    }

    let setup = Setup::new();
    let store = LosesAnswers(CountingStore::new(setup.clock.clone()));
    let auth = setup.offline_auth(|builder| builder.store(store.clone()));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    for round in 1..=2 {
        setup.clock.advance(seconds(LIFETIME));
        token(&browser).await;
        assert_eq!(refreshes(&setup.provider), round);
    }
    assert_eq!(store.0.count(Operation::Swap), 2, "it was kept the first time");
}

/// A provider task that panics, as a store of somebody else's can.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_panics_holds_nobody_back() {
    let setup = Setup::new();
    let inner = CountingStore::new(setup.clock.clone());
    let panics = Arc::new(AtomicUsize::new(0));
    let armed = panics.clone();
    let store = HookedStore::new(inner, move |operation| {
        let panics = operation == Operation::MarkOnce
            && armed
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1))
                .is_ok();
        async move { assert!(!panics, "as the test says") }
    });
    let auth = setup.offline_auth(|builder| builder.store(store));
    let mut browser = setup.browser(&auth);
    browser.login_as("alice").await;
    setup.clock.advance(seconds(LIFETIME));
    panics.store(1, Ordering::SeqCst);
    let page = browser.fetch("/token").await;
    assert_eq!((page.status().as_u16(), page.header("retry-after")), (503, "1"));
    token(&browser).await;
    assert_eq!(refreshes(&setup.provider), 1);
}

#[test]
fn without_a_tokio_runtime_there_is_an_answer_and_no_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let setup = Setup::new();
    let (browser, _) = runtime.block_on(signed_in(&setup));
    setup.clock.advance(seconds(LIFETIME));
    let mut request = pin!(browser.fetch("/token"));
    let mut context = Context::from_waker(Waker::noop());
    let page = loop {
        if let Poll::Ready(page) = request.as_mut().poll(&mut context) {
            break page;
        }
    };
    assert_eq!((page.status().as_u16(), refreshes(&setup.provider)), (503, 0));
    runtime.block_on(async {
        token(&browser).await;
        settle().await;
    });
    assert_eq!(refreshes(&setup.provider), 1);
}
