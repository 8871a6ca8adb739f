//! [`StoreSuite`]: shows whether a session store keeps its contract.

mod bench;
mod deletes;
mod expiry;
mod handle;
mod history;
mod index;
mod linearize;
mod marks;
mod names;
mod plan;
mod promise;
mod races;
mod records;
mod report;
mod swaps;
#[cfg(test)]
mod tests;
mod unreachable;

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::Pin;
use std::rc::Rc;

use tower_oauth_core::session::SessionStore;

use self::bench::{Bench, HANDLES};
use self::handle::Handle;
use self::plan::Plan;
pub use self::promise::Promise;
pub use self::report::Violation;
use crate::ManualClock;

/// Shows whether a session store keeps its [contract](SessionStore): each promise of it, through several
/// handles and threads, and expiry by a clock that stands still until the suite moves it.
///
/// ```no_run
/// # mod my {
/// #     use tower_oauth_core::{Timestamp, session::*};
/// #     #[derive(Debug)]
/// #     pub struct MyStore;
/// #     impl MyStore {
/// #         pub async fn connect(_: &str) -> Result<Self, StoreError> { unimplemented!() }
/// #         pub fn with_clock(self, _: tower_oauth_test::ManualClock) -> Self { self }
/// #     }
/// #     #[async_trait::async_trait]
/// #     impl SessionStore for MyStore {
/// #         async fn create(&self, _: &StoreKey, _: Record) -> Result<(), StoreError> { unimplemented!() }
/// #         async fn load(&self, _: &StoreKey) -> Result<Option<StoredRecord>, StoreError> { unimplemented!() }
/// #         async fn swap(&self, _: &StoreKey, _: Version, _: Record) -> Result<Swap, StoreError> { unimplemented!() }
/// #         async fn delete(&self, _: &StoreKey) -> Result<(), StoreError> { unimplemented!() }
/// #         async fn delete_by_sid(&self, _: &str, _: &str) -> Result<u64, StoreError> { unimplemented!() }
/// #         async fn delete_by_subject(&self, _: &str, _: &str) -> Result<u64, StoreError> { unimplemented!() }
/// #         async fn find_by_sid(&self, _: &str, _: &str) -> Result<Vec<StoreKey>, StoreError> { unimplemented!() }
/// #         async fn find_by_subject(&self, _: &str, _: &str) -> Result<Vec<StoreKey>, StoreError> { unimplemented!() }
/// #         async fn mark_once(&self, _: &Mark, _: Timestamp) -> Result<bool, StoreError> { unimplemented!() }
/// #     }
/// # }
/// # use my::MyStore;
/// use tower_oauth_test::{ManualClock, StoreSuite};
///
/// # let _ = stringify! {
/// #[tokio::test(flavor = "multi_thread")]
/// # };
/// # #[tokio::main]
/// # async fn main() { it_keeps_the_contract().await }
/// async fn it_keeps_the_contract() {
///     let open = async |clock: ManualClock| {
///         MyStore::connect("mystore://localhost").await.unwrap().with_clock(clock)
///     };
///     StoreSuite::new(open).run().await;
/// }
/// ```
///
/// The store need not be empty: each run uses keys and names of its own, leaves a few hundred records behind that
/// expire, and takes seconds. Two runs may go on at the same time.
#[must_use = "a suite does nothing until it is run"]
pub struct StoreSuite<'a> {
    open: Open<'a>,
    unreachable: Option<Open<'a>>,
    lacking: BTreeSet<Promise>,
}

type Open<'a> = Box<dyn Fn(ManualClock) -> Pin<Box<dyn Future<Output = Handle> + 'a>> + 'a>;

impl<'a> StoreSuite<'a> {
    /// A suite for what `open` returns: a store whose expiry the given clock decides.
    ///
    /// It is called several times, and each store must see the same records, as those of several processes do that
    /// share a server. For a store inside the process, return clones of one `Arc`.
    pub fn new<F, S>(open: F) -> Self
    where
        F: AsyncFn(ManualClock) -> S + 'a,
        S: SessionStore,
    {
        Self { open: boxed(open), unreachable: None, lacking: BTreeSet::new() }
    }

    /// Also checks what `open` returns: the same store with a server that cannot be reached, such as one at a port
    /// where nothing listens. Each of its calls must be an error ([`Promise::Fails`]).
    pub fn unreachable<F, S>(mut self, open: F) -> Self
    where
        F: AsyncFn(ManualClock) -> S + 'a,
        S: SessionStore,
    {
        self.unreachable = Some(boxed(open));
        self
    }

    /// For a store that does not make `promise`, and says so in its documentation.
    ///
    /// What is lacking must fail closed: [`delete_by_sid`](Promise::DeleteBySid) and
    /// [`delete_by_subject`](Promise::DeleteBySubject) must answer every call with an error and remove nothing.
    /// Without [`AtomicAcrossHandles`](Promise::AtomicAcrossHandles), everything still holds through several
    /// handles one after another, and at the same time through one; only races between handles are left out, because
    /// nobody sees that such a race was lost.
    ///
    /// # Panics
    ///
    /// For any other promise: no login is safe without it.
    pub fn lacking(mut self, promise: Promise) -> Self {
        assert!(promise.can_be_lacking(), "no store can do without this: {promise}");
        self.lacking.insert(promise);
        self
    }

    /// Checks every promise.
    ///
    /// # Panics
    ///
    /// If one is broken. The message lists every broken promise, with what was expected, what came, and what
    /// to do.
    #[track_caller]
    pub fn run(self) -> impl Future<Output = ()> + use<'a> {
        let caller = std::panic::Location::caller();
        async move {
            let violations = self.violations().await;
            let list: String =
                violations.iter().map(|violation| format!("\n\n{violation}")).collect();
            assert!(
                violations.is_empty(),
                "the store at {caller} broke {} of its promises{list}\n",
                violations.len()
            );
        }
    }

    /// Checks every promise and returns those that are broken, each with its first failure. What would only fail
    /// of the same cause is left out.
    pub async fn violations(self) -> Vec<Violation> {
        let clock = ManualClock::new();
        let mut plan = Plan { lacking: &self.lacking, violations: Vec::new() };
        plan.check(&bench(&self.open, &clock, HANDLES).await).await;
        if let Some(open) = &self.unreachable {
            plan.check_unreachable(&bench(open, &clock, 1).await).await;
        }
        plan.violations
    }
}

async fn bench(open: &Open<'_>, clock: &ManualClock, handles: usize) -> Bench {
    let mut opened = Vec::with_capacity(handles);
    for _ in 0..handles {
        opened.push(open(clock.clone()).await);
    }
    // The hasher is the standard library's, whose keys differ between processes and between calls.
    Bench::new(clock.clone(), opened, RandomState::new().build_hasher().finish())
}

fn boxed<'a, F, S>(open: F) -> Open<'a>
where
    F: AsyncFn(ManualClock) -> S + 'a,
    S: SessionStore,
{
    let open = Rc::new(open);
    Box::new(move |clock| {
        let open = Rc::clone(&open);
        Box::pin(async move { Handle::new(open(clock).await) })
    })
}

impl fmt::Debug for StoreSuite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSuite").field("lacking", &self.lacking).finish_non_exhaustive()
    }
}
