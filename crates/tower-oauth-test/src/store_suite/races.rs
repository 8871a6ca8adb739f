//! Calls at the same time, on threads: each race has one winner.

use tower_oauth_core::session::Swap;

use super::bench::{Bench, HOUR, Rounds, at_once};
use super::handle::{Content, Create, Handle};
use super::report::{Checked, same};

const THREADS: usize = 6;

/// Through how many handles the calls come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    OneHandle,
    AllHandles,
}

impl Spread {
    pub(super) fn handle(self, bench: &Bench, thread: usize) -> Handle {
        match self {
            Self::OneHandle => bench.one().clone(),
            Self::AllHandles => bench.handle(thread).clone(),
        }
    }
}

/// Creates, swaps and marks.
pub(super) async fn one_winner(bench: &Bench, spread: Spread) -> Checked {
    let mut rounds = Rounds::new();
    while rounds.go_on() {
        creates(bench, spread).await?;
        swaps(bench, spread).await?;
        marks(bench, spread).await?;
    }
    Ok(())
}

const CONTENTS: [&str; THREADS] = ["0", "1", "2", "3", "4", "5"];

async fn creates(bench: &Bench, spread: Spread) -> Checked {
    let key = bench.key();
    let tasks = CONTENTS.iter().enumerate().map(|(thread, content)| {
        let (handle, record) = (spread.handle(bench, thread), bench.record(content));
        async move { Ok(handle.create(&key, record).await? == Create::Created) }
    });
    let content = winner(&at_once(tasks.collect()).await?, "create one key")?;
    same("the winner of a race of creates is loaded", bench.two().content(&key).await?, content)
}

async fn swaps(bench: &Bench, spread: Spread) -> Checked {
    let key = bench.created(bench.record("start")).await?;
    let version = bench.loaded(&key).await?.version;
    let tasks = CONTENTS.iter().enumerate().map(|(thread, content)| {
        let (handle, record) = (spread.handle(bench, thread), bench.record(content));
        async move { Ok(matches!(handle.swap(&key, version, record).await?, Swap::Swapped(_))) }
    });
    let content = winner(&at_once(tasks.collect()).await?, "swap one version")?;
    same("the winner of a race of swaps is loaded", bench.two().content(&key).await?, content)
}

async fn marks(bench: &Bench, spread: Spread) -> Checked {
    let mark = bench.mark();
    let expires = bench.now() + HOUR;
    let tasks = (0..THREADS).map(|thread| {
        let handle = spread.handle(bench, thread);
        async move { handle.mark_once(&mark, expires).await }
    });
    winner(&at_once(tasks.collect()).await?, "set one mark").map(|_| ())
}

/// What the one winner wrote.
fn winner(won: &[bool], what: &str) -> Checked<Option<Content>> {
    let winners = won.iter().filter(|won| **won).count();
    same(format!("{THREADS} threads {what}; how many succeed?"), winners, 1)?;
    let winner = won.iter().zip(CONTENTS).find(|(won, _)| **won);
    Ok(winner.map(|(_, content)| Content::from(content)))
}
