//! Sessions in the stores of tower-sessions, 0.15 and 0.14: the contract, and every order in which the steps of two
//! processes can come.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tower_oauth::session::{Mark, Payload, SessionId, SessionStore, StoreKey, Swap, Version};
use tower_oauth::{Clock, Random as _, TowerSessions014, TowerSessionsStore, session};
use tower_oauth_test::{ManualClock, Promise, SeededRandom, StoreSuite};
use tower_oauth_tests::Setup;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::Result;
use tower_sessions::{MemoryStore, SessionStore as TheirStore};
use tower_sessions_0_14 as v0_14;

use crate::their_store::Recording;

const HOUR: Duration = Duration::from_secs(3600);

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
struct Least(Arc<Mutex<HashMap<Id, Record>>>);

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

/// A store whose every call is a step that the test takes: it waits to be polled once more.
#[derive(Clone, Debug, Default)]
struct Stepped<S = MemoryStore>(S);

async fn step() {
    let mut is_first = true;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

#[async_trait::async_trait]
impl<S: TheirStore> TheirStore for Stepped<S> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        step().await;
        self.0.create(record).await
    }
    async fn save(&self, record: &Record) -> Result<()> {
        step().await;
        self.0.save(record).await
    }
    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        step().await;
        self.0.load(id).await
    }
    async fn delete(&self, id: &Id) -> Result<()> {
        step().await;
        self.0.delete(id).await
    }
}

/// Two processes on one store, with a session in it.
struct Processes {
    clock: ManualClock,
    store: MemoryStore,
    one: TowerSessionsStore<Stepped>,
    two: TowerSessionsStore<Stepped>,
    key: StoreKey,
    version: Version,
}

impl Processes {
    async fn new() -> Self {
        let (clock, store) = (ManualClock::new(), MemoryStore::default());
        let open =
            || TowerSessionsStore::new(Stepped(store.clone())).with_clock(Arc::new(clock.clone()));
        let (one, two) = (open(), open());
        let key = SessionId::generate(&SeededRandom::new(1)).unwrap().store_key();
        one.create(&key, record(&clock, "first")).await.unwrap();
        let version = one.load(&key).await.unwrap().unwrap().version;
        Self { clock, store, one, two, key, version }
    }

    async fn swap(&self, by: &TowerSessionsStore<Stepped>, content: &'static str) -> Swap {
        by.swap(&self.key, self.version, record(&self.clock, content)).await.unwrap()
    }

    /// A swap whose process dies after so many steps.
    async fn abandon_a_swap(&self, steps: usize) {
        let mut swap = pin!(self.swap(&self.one, "abandoned"));
        for _ in 0..steps {
            advance(&mut swap, &mut None);
        }
    }

    /// What a third process finds.
    async fn content(&self) -> Option<String> {
        let third = TowerSessionsStore::new(self.store.clone());
        let stored = third.with_clock(Arc::new(self.clock.clone())).load(&self.key).await.unwrap();
        stored.map(|stored| String::from_utf8(stored.payload.to_bytes().unwrap().into()).unwrap())
    }
}

fn record(clock: &ManualClock, content: &'static str) -> session::Record {
    session::Record::new(Payload::from_bytes(content), clock.now() + HOUR, None)
}

/// One step of `call`, unless it has ended.
fn advance<T>(call: &mut Pin<&mut impl Future<Output = T>>, ended: &mut Option<T>) {
    if ended.is_none()
        && let Poll::Ready(output) = call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    {
        *ended = Some(output);
    }
}

/// Every order of `first` steps of one and `second` steps of another: `true` is a step of the first.
fn orders(first: usize, second: usize) -> Vec<Vec<bool>> {
    let steps = first + second;
    let masks = (0_u32..1 << steps).filter(|mask| mask.count_ones() as usize == first);
    masks.map(|mask| (0..steps).map(|step| mask & (1 << step) != 0).collect()).collect()
}

