//! Deletes in the midst of swaps and creates: what was there before is gone afterwards.

use tower_oauth_core::session::StoreKey;

use super::HANDLES;
use super::bench::{Bench, Rounds, at_once};
use super::handle::Handle;
use super::index::By;
use super::races::Spread;
use super::report::{Checked, same};

const SWAPPERS: usize = 3;
const SWAPS: usize = 4;

/// How a record is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Key,
    Index(By),
}

impl How {
    const fn name(self) -> &'static str {
        match self {
            Self::Key => "by its key",
            Self::Index(by) => by.name(),
        }
    }

    async fn delete(self, handle: &Handle, key: &StoreKey, issuer: &str) -> Checked<u64> {
        match self {
            Self::Key => handle.delete(key).await.map(|()| 1),
            Self::Index(by) => by.delete(handle, issuer, "both").await,
        }
    }
}

/// One record, swapped without pause by some threads and deleted by another.
pub(super) async fn of_one(bench: &Bench, spread: Spread, how: How) -> Checked {
    let mut rounds = Rounds::new();
    while rounds.go_on() {
        let issuer = bench.issuer();
        let record = || bench.indexed(&issuer, "both", Some("both"));
        let key = bench.created(record()).await?;
        let tasks = (0..=SWAPPERS).map(|thread| {
            let (handle, record) = (spread.handle(bench, thread), record());
            let issuer = issuer.clone();
            async move {
                if thread == 0 {
                    return how.delete(&handle, &key, &issuer).await;
                }
                for _ in 0..SWAPS {
                    let Some(loaded) = handle.load(&key).await? else { break };
                    handle.swap(&key, loaded.version, record.clone()).await?;
                }
                Ok(0)
            }
        });
        let counts = at_once(tasks.collect()).await?;
        let when = format!("a record is deleted {} while others swap it", how.name());
        same(format!("{when}; how many were there?"), counts.iter().sum(), 1)?;
        for number in 0..HANDLES {
            same(format!("{when}; then"), bench.handle(number).load(&key).await?, None)?;
        }
    }
    Ok(())
}

/// Many records of one user, created by several threads; then two threads delete them while others swap them.
pub(super) async fn of_many(bench: &Bench, spread: Spread, by: By) -> Checked {
    const EACH: usize = 8;
    let issuer = bench.issuer();
    let record = || bench.indexed(&issuer, "both", Some("both"));
    let tasks = (0..SWAPPERS).map(|thread| {
        let handle = spread.handle(bench, thread);
        let new: Vec<_> = (0..EACH).map(|_| (bench.key(), record())).collect();
        async move {
            let mut keys = Vec::new();
            for (key, record) in new {
                handle.create(&key, record).await?;
                keys.push(key);
            }
            Ok(keys)
        }
    });
    let created = at_once(tasks.collect()).await?;
    let all: Vec<StoreKey> = created.iter().flatten().copied().collect();
    let swappers = created.into_iter().map(Some);
    let tasks = swappers.chain([None, None]).enumerate().map(|(thread, keys)| {
        let (handle, record) = (spread.handle(bench, thread), record());
        let issuer = issuer.clone();
        async move {
            let Some(keys) = keys else { return by.delete(&handle, &issuer, "both").await };
            for key in keys {
                let Some(loaded) = handle.load(&key).await? else { continue };
                handle.swap(&key, loaded.version, record.clone()).await?;
            }
            Ok(0)
        }
    });
    let counts = at_once(tasks.collect()).await?;
    let when = format!(
        "the sessions of a user are deleted {} by two threads while others swap them",
        by.name()
    );
    for key in &all {
        same(format!("{when}; then one of them is loaded"), bench.two().load(key).await?, None)?;
    }
    let count = counts.iter().sum::<u64>();
    same(format!("{when}; how many were there?"), count, all.len() as u64)
}
