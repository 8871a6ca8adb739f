//! What a record is found by besides its key.

use tower_oauth_core::session::{Record, StoreKey};

use super::bench::{Bench, HOUR};
use super::handle::{Create, Handle};
use super::report::{Checked, Failure, same};
use super::{HANDLES, Promise};

/// By which index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Sid,
    Subject,
}

impl By {
    pub(super) const ALL: [Self; 2] = [Self::Sid, Self::Subject];

    pub(super) const fn promise(self) -> Promise {
        match self {
            Self::Sid => Promise::DeleteBySid,
            Self::Subject => Promise::DeleteBySubject,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sid => "by its sid",
            Self::Subject => "by its subject",
        }
    }

    pub(super) fn pick<T>(self, subject: T, sid: T) -> T {
        match self {
            Self::Sid => sid,
            Self::Subject => subject,
        }
    }

    pub(super) async fn delete(self, handle: &Handle, issuer: &str, value: &str) -> Checked<u64> {
        match self {
            Self::Sid => handle.delete_by_sid(issuer, value).await,
            Self::Subject => handle.delete_by_subject(issuer, value).await,
        }
    }

    /// A record that this index finds by `value`.
    async fn create(self, bench: &Bench, issuer: &str, value: &str) -> Checked<StoreKey> {
        let record = match self {
            Self::Sid => bench.indexed(issuer, "subject", Some(value)),
            Self::Subject => bench.indexed(issuer, value, Some("sid")),
        };
        bench.created(record).await
    }
}

/// Those of the value, and no others.
pub(super) async fn deletes_by(bench: &Bench, by: By) -> Checked {
    let (issuer, other_issuer) = (bench.issuer(), bench.issuer());
    let mut gone = Vec::new();
    for _ in 0..3 {
        gone.push(by.create(bench, &issuer, "value").await?);
    }
    let kept = [
        ("of another value", by.create(bench, &issuer, "other").await?),
        ("of the same value at another issuer", by.create(bench, &other_issuer, "value").await?),
        ("that has the value as its other name", {
            let record = by.pick(
                bench.indexed(&issuer, "subject", Some("value")),
                bench.indexed(&issuer, "value", None),
            );
            bench.created(record).await?
        }),
        ("without an index", bench.created(bench.record("plain")).await?),
    ];
    let when = |what: &str| format!("sessions are deleted {}: {what}", by.name());
    let none = by.delete(bench.one(), &issuer, "nobody").await?;
    same(when("nobody has it"), none, 0)?;
    let count = by.delete(bench.two(), &issuer, "value").await?;
    same(when("three have it"), count, 3)?;
    for key in &gone {
        same(when("one of them is loaded"), bench.one().content(key).await?, None)?;
    }
    for (which, key) in &kept {
        let is_there = bench.one().load(key).await?.is_some();
        same(when(&format!("is the one {which} there?")), is_there, true)?;
    }
    same(when("again"), by.delete(bench.one(), &issuer, "value").await?, 0)
}

/// Values that a careless comparison takes for each other. Under one issuer, each finds exactly its own.
pub(super) async fn byte_for_byte(bench: &Bench, by: By) -> Checked {
    let long = "x".repeat(254);
    let (long_1, long_2) = (format!("{long}1"), format!("{long}2"));
    let values = [
        "alice",
        "Alice",
        "ALICE",
        "alice ",
        " alice",
        "alice\t",
        "alice\n",
        "alic\u{e9}",
        "alice\u{301}",
        "al\u{131}ce",
        "al%",
        "al_ce",
        "%",
        "_",
        "*",
        "?",
        "al?ce",
        "[a]lice",
        "^alice$",
        "'alice'",
        "\"alice\"",
        "al\\ice",
        "al\\\\ice",
        "a:b",
        "a::b",
        "a/b",
        "a|b",
        "a{b}",
        "a\u{1f}b",
        "a\u{7f}b",
        "1",
        "01",
        "1.0",
        "null",
        "NULL",
        "",
        &long_1,
        &long_2,
        &long,
    ];
    let issuer = bench.issuer();
    let mut keys = Vec::new();
    for value in values {
        keys.push(by.create(bench, &issuer, value).await?);
    }
    // Records without a sid are not those of the empty one.
    let without = bench.created(bench.indexed(&issuer, "nobody", None)).await?;
    for (value, key) in values.iter().zip(&keys) {
        let when = format!(
            "sessions are deleted {}: those of {value:?}, of which there is one",
            by.name()
        );
        let count = by.delete(bench.two(), &issuer, value).await?;
        same(&when, count, 1)?;
        same(&when, bench.one().content(key).await?, None)?;
    }
    let is_there = bench.one().load(&without).await?.is_some();
    same("sessions were deleted by other values; is another one there?", is_there, true)?;
    boundaries(bench, by).await
}