/// Polls of each call until it has ended: its steps, and the one that begins it.
const SWAP: usize = 7;
const DELETE: usize = 5;
const CREATE: usize = 3;
const MARK: usize = 4;

/// A swap and a delete in two processes, in each of their orders: as soon as the delete has answered, the session is
/// gone, and it stays gone, also where the process that swaps dies in between.
#[tokio::test]
async fn p11_no_order_of_a_swap_and_a_delete_brings_a_session_back() {
    let orders = orders(SWAP, DELETE);
    assert_eq!(orders.len(), 792);
    for order in orders {
        let processes = Processes::new().await;
        let mut swap = pin!(processes.swap(&processes.one, "second"));
        let mut delete = pin!(processes.two.delete(&processes.key));
        let (mut swapped, mut deleted) = (None, None);
        for is_swap in &order {
            match is_swap {
                true => advance(&mut swap, &mut swapped),
                false => advance(&mut delete, &mut deleted),
            }
            if let Some(deleted) = &deleted {
                deleted.as_ref().unwrap();
                assert_eq!(processes.content().await, None, "{order:?}");
            }
        }
        assert!(deleted.is_some() && swapped.is_some(), "{order:?}");
        assert_ne!(swapped, Some(Swap::Conflict), "{order:?}");
    }
}

#[tokio::test]
async fn p19_each_order_of_two_swaps_has_one_winner() {
    let orders = orders(SWAP, SWAP);
    for (order, after_another) in orders.iter().flat_map(|it| [(it, false), (it, true)]) {
        let processes = Processes::new().await;
        if after_another {
            processes.abandon_a_swap(3).await;
            processes.clock.advance(Duration::from_secs(60));
        }
        let mut first = pin!(processes.swap(&processes.one, "one"));
        let mut second = pin!(processes.swap(&processes.two, "two"));
        let (mut one, mut two) = (None, None);
        for is_first in order {
            match is_first {
                true => advance(&mut first, &mut one),
                false => advance(&mut second, &mut two),
            }
        }
        // The one that came second, or after another, may have more to do.
        let one = if let Some(one) = one { one } else { first.await };
        let two = if let Some(two) = two { two } else { second.await };
        let winner = match (one, two) {
            (Swap::Swapped(_), Swap::Conflict) => "one",
            (Swap::Conflict, Swap::Swapped(_)) => "two",
            other => panic!("{other:?} {order:?} {after_another}"),
        };
        assert_eq!(processes.content().await.unwrap(), winner, "{order:?} {after_another}");
    }
}

#[tokio::test]
async fn p19_each_order_of_two_creates_and_of_two_marks_has_one_winner() {
    let other = SessionId::generate(&SeededRandom::new(2)).unwrap().store_key();
    for order in orders(CREATE, CREATE) {
        let processes = Processes::new().await;
        let create = async |by: &TowerSessionsStore<Stepped>, content| {
            by.create(&other, record(&processes.clock, content)).await.is_ok()
        };
        let mut first = pin!(create(&processes.one, "one"));
        let mut second = pin!(create(&processes.two, "two"));
        assert_eq!(winners(&order, &mut first, &mut second).await, 1, "{order:?}");
    }
    for order in orders(MARK, MARK) {
        let processes = Processes::new().await;
        let expires = processes.clock.now() + HOUR;
        let mark = Mark::from_bytes([7; 32]);
        let set =
            async |by: &TowerSessionsStore<Stepped>| by.mark_once(&mark, expires).await.unwrap();
        let mut first = pin!(set(&processes.one));
        let mut second = pin!(set(&processes.two));
        assert_eq!(winners(&order, &mut first, &mut second).await, 1, "{order:?}");
    }
}

