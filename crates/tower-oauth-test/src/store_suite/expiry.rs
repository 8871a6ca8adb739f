//! Expiry, by the clock that the store was given.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tower_oauth_core::session::{StoreKey, Swap};

use super::bench::{Bench, HOUR};
use super::handle::Content;
use super::index::By;
use super::report::{Checked, same};

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn expires(bench: &Bench) -> Checked {
    let key = bench.created(bench.lasting("one", HOUR)).await?;
    let version = bench.loaded(&key).await?.version;
    bench.clock.advance(HOUR - SECOND);
    let content = bench.two().content(&key).await?;
    same("a record is loaded one second before it expires", content, Some(Content::from("one")))?;
    bench.clock.advance(SECOND);
    for number in 0..super::HANDLES {
        let content = bench.handle(number).content(&key).await?;
        same("a record is loaded in the second in which it expires", content, None)?;
    }
    let swap = bench.one().swap(&key, version, bench.record("two")).await?;
    same("an expired record is swapped", swap, Swap::Missing)?;
    same("an expired record was swapped", bench.two().content(&key).await?, None)?;
    sooner(bench).await
}

/// A swap may also bring the end nearer.
async fn sooner(bench: &Bench) -> Checked {
    let key = bench.created(bench.lasting("long", HOUR * 24)).await?;
    let version = bench.loaded(&key).await?.version;
    bench.one().swap(&key, version, bench.lasting("short", HOUR)).await?;
    bench.clock.advance(HOUR);
    let content = bench.two().content(&key).await?;
    same("a swap made a record expire sooner, and it does", content, None)
}

/// Long lives, made so by a create and by a swap.
pub(super) async fn lasts(bench: &Bench) -> Checked {
    let month = HOUR * 24 * 30;
    let created = bench.created(bench.lasting("long", month)).await?;
    let swapped = bench.created(bench.lasting("short", SECOND)).await?;
    let version = bench.loaded(&swapped).await?.version;
    bench.one().swap(&swapped, version, bench.lasting("long", month)).await?;
    bench.clock.advance(month - SECOND);
    for (key, when) in [
        (created, "a record of thirty days is loaded before its last second"),
        (swapped, "a record that a swap gave thirty days is loaded before its last second"),
    ] {
        same(when, bench.two().content(&key).await?, Some(Content::from("long")))?;
    }
    Ok(())
}

/// When a second of the server's time is over that began before now.
pub(super) fn second_is_over() -> Instant {
    Instant::now() + SECOND * 5 / 4
}

/// What a server's own expiry might remove too early: once to live for a second, then made to live for long. The
/// suite's clock does not move a server's, so this waits for it.
pub(super) struct Survivors {
    due: Instant,
    swapped: StoreKey,
    issuers: [(By, String); 2],
}

impl Survivors {
    const LONG: Duration = HOUR.saturating_mul(24 * 400);

    pub(super) async fn plant(bench: &Bench) -> Checked<Self> {
        let swapped = bench.created(bench.lasting("short", SECOND)).await?;
        let version = bench.loaded(&swapped).await?.version;
        bench.one().swap(&swapped, version, bench.lasting("long", Self::LONG)).await?;

        // One user's sessions, short and long in either order.
        let issuers = By::ALL.map(|by| (by, bench.issuer()));
        for (_, issuer) in &issuers {
            for (name, lifetimes) in
                [("rising", [SECOND, Self::LONG]), ("falling", [Self::LONG, SECOND])]
            {
                for lifetime in lifetimes {
                    let mut record = bench.indexed(issuer, name, Some(name));
                    record.expires = bench.now() + lifetime;
                    bench.created(record).await?;
                }
            }
        }

        Ok(Self { due: second_is_over(), swapped, issuers })
    }

    pub(super) async fn check(self, bench: &Bench, indexes: &[By]) -> Checked {
        sleep_until(self.due).await;
        let content = bench.two().content(&self.swapped).await?;
        let when = "a swap gave a record of one second 400 days, and the second passed";
        same(when, content, Some(Content::from("long")))?;
        for (by, issuer) in self.issuers.iter().filter(|(by, _)| indexes.contains(by)) {
            for name in ["rising", "falling"] {
                let count = by.delete(bench.two(), issuer, name).await?;
                let when = format!(
                    "of two sessions one lived for a second, which passed; they are deleted {}",
                    by.name()
                );
                // The expired one may be counted.
                same(when, count, count.clamp(1, 2))?;
            }
        }
        Ok(())
    }
}
