//! Two processes on one store of tower-sessions, in every order in which their steps can come.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tower_oauth::session::{Mark, SessionId, SessionStore, StoreKey, Swap, Version};
use tower_oauth::{Clock, Random as _, TowerSessionsStore};
use tower_oauth_test::{ManualClock, SeededRandom};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::Result;
use tower_sessions::{MemoryStore, SessionStore as TheirStore};

use crate::tower_sessions::{HOUR, Least, record};

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
