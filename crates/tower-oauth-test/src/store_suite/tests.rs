//! The suite's own tests: it passes a store without faults, and names the promise that each fault breaks.

mod database;
mod fault;
mod faulty;

use std::sync::Arc;
use std::thread;

use tokio::runtime;

use self::database::Database;
use self::fault::Fault;
use self::faulty::FaultyStore;
use super::{Promise, StoreSuite, Violation};
use crate::ManualClock;

/// The suite on a store with a fault.
fn suite(fault: Option<Fault>) -> StoreSuite<'static> {
    let database = Arc::<Database>::default();
    StoreSuite::new(async move |clock: ManualClock| FaultyStore::new(&database, clock, fault))
}

fn broken(violations: &[Violation]) -> Vec<Promise> {
    violations.iter().map(Violation::promise).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_faults_passes() {
    suite(None).run().await;
}

/// Each fault with all the promises that the suite then lists, in its order.
const FAULTS: &[(Fault, &[Promise])] = {
    use Promise::{
        Atomic, AtomicAcrossHandles, ByteForByte, CreatesOnce, DeleteBySid, DeleteBySubject,
        Deletes, Expires, Final, FreesKeys, IndexMoves, Lasts, MarksExpire, MarksOnce, Swaps,
        Unaltered, Versions, Visible,
    };
    &[
        (Fault::Caches, &[Visible]),
        (Fault::CachesForNow, &[Visible]),
        (Fault::PayloadAsText, &[Unaltered]),
        (Fault::PayloadCut, &[Unaltered]),
        (Fault::PayloadEndsAtNul, &[Unaltered]),
        (Fault::ExpiresInMinutes, &[Unaltered, Lasts]),
        (Fault::CreateOverwrites, &[CreatesOnce]),
        (Fault::DeleteWantsARecord, &[Deletes]),
        (Fault::ExpiredBlocksKey, &[FreesKeys]),
        (Fault::LoadsExpired, &[Expires]),
        (Fault::SwapsExpired, &[Expires]),
        (Fault::LivesAWeek, &[Lasts]),
        (Fault::SwapKeepsServersExpiry, &[Lasts]),
        (Fault::IndexEndsWithItsFirst, &[Lasts]),
        (Fault::IndexEndsWithItsLast, &[Lasts]),
        (Fault::IgnoresVersion, &[Swaps, Versions]),
        (Fault::VersionStays, &[Swaps, Versions]),
        (Fault::VersionsStartAnew, &[Versions]),
        (Fault::Upserts, &[Final, Expires]),
        (Fault::IgnoresIssuer, &[DeleteBySid, DeleteBySubject]),
        (Fault::SidsAreSubjects, &[DeleteBySid, DeleteBySubject]),
        (Fault::ForgetsIndexAlone, &[DeleteBySid, DeleteBySubject]),
        (Fault::CountsOne, &[DeleteBySid, DeleteBySubject]),
        (Fault::FindsOne, &[DeleteBySid, DeleteBySubject]),
        (Fault::NoIndexIsEmpty, &[DeleteBySid, DeleteBySubject]),
        (Fault::NoSidIsEmpty, &[ByteForByte]),
        (Fault::IgnoresCase, &[ByteForByte]),
        (Fault::Trims, &[ByteForByte]),
        (Fault::CutsIndex, &[ByteForByte]),
        (Fault::IndexEndsAtNul, &[ByteForByte]),
        (Fault::Wildcards, &[ByteForByte]),
        (Fault::JoinsWithColon, &[ByteForByte]),
        (Fault::SwapLeavesIndex, &[IndexMoves]),
        (Fault::DeleteLeavesIndex, &[IndexMoves]),
        (Fault::IndexAddedBeforeRemoved, &[IndexMoves]),
        (Fault::EveryMarkWins, &[MarksOnce]),
        (Fault::MarksByHalf, &[MarksOnce]),
        (Fault::MarksAreKeys, &[MarksOnce]),
        (Fault::MarksStay, &[MarksExpire]),
        (Fault::LosersExtendMarks, &[MarksExpire]),
        (Fault::MarkKeepsServersExpiry, &[MarksExpire]),
        (Fault::CreateChecksFirst, &[Atomic]),
        (Fault::SwapChecksFirst, &[Atomic]),
        (Fault::MarkChecksFirst, &[Atomic]),
        (Fault::SwapUnderLocalLock, &[AtomicAcrossHandles]),
        (Fault::SwapUpsertsLate, &[Final]),
        (Fault::DeleteSkipsSwapped, &[Final]),
    ]
};

/// All at once, since each waits a second for a server's expiry.
#[test]
fn p24_each_fault_is_named() {
    let report = |fault| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(suite(Some(fault)).violations())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = FAULTS
            .iter()
            .map(|(fault, promises)| (fault, promises, scope.spawn(|| report(*fault))))
            .collect();
        for (fault, promises, thread) in threads {
            let violations = thread.join().unwrap();
            let list: String = violations.iter().map(|it| format!("\n\n{it}")).collect();
            assert_eq!(broken(&violations), *promises, "{fault:?}{list}");
        }
    });
}

#[tokio::test]
async fn what_is_lacking_must_say_so() {
    let lacking = |fault| suite(Some(fault)).lacking(Promise::DeleteBySubject);
    lacking(Fault::NoSubjects).run().await;
    let silent = lacking(Fault::NoSubjectsAndSilent).violations().await;
    assert_eq!(broken(&silent), [Promise::DeleteBySubject]);
    let undeclared = suite(Some(Fault::NoSubjects)).violations().await;
    assert_eq!(broken(&undeclared), [Promise::DeleteBySubject]);

    let local = suite(Some(Fault::SwapUnderLocalLock));
    local.lacking(Promise::AtomicAcrossHandles).run().await;
}

#[test]
#[should_panic = "no store can do without this: after a delete no swap brings the record back"]
fn not_everything_can_be_lacking() {
    drop(suite(None).lacking(Promise::Final));
}

#[tokio::test]
async fn p06_an_error_taken_for_absent_is_seen() {
    let database = Arc::<Database>::default();
    let fault = Some(Fault::AbsentWhenUnreachable);
    let suite = suite(None)
        .unreachable(async move |clock: ManualClock| FaultyStore::new(&database, clock, fault));
    assert_eq!(broken(&suite.violations().await), [Promise::Fails]);
}

#[tokio::test]
#[should_panic = "DeleteBySid: delete_by_sid removes the sessions of a sid and no others"]
async fn a_run_panics_with_the_list() {
    suite(Some(Fault::CountsOne)).run().await;
}
