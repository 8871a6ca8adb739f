//! Swaps one after another: the expected version, the versions themselves, and that nothing comes back.

use std::collections::HashSet;

use tower_oauth_core::session::{StoreKey, Swap, Version};

use super::bench::{Bench, HOUR};
use super::handle::Content;
use super::index::By;
use super::report::{Checked, Failure, same};

pub(super) async fn swaps(bench: &Bench) -> Checked {
    let key = bench.created(bench.record("one")).await?;
    let first = bench.loaded(&key).await?.version;
    let second = swapped(bench, &key, first, "two").await?;
    let loaded = bench.loaded(&key).await?;
    same("a swapped record is loaded", loaded.content, Content::from("two"))?;
    same("the version that a swap told is loaded", loaded.version, second)?;
    for number in 0..super::HANDLES {
        let swap = bench.handle(number).swap(&key, first, bench.record("outdated")).await?;
        same("a swap expects a version that was replaced", swap, Swap::Conflict)?;
        let content = bench.two().content(&key).await?;
        same("a swap ended in a conflict", content, Some(Content::from("two")))?;
    }
    for never in [0, u64::MAX].map(Version::new) {
        if never != first && never != second {
            let swap = bench.one().swap(&key, never, bench.record("never")).await?;
            same(format!("a swap expects {never:?}, which never was"), swap, Swap::Conflict)?;
        }
    }
    let third = swapped(bench, &key, second, "three").await?;
    swapped(bench, &key, third, "four").await.map(|_| ())
}

/// Every version of one key, over creates, swaps, deletes and expiry.
pub(super) async fn versions(bench: &Bench) -> Checked {
    let key = bench.key();
    let mut seen = HashSet::new();
    for round in 0..4 {
        bench.create(&key, bench.record("one")).await?;
        let mut version = bench.loaded(&key).await?.version;
        new(&mut seen, version)?;
        for _ in 0..3 {
            version = swapped(bench, &key, version, "two").await?;
            new(&mut seen, version)?;
        }
        if round % 2 == 0 {
            bench.one().delete(&key).await?;
        } else {
            bench.clock.advance(HOUR);
        }
    }
    let key = bench.created(bench.record("one")).await?;
    let outdated = bench.loaded(&key).await?.version;
    bench.one().delete(&key).await?;
    bench.create(&key, bench.record("two")).await?;
    let swap = bench.one().swap(&key, outdated, bench.record("three")).await?;
    let when = "a swap expects the version of a record that was deleted and created again";
    same(when, swap, Swap::Conflict)
}

fn new(seen: &mut HashSet<Version>, version: Version) -> Checked {
    let when = "one key is created, swapped, deleted, created again, and so on";
    if seen.insert(version) {
        return Ok(());
    }
    Err(Failure::new(when, "a version that it never had", format!("{version:?} again")))
}

/// What was deleted by its key stays gone.
pub(super) async fn stays_gone(bench: &Bench) -> Checked {
    let key = bench.created(bench.record("one")).await?;
    let version = bench.loaded(&key).await?.version;
    bench.two().delete(&key).await?;
    swap_brings_nothing_back(bench, &key, version, "by its key").await?;
    let swap = bench.one().swap(&bench.key(), version, bench.record("new")).await?;
    same("a key that was never used is swapped", swap, Swap::Missing)
}

/// What was deleted by an index stays gone.
pub(super) async fn stays_gone_by(bench: &Bench, by: By) -> Checked {
    let issuer = bench.issuer();
    let key = bench.created(bench.indexed(&issuer, "subject", Some("sid"))).await?;
    let version = bench.loaded(&key).await?.version;
    by.delete(bench.two(), &issuer, by.pick("subject", "sid")).await?;
    swap_brings_nothing_back(bench, &key, version, by.name()).await
}

async fn swap_brings_nothing_back(
    bench: &Bench,
    key: &StoreKey,
    version: Version,
    how: &str,
) -> Checked {
    for number in 0..super::HANDLES {
        let swap = bench.handle(number).swap(key, version, bench.record("back")).await?;
        same(format!("a record that was deleted {how} is swapped"), swap, Swap::Missing)?;
        let content = bench.two().content(key).await?;
        same(format!("a record that was deleted {how} was swapped"), content, None)?;
    }
    Ok(())
}

/// A swap that must succeed, and the version it told.
pub(super) async fn swapped(
    bench: &Bench,
    key: &StoreKey,
    expected: Version,
    content: &'static str,
) -> Checked<Version> {
    match bench.two().swap(key, expected, bench.record(content)).await? {
        Swap::Swapped(version) => Ok(version),
        swap => {
            let when = "a swap expects the version that the record has";
            Err(Failure::new(when, "Swapped", format!("{swap:?}")))
        }
    }
}