/// Issuer and value are two things, whatever characters join them.
async fn boundaries(bench: &Bench, by: By) -> Checked {
    let issuer = bench.issuer();
    for between in ["", ":", "::", "|", "/", " ", ",", "\n", "\u{1f}", "\\"] {
        let (longer_issuer, longer_value) = (format!("{issuer}{between}a"), format!("a{between}b"));
        let kept = by.create(bench, &longer_issuer, "b").await?;
        let gone = by.create(bench, &issuer, &longer_value).await?;
        let count = by.delete(bench.two(), &issuer, &longer_value).await?;
        let when = format!(
            "issuer {issuer:?} and value {longer_value:?} are deleted; there is a record of {longer_issuer:?} and \"b\""
        );
        same(&when, count, 1)?;
        same(&when, bench.one().load(&gone).await?.is_some(), false)?;
        same(&when, bench.one().load(&kept).await?.is_some(), true)?;
    }
    Ok(())
}

/// What of a record its index finds: subject and sid, or nothing.
type Found = Option<(&'static str, Option<&'static str>)>;

/// A record is found by its present index, and by nothing that it, or its key, had before.
pub(super) async fn moves(bench: &Bench, by: By) -> Checked {
    let both = |subject, sid| Some((subject, Some(sid)));
    let old = both("old", "old");
    for (before, after, when) in [
        (old, both("new", "new"), "a swap changes the index"),
        (old, both("old", "new"), "a swap changes the sid alone"),
        (old, both("new", "old"), "a swap changes the subject alone"),
        (old, old, "a swap leaves the index as it is"),
        (old, None, "a swap removes the index"),
        (None, old, "a swap adds an index"),
        (Some(("old", None)), old, "a swap adds a sid"),
        (old, Some(("old", None)), "a swap removes the sid"),
    ] {
        let issuer = bench.issuer();
        let key = bench.created(with_index(bench, &issuer, before)).await?;
        let version = bench.loaded(&key).await?.version;
        bench.one().swap(&key, version, with_index(bench, &issuer, after)).await?;
        found_by_its_own_alone(bench, by, &issuer, &key, after, when).await?;
    }
    for (before, after) in [(old, both("new", "new")), (old, old), (old, None), (None, old)] {
        for gone in [Gone::Key, Gone::Sid, Gone::Subject, Gone::Expired] {
            let issuer = bench.issuer();
            let key = bench.created(with_index(bench, &issuer, before)).await?;
            match gone {
                Gone::Key => bench.two().delete(&key).await?,
                Gone::Expired => bench.clock.advance(HOUR),
                // The other index must forget it, too. A store may lack this one; then nothing is deleted.
                Gone::Sid => drop(bench.two().store().delete_by_sid(&issuer, "old").await),
                Gone::Subject => drop(bench.two().store().delete_by_subject(&issuer, "old").await),
            }
            if bench.one().create(&key, with_index(bench, &issuer, after)).await? == Create::Created
            {
                let when = format!("a key is created again after its record was gone ({gone:?})");
                found_by_its_own_alone(bench, by, &issuer, &key, after, &when).await?;
            }
        }
    }
    Ok(())
}

/// How a record went.
#[derive(Clone, Copy, Debug)]
enum Gone {
    Key,
    Sid,
    Subject,
    Expired,
}

fn with_index(bench: &Bench, issuer: &str, found: Found) -> Record {
    match found {
        Some((subject, sid)) => bench.indexed(issuer, subject, sid),
        None => bench.record("plain"),
    }
}

async fn found_by_its_own_alone(
    bench: &Bench,
    by: By,
    issuer: &str,
    key: &StoreKey,
    found: Found,
    when: &str,
) -> Checked {
    let own = found.and_then(|(subject, sid)| by.pick(Some(subject), sid));
    for value in ["old", "new"] {
        if own != Some(value) {
            let when =
                format!("{when}; then sessions are deleted {}, which is not {value:?}", by.name());
            same(&when, by.delete(bench.two(), issuer, value).await?, 0)?;
            same(&when, bench.one().load(key).await?.is_some(), true)?;
        }
    }
    if let Some(value) = own {
        let when = format!("{when}; then sessions are deleted {}, which is {value:?}", by.name());
        same(&when, by.delete(bench.two(), issuer, value).await?, 1)?;
        same(&when, bench.one().load(key).await?.is_some(), false)?;
    }
    Ok(())
}

/// A store without the index: every call is an error, and removes nothing.
pub(super) async fn fails_closed(bench: &Bench, by: By) -> Checked {
    let issuer = bench.issuer();
    let key = by.create(bench, &issuer, "value").await?;
    for number in 0..HANDLES {
        for value in ["value", "nobody"] {
            if let Ok(count) = by.delete(bench.handle(number), &issuer, value).await {
                let when =
                    format!("sessions are deleted {}, which the store does not offer", by.name());
                return Err(Failure::new(when, "an error", format!("Ok({count})")));
            }
        }
    }
    let is_there = bench.one().load(&key).await?.is_some();
    same("a call that the store does not offer was refused; is the record there?", is_there, true)
}
