//! One-time marks, one after another.

use tokio::time::{Instant, sleep_until};
use tower_oauth_core::session::Mark;

use super::bench::{Bench, HOUR};
use super::expiry::{SECOND, second_is_over};
use super::handle::{Content, Create};
use super::report::{Checked, same};

pub(super) async fn once(bench: &Bench) -> Checked {
    let mark = bench.mark();
    let expires = bench.now() + HOUR;
    same("a mark is set", bench.one().mark_once(&mark, expires).await?, true)?;
    for number in 0..super::HANDLES {
        let again = bench.handle(number).mark_once(&mark, expires).await?;
        same("a mark is set again", again, false)?;
    }
    for other in neighbours(&mark) {
        let is_first = bench.two().mark_once(&other, expires).await?;
        same("a mark is set that differs from another in one bit", is_first, true)?;
    }
    apart_from_records(bench).await
}

/// Marks that a store takes for `mark` which keeps part of it, or keeps it as text.
fn neighbours(mark: &Mark) -> impl Iterator<Item = Mark> {
    let bytes = *mark.as_bytes();
    [(0, 0x80), (0, 0x20), (15, 1), (16, 1), (31, 1)].into_iter().map(move |(at, bit)| {
        let mut bytes = bytes;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= bit;
        }
        Mark::from_bytes(bytes)
    })
}

/// A mark may have the bytes of a key.
async fn apart_from_records(bench: &Bench) -> Checked {
    let expires = bench.now() + HOUR;
    let key = bench.created(bench.record("record")).await?;
    let mark = Mark::from_bytes(*key.as_bytes());
    let is_first = bench.two().mark_once(&mark, expires).await?;
    same("a mark is set that has the bytes of a record's key", is_first, true)?;
    let content = bench.two().content(&key).await?;
    same(
        "a record is loaded whose key has the bytes of a mark",
        content,
        Some(Content::from("record")),
    )?;
    bench.one().delete(&key).await?;
    let again = bench.two().mark_once(&mark, expires).await?;
    same("a mark is set again after the record with its bytes was deleted", again, false)?;

    let key = bench.key();
    let mark = Mark::from_bytes(*key.as_bytes());
    same("a mark is set", bench.one().mark_once(&mark, expires).await?, true)?;
    same("a key is loaded that has the bytes of a mark", bench.two().load(&key).await?, None)?;
    let created = bench.two().create(&key, bench.record("record")).await?;
    same("a record is created whose key has the bytes of a mark", created, Create::Created)
}

pub(super) async fn expire(bench: &Bench) -> Checked {
    let mark = bench.mark();
    same("a mark is set", bench.one().mark_once(&mark, bench.now() + HOUR).await?, true)?;
    bench.clock.advance(HOUR - SECOND);
    // Whoever loses does not move the end.
    let again = bench.two().mark_once(&mark, bench.now() + HOUR).await?;
    same("a mark is set again one second before it expires", again, false)?;
    bench.clock.advance(SECOND);
    let later = bench.two().mark_once(&mark, bench.now() + HOUR).await?;
    same("a mark is set again in the second in which it expires", later, true)?;
    let again = bench.one().mark_once(&mark, bench.now() + HOUR).await?;
    same("a mark is set again that was set anew", again, false)
}

/// A mark that was set for a second and, when that was over, for an hour. The suite's clock does not move a
/// server's, so this waits for it.
pub(super) struct Survivor {
    due: Instant,
    mark: Mark,
}

impl Survivor {
    pub(super) async fn plant(bench: &Bench) -> Checked<Self> {
        let mark = bench.mark();
        for lifetime in [SECOND, HOUR] {
            let is_first = bench.one().mark_once(&mark, bench.now() + lifetime).await?;
            same("a mark is set that is new or has expired", is_first, true)?;
            bench.clock.advance(SECOND);
        }
        Ok(Self { due: second_is_over(), mark })
    }

    pub(super) async fn check(self, bench: &Bench) -> Checked {
        sleep_until(self.due).await;
        let again = bench.two().mark_once(&self.mark, bench.now() + HOUR).await?;
        let when = "a mark of one second was set anew for an hour, and the second passed";
        same(when, again, false)
    }
}
