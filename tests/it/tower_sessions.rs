//! Sessions in the stores of tower-sessions, 0.15 and 0.14: the contract, and what is written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_oauth::session::{Payload, SessionId, SessionStore};
use tower_oauth::{Clock, TowerSessions014, TowerSessionsStore, session};
use tower_oauth_test::{ManualClock, Promise, SeededRandom, StoreSuite};
use tower_oauth_tests::Setup;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::Result;
use tower_sessions::{MemoryStore, SessionStore as TheirStore};
use tower_sessions_0_14 as v0_14;

use crate::their_store::Recording;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

fn suite<S: TheirStore + Clone>(store: S) -> StoreSuite<'static> {
    let open = async move |clock: ManualClock| {
        TowerSessionsStore::new(store.clone()).with_clock(Arc::new(clock))
    };
    // What holds over processes is below, in every order.
    StoreSuite::new(open)
        .lacking(Promise::DeleteBySid)
        .lacking(Promise::DeleteBySubject)
        .lacking(Promise::AtomicAcrossHandles)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_memory_store_of_0_15_it_keeps_the_contract() {
    suite(MemoryStore::default()).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_memory_store_of_0_14_it_keeps_the_contract() {
    suite(TowerSessions014(v0_14::MemoryStore::default())).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_moka_it_keeps_the_contract() {
    suite(TowerSessions014(tower_sessions_moka_store::MokaStore::new(None))).run().await;
}

/// The least that a store can be: `create` is what the trait makes of `save`, which overwrites.
#[derive(Clone, Debug, Default)]
pub(crate) struct Least(Arc<Mutex<HashMap<Id, Record>>>);

#[async_trait::async_trait]
impl TheirStore for Least {
    async fn save(&self, record: &Record) -> Result<()> {
        self.0.lock().unwrap().insert(record.id, record.clone());
        Ok(())
    }
    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        Ok(self.0.lock().unwrap().get(id).cloned())
    }
    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.lock().unwrap().remove(id);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_least_store_it_keeps_the_contract() {
    suite(Least::default()).run().await;
}

pub(crate) fn record(clock: &ManualClock, content: &'static str) -> session::Record {
    session::Record::new(Payload::from_bytes(content), clock.now() + HOUR, None)
}

/// A touch that began before a sign-out may give the session all of its idle lifetime again. The note about the
/// sign-out is there for longer, however little the session had left.
#[tokio::test]
async fn p11_the_note_about_a_delete_outlives_what_a_late_swap_can_write() {
    let (clock, their) = (ManualClock::new(), Recording::default());
    let store = TowerSessionsStore::new(their.clone()).with_clock(Arc::new(clock.clone()));
    let key = SessionId::generate(&SeededRandom::new(1)).unwrap().store_key();
    store.create(&key, record(&clock, "x")).await.unwrap();
    clock.advance(HOUR - Duration::from_secs(1));
    store.delete(&key).await.unwrap();
    let written = their.written();
    let [head, note] = &written[..] else { panic!("{written:?}") };
    assert!(note.expiry_date - head.expiry_date >= Duration::from_secs(3599));
}

#[tokio::test]
async fn p11_each_session_that_had_a_key_can_be_deleted() {
    let (clock, their) = (ManualClock::new(), Recording::default());
    let store = TowerSessionsStore::new(their.clone()).with_clock(Arc::new(clock.clone()));
    let key = SessionId::generate(&SeededRandom::new(1)).unwrap().store_key();
    for _ in 0..3 {
        store.create(&key, record(&clock, "x")).await.unwrap();
        assert!(store.create(&key, record(&clock, "y")).await.unwrap_err().is_already_exists());
        store.delete(&key).await.unwrap();
        assert!(store.load(&key).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn p20_what_is_written_names_nobody_and_nothing_of_the_browser() {
    let setup = Setup::new();
    let their = Recording::default();
    let store = TowerSessionsStore::new(their.clone()).with_clock(Arc::new(setup.clock.clone()));
    let mut browser = setup.browser(&setup.auth_on(store));
    browser.login_as("alice").await;
    let token = browser.open("/token").await.json()["token"].as_str().unwrap().to_owned();
    let cookie = browser.cookies().remove(0).1;
    let written = format!("{:?}", their.written());
    for secret in ["alice", "Alice", &token, &cookie] {
        assert!(!written.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn p06_l03_a_store_that_is_down_is_an_error_and_a_sign_out_ends_the_session() {
    let setup = Setup::new();
    let their = Recording::default();
    let store = TowerSessionsStore::new(their.clone()).with_clock(Arc::new(setup.clock.clone()));
    let mut browser = setup.browser(&setup.auth_on(store));
    browser.login_as("alice").await;
    let (name, cookie) = browser.cookies().remove(0);
    let headers = [("sec-fetch-site", "same-origin")];
    their.fail(&["create", "save", "load", "delete"]);
    assert_eq!(browser.open("/").await.status(), 503);
    let signed_out = browser.request(http::Method::POST, "/auth/logout?local=true", &headers).await;
    assert_eq!(signed_out.status(), 503);
    their.fail(&[]);
    browser.plant_cookie(&name, &cookie);
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
    let signed_out = browser.request(http::Method::POST, "/auth/logout?local=true", &headers).await;
    assert_eq!(signed_out.status(), 204);
    browser.plant_cookie(&name, &cookie);
    assert_eq!(browser.open("/").await.text(), "Hello, stranger!");
}

/// Another format, or another's record: not signed in, and no error that would last for ever.
#[tokio::test]
async fn p07_a_record_that_cannot_be_read_counts_as_absent() {
    let (clock, their) = (ManualClock::new(), Recording::default());
    let store = TowerSessionsStore::new(their.clone()).with_clock(Arc::new(clock.clone()));
    let key = SessionId::generate(&SeededRandom::new(1)).unwrap().store_key();
    store.create(&key, record(&clock, "x")).await.unwrap();
    let mut broken = their.written()[0].clone();
    for member in broken.data.clone().into_keys() {
        let value = broken.data.insert(member.clone(), serde_json::Value::Null).unwrap();
        their.save(&broken).await.unwrap();
        assert!(store.load(&key).await.unwrap().is_none(), "{member}");
        broken.data.insert(member, value);
    }
    their.save(&broken).await.unwrap();
    assert!(store.load(&key).await.unwrap().is_some());
    broken.data.clear();
    their.save(&broken).await.unwrap();
    store.delete(&key).await.unwrap();
    assert!(their.load(&broken.id).await.unwrap().is_none());
}
