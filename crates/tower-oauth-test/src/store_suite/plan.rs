//! Which checks there are, in which order, and what each of them is about.

use std::collections::BTreeSet;
use std::time::Duration;

use super::bench::Bench;
use super::deletes::How;
use super::expiry::Survivors;
use super::index::By;
use super::marks::Survivor;
use super::races::Spread;
use super::report::{Checked, Failure, Violation};
use super::{
    Promise, deletes, expiry, history, index, marks, names, races, records, swaps, unreachable,
};

/// How long one check may take. A store answers in milliseconds; this ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// A run of the suite: what is not asked for, and what was found so far.
pub(super) struct Plan<'a> {
    pub(super) lacking: &'a BTreeSet<Promise>,
    pub(super) violations: Vec<Violation>,
}

impl Plan<'_> {
    pub(super) async fn check(&mut self, bench: &Bench) {
        self.one(Promise::Visible, &[], records::visible(bench)).await;
        if self.is_broken(Promise::Visible) {
            // Everything else would fail of the same cause.
            return;
        }
        self.records(bench).await;
        for by in By::ALL {
            self.index(bench, by).await;
        }
        self.one(Promise::MarksOnce, &[], marks::once(bench)).await;
        self.one(Promise::MarksExpire, &[Promise::MarksOnce], marks::expire(bench)).await;

        let (records, mark) = (Survivors::plant(bench).await, Survivor::plant(bench).await);
        for spread in [Spread::OneHandle, Spread::AllHandles] {
            self.races(bench, spread).await;
        }
        let indexes = self.offered();
        let survive = async { records?.check(bench, &indexes).await };
        self.one(Promise::Lasts, &[], survive).await;
        let survives = async { mark?.check(bench).await };
        self.one(Promise::MarksExpire, &[Promise::MarksOnce], survives).await;
    }

    pub(super) async fn check_unreachable(&mut self, bench: &Bench) {
        self.one(Promise::Fails, &[], unreachable::fails(bench)).await;
    }

    async fn records(&mut self, bench: &Bench) {
        use Promise::{
            CreatesOnce, Deletes, Expires, Final, FreesKeys, Lasts, Swaps, Unaltered, Versions,
        };
        self.one(Unaltered, &[], records::unaltered(bench)).await;
        self.one(CreatesOnce, &[], records::creates_once(bench)).await;
        self.one(Deletes, &[], records::deletes(bench)).await;
        self.one(FreesKeys, &[Deletes], records::frees_keys(bench)).await;
        self.one(Swaps, &[], swaps::swaps(bench)).await;
        self.one(Versions, &[FreesKeys], swaps::versions(bench)).await;
        self.one(Final, &[Deletes], swaps::stays_gone(bench)).await;
        self.one(Expires, &[], expiry::expires(bench)).await;
        self.one(Lasts, &[], expiry::lasts(bench)).await;
    }

    async fn index(&mut self, bench: &Bench, by: By) {
        use Promise::{ByteForByte, Final, IndexMoves};
        if self.lacking.contains(&by.promise()) {
            self.one(by.promise(), &[], index::fails_closed(bench, by)).await;
            return;
        }
        self.one(by.promise(), &[], index::deletes_by(bench, by)).await;
        let needs = &[by.promise()];
        self.one(ByteForByte, needs, names::byte_for_byte(bench, by)).await;
        self.one(IndexMoves, needs, index::moves(bench, by)).await;
        self.one(Final, needs, swaps::stays_gone_by(bench, by)).await;
    }

    /// What breaks one after another, or through one handle, would break here as well.
    async fn races(&mut self, bench: &Bench, spread: Spread) {
        use Promise::{
            Atomic, AtomicAcrossHandles, CreatesOnce, Deletes, Final, MarksOnce, Swaps, Versions,
        };
        let (atomic, finally) = match spread {
            Spread::OneHandle => (Atomic, Final),
            Spread::AllHandles => (AtomicAcrossHandles, AtomicAcrossHandles),
        };
        if self.lacking.contains(&atomic) {
            return;
        }
        let needs = &[CreatesOnce, Deletes, Swaps, Versions, Final, MarksOnce, Atomic];
        let indexes = self.offered();
        self.one(atomic, needs, races::one_winner(bench, spread)).await;
        self.one(finally, needs, deletes::of_one(bench, spread, How::Key)).await;
        for by in &indexes {
            self.one(finally, needs, deletes::of_one(bench, spread, How::Index(*by))).await;
            self.one(finally, needs, deletes::of_many(bench, spread, *by)).await;
        }
        let has_subjects = indexes.contains(&By::Subject);
        self.one(atomic, needs, history::linearizable(bench, spread, has_subjects)).await;
    }

    /// The indexes that there are and that work one call after another.
    fn offered(&self) -> Vec<By> {
        let mut offered = Vec::from(By::ALL);
        offered.retain(|by| {
            let needs = [by.promise(), Promise::IndexMoves];
            !self.lacking.contains(&by.promise()) && !needs.iter().any(|it| self.is_broken(*it))
        });
        offered
    }

    /// Makes a check, unless it is known to fail: its promise is broken, or one that it needs.
    async fn one(
        &mut self,
        promise: Promise,
        needs: &[Promise],
        check: impl Future<Output = Checked>,
    ) {
        if self.is_broken(promise) || needs.iter().any(|needed| self.is_broken(*needed)) {
            return;
        }
        let late = || Failure::new("it is checked", "an answer", "none for a minute");
        let checked = tokio::time::timeout(DEADLINE, check).await.unwrap_or_else(|_| Err(late()));
        self.violations.extend(checked.err().map(|failure| Violation::new(promise, failure)));
    }

    fn is_broken(&self, promise: Promise) -> bool {
        self.violations.iter().any(|violation| violation.promise() == promise)
    }
}
