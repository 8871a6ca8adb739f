//! Records one after another: created, loaded, deleted, created again.

use bytes::Bytes;
use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{Payload, Record, StoreKey, Swap};

use super::bench::{Bench, HOUR};
use super::handle::{Content, Create};
use super::report::{Checked, Failure, same};

/// Each kind of write, read through every handle.
pub(super) async fn visible(bench: &Bench) -> Checked {
    let key = bench.key();
    same("a key that was never used is loaded", bench.two().load(&key).await?, None)?;
    bench.create(&key, bench.record("created")).await?;
    let version = bench.loaded(&key).await?.version;
    read_everywhere(bench, &key, "created").await?;
    let swap = bench.two().swap(&key, version, bench.record("swapped")).await?;
    if !matches!(swap, Swap::Swapped(_)) {
        let when = "a swap through one handle expects the version that was loaded through it";
        return Err(Failure::new(when, "Swapped", format!("{swap:?}")));
    }
    read_everywhere(bench, &key, "swapped").await?;
    bench.one().delete(&key).await?;
    for number in 0..super::HANDLES {
        let content = bench.handle(number).content(&key).await?;
        same("a record is deleted through one handle and loaded through another", content, None)?;
    }
    Ok(())
}

async fn read_everywhere(bench: &Bench, key: &StoreKey, content: &'static str) -> Checked {
    for number in 0..super::HANDLES {
        same(
            "a record is written through one handle and loaded through another",
            bench.handle(number).content(key).await?,
            Some(Content::from(content)),
        )?;
    }
    Ok(())
}

/// Payloads that have an end, a length or a letter where text would, and expiries near and far.
pub(super) async fn unaltered(bench: &Bench) -> Checked {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for bytes in [
        Vec::new(),
        b"\0".to_vec(),
        b"a\0b".to_vec(),
        b" a\r\n ".to_vec(),
        b"\"'\\%${}\x1a".to_vec(),
        vec![0xff; 3],
        vec![0xc3, 0x28],
        "e\u{301} \u{e9} \u{1f512}".as_bytes().to_vec(),
        all.clone(),
        all.repeat(256),
    ] {
        let (created, swapped) = written(bench, bytes).await?;
        created?;
        swapped?;
    }
    // What is larger may be refused.
    let _ = written(bench, all.repeat(4096)).await?;
    expiries(bench).await
}

/// Writes `bytes` by a create and by a swap. An error of the store is inside, altered bytes are outside.
async fn written(bench: &Bench, bytes: Vec<u8>) -> Checked<(Checked, Checked)> {
    let content = Content(Bytes::from(bytes));
    let record = Record::new(Payload::from_bytes(content.0.clone()), bench.now() + HOUR, None);
    let key = bench.key();
    let created = bench.create(&key, record.clone()).await;
    let when = "a payload is read back, or was refused";
    let kept = created.is_ok().then(|| content.clone());
    same(when, bench.two().content(&key).await?, kept)?;
    let key = bench.created(bench.record("short")).await?;
    let version = bench.loaded(&key).await?.version;
    let swap = bench.one().swap(&key, version, record).await;
    let kept = if swap.is_ok() { content } else { Content::from("short") };
    same(when, bench.two().content(&key).await?, Some(kept))?;
    Ok((created, swap.map(|_| ())))
}

async fn expiries(bench: &Bench) -> Checked {
    const DAY: u32 = 24;
    for lifetime in [HOUR, HOUR * DAY * 30 + HOUR / 3600, HOUR * DAY * 400] {
        let key = bench.created(bench.lasting("one", lifetime)).await?;
        let loaded = bench.loaded(&key).await?;
        let when = "the expiry of a record is read back";
        same(when, loaded.expires, bench.now() + lifetime)?;
        let changed = lifetime + HOUR / 2;
        bench.two().swap(&key, loaded.version, bench.lasting("two", changed)).await?;
        same(when, bench.loaded(&key).await?.expires, bench.now() + changed)?;
    }
    // No store must keep a record until the end of time. One that takes it may cut that short, but not to a past.
    let key = bench.key();
    let forever = Timestamp::from_unix_seconds(u64::MAX);
    let record = Record::new(Payload::from_bytes("forever"), forever, None);
    let expected = bench.one().create(&key, record).await.is_ok().then_some(true);
    let a_thousand_years_on = bench.now() + HOUR * DAY * 365_000;
    let expires = bench.two().load(&key).await?.map(|loaded| loaded.expires > a_thousand_years_on);
    let when = "a record that expires in the year 584,942,417,355 lasts a thousand years";
    same(when, expires, expected)
}

pub(super) async fn creates_once(bench: &Bench) -> Checked {
    let key = bench.created(bench.record("first")).await?;
    let before = bench.loaded(&key).await?;
    for number in 0..super::HANDLES {
        let again = bench.handle(number).create(&key, bench.record("second")).await?;
        same("a key that is taken is created again", again, Create::AlreadyExists)?;
        same("a create was refused", bench.loaded(&key).await?, before.clone())?;
    }
    Ok(())
}

pub(super) async fn deletes(bench: &Bench) -> Checked {
    let other = bench.created(bench.record("other")).await?;
    let key = bench.created(bench.record("one")).await?;
    for (handle, when) in [
        (bench.one(), "a record is deleted"),
        (bench.one(), "a record is deleted again"),
        (bench.two(), "a record is deleted again through another handle"),
    ] {
        handle.delete(&key).await?;
        same(when, bench.two().content(&key).await?, None)?;
    }
    bench.one().delete(&bench.key()).await?;
    let left = bench.two().content(&other).await?;
    same("another record was deleted", left, Some(Content::from("other")))
}

pub(super) async fn frees_keys(bench: &Bench) -> Checked {
    let key = bench.created(bench.record("one")).await?;
    bench.one().delete(&key).await?;
    let created = bench.two().create(&key, bench.record("two")).await?;
    same("a key is created after a delete", created, Create::Created)?;
    let content = bench.one().content(&key).await?;
    same("a key is created after a delete", content, Some(Content::from("two")))?;

    let key = bench.created(bench.lasting("one", HOUR)).await?;
    bench.clock.advance(HOUR);
    let created = bench.two().create(&key, bench.lasting("two", HOUR)).await?;
    same("a key is created after its record expired", created, Create::Created)?;
    bench.clock.advance(HOUR / 2);
    let content = bench.one().content(&key).await?;
    same("a key is created after its record expired", content, Some(Content::from("two")))
}