/// How many of two calls succeed whose steps come in this order.
async fn winners(
    order: &[bool],
    first: &mut Pin<&mut impl Future<Output = bool>>,
    second: &mut Pin<&mut impl Future<Output = bool>>,
) -> usize {
    let (mut one, mut two) = (None, None);
    for is_first in order {
        match is_first {
            true => advance(first, &mut one),
            false => advance(second, &mut two),
        }
    }
    let one = if let Some(one) = one { one } else { first.await };
    let two = if let Some(two) = two { two } else { second.await };
    usize::from(one) + usize::from(two)
}

/// Two swaps step by step on a store whose `create` overwrites: who wrote last is the one who goes on.
#[tokio::test]
async fn p19_two_swaps_in_step_have_one_winner_on_the_least_store() {
    let (clock, store) = (ManualClock::new(), Stepped(Least::default()));
    let open = || TowerSessionsStore::new(store.clone()).with_clock(Arc::new(clock.clone()));
    let (one, two) = (open(), open());
    let key = SessionId::generate(&SeededRandom::new(1)).unwrap().store_key();
    one.create(&key, record(&clock, "first")).await.unwrap();
    let version = one.load(&key).await.unwrap().unwrap().version;
    let mut first = pin!(one.swap(&key, version, record(&clock, "one")));
    let mut second = pin!(two.swap(&key, version, record(&clock, "two")));
    let (mut one, mut two) = (None, None);
    while one.is_none() || two.is_none() {
        advance(&mut first, &mut one);
        advance(&mut second, &mut two);
    }
    assert_eq!(one.unwrap().unwrap(), Swap::Conflict);
    assert!(matches!(two.unwrap().unwrap(), Swap::Swapped(_)));
}

/// There are too many orders of these to try them all.
#[tokio::test]
async fn p19_three_swaps_and_a_delete_have_at_most_one_winner_and_the_delete_is_final() {
    let random = SeededRandom::new(1);
    for round in 0..1000 {
        let processes = Processes::new().await;
        let mut one = pin!(processes.swap(&processes.one, "one"));
        let mut two = pin!(processes.swap(&processes.two, "two"));
        let three = TowerSessionsStore::new(Stepped(processes.store.clone()))
            .with_clock(Arc::new(processes.clock.clone()));
        let mut three = pin!(processes.swap(&three, "three"));
        let mut delete = pin!(processes.two.delete(&processes.key));
        let (mut swaps, mut deleted) = ([None, None, None], None);
        while deleted.is_none() || swaps.contains(&None) {
            let mut byte = [0];
            random.fill(&mut byte).unwrap();
            match byte[0] % 4 {
                0 => advance(&mut one, &mut swaps[0]),
                1 => advance(&mut two, &mut swaps[1]),
                2 => advance(&mut three, &mut swaps[2]),
                _ => advance(&mut delete, &mut deleted),
            }
            assert!(deleted.is_none() || processes.content().await.is_none(), "{round}");
        }
        let won = swaps.iter().filter(|swap| matches!(swap, Some(Swap::Swapped(_)))).count();
        assert!(won <= 1, "{round}: {swaps:?}");
    }
}

#[tokio::test]
async fn p15_a_swap_that_was_abandoned_holds_up_others_for_a_minute_at_most() {
    for steps in 1..SWAP {
        let processes = Processes::new().await;
        processes.abandon_a_swap(steps).await;
        processes.clock.advance(Duration::from_secs(60));
        let swap = processes.swap(&processes.two, "next").await;
        match processes.content().await.unwrap().as_str() {
            "next" => assert!(matches!(swap, Swap::Swapped(_)), "after {steps}"),
            "abandoned" => assert_eq!(swap, Swap::Conflict, "after {steps}: it had happened"),
            other => panic!("{other} after {steps}"),
        }
    }
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
    let signed_out = browser.request(http::Method::POST, "/auth/logout", &headers).await;
    assert_eq!(signed_out.status(), 503);
    their.fail(&[]);
    browser.plant_cookie(&name, &cookie);
    assert_eq!(browser.open("/").await.text(), "Hello, Alice Liddell!");
    let signed_out = browser.request(http::Method::POST, "/auth/logout", &headers).await;
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
