//! [`StoreSuite`]: shows whether a session store keeps its contract.

mod bench;
mod expiry;
mod handle;
mod index;
mod marks;
mod promise;
mod races;
mod records;
mod report;
mod swaps;

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use tower_oauth_core::session::SessionStore;

use self::bench::{Bench, HANDLES};
use self::handle::Handle;
pub use self::promise::Promise;
pub use self::report::Violation;
use self::report::{Checked, Failure};
use crate::ManualClock;

/// How long one check may take. A store answers in milliseconds; this ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);

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
        let open = Rc::new(open);
        let open = move |clock| -> Pin<Box<dyn Future<Output = Handle> + 'a>> {
            let open = Rc::clone(&open);
            Box::pin(async move { Handle::new(open(clock).await) })
        };
        Self { open: Box::new(open), lacking: BTreeSet::new() }
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

    /// Checks every promise and returns those that are broken, each with its first failure.
    pub async fn violations(self) -> Vec<Violation> {
        let clock = ManualClock::new();
        let mut handles = Vec::with_capacity(HANDLES);
        for _ in 0..HANDLES {
            handles.push((self.open)(clock.clone()).await);
        }
        // Random for each process and each call.
        let seed = RandomState::new().build_hasher().finish();
        let bench = Bench::new(clock, handles, seed);
        let mut report = Report { violations: Vec::new() };
        self.check(&bench, &mut report).await;
        report.violations
    }

    async fn check(&self, bench: &Bench, report: &mut Report) {
        report.check(Promise::Visible, records::visible(bench)).await;
        if !report.violations.is_empty() {
            // Everything else would fail of the same cause.
            return;
        }
        report.check(Promise::Unaltered, records::unaltered(bench)).await;
        report.check(Promise::CreatesOnce, records::creates_once(bench)).await;
        report.check(Promise::Deletes, records::deletes(bench)).await;
        report.check(Promise::FreesKeys, records::frees_keys(bench)).await;
        report.check(Promise::Expires, expiry::expires(bench)).await;
        report.check(Promise::Lasts, expiry::lasts(bench)).await;
        report.check(Promise::Swaps, swaps::swaps(bench)).await;
        report.check(Promise::Versions, swaps::versions(bench)).await;
        report.check(Promise::Final, swaps::stays_gone(bench)).await;
        for by in index::By::ALL {
            if self.lacking.contains(&by.promise()) {
                report.check(by.promise(), index::fails_closed(bench, by)).await;
                continue;
            }
            report.check(by.promise(), index::deletes_by(bench, by)).await;
            report.check(Promise::ByteForByte, index::byte_for_byte(bench, by)).await;
            report.check(Promise::IndexMoves, index::moves(bench, by)).await;
            report.check(Promise::Final, swaps::stays_gone_by(bench, by)).await;
        }
        report.check(Promise::MarksOnce, marks::once(bench)).await;
        report.check(Promise::MarksExpire, marks::expire(bench)).await;
        for spread in [races::Spread::OneHandle, races::Spread::AllHandles] {
            if self.lacking.contains(&spread.promise()) {
                continue;
            }
            report.check(spread.promise(), races::one_winner(bench, spread)).await;
        }
    }
}

impl fmt::Debug for StoreSuite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSuite").field("lacking", &self.lacking).finish_non_exhaustive()
    }
}

struct Report {
    violations: Vec<Violation>,
}

impl Report {
    /// Runs a check, unless its promise is known to be broken.
    async fn check(&mut self, promise: Promise, check: impl Future<Output = Checked>) {
        if self.violations.iter().any(|violation| violation.promise() == promise) {
            return;
        }
        let late = || Failure::new("it is checked", "answers", "nothing for a minute");
        let checked = tokio::time::timeout(DEADLINE, check).await.unwrap_or_else(|_| Err(late()));
        self.violations.extend(checked.err().map(|failure| Violation::new(promise, failure)));
    }
}
