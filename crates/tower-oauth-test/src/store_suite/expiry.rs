//! Expiry, by the clock that the store was given.

use std::time::Duration;

use tower_oauth_core::session::Swap;

use super::bench::{Bench, HOUR};
use super::handle::Content;
use super::report::{Checked, same};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn expires(bench: &Bench) -> Checked {
    let key = bench.created(bench.lasting("one", HOUR)).await?;
    let version = bench.loaded(&key).await?.version;
    bench.clock.advance(HOUR - SECOND);
    let content = bench.two().content(&key).await?;
    same("a record is loaded one second before it expires", content, Some(Content::of("one")))?;
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
        same(when, bench.two().content(&key).await?, Some(Content::of("long")))?;
    }
    Ok(())
}
