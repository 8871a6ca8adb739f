//! What a record is found by besides its key.

use std::collections::BTreeSet;

use tower_oauth_core::session::{Record, StoreError, StoreKey};

use super::bench::{Bench, HOUR};
use super::handle::{Create, Handle, unanswered};
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

    /// Deletes, where that must succeed.
    pub(super) async fn delete(self, handle: &Handle, issuer: &str, value: &str) -> Checked<u64> {
        self.ask(handle, issuer, value).await.map_err(|error| unanswered(self.call(), &error))
    }

    /// Deletes, where an error is an answer.
    async fn ask(self, handle: &Handle, issuer: &str, value: &str) -> Result<u64, StoreError> {
        match self {
            Self::Sid => handle.store().delete_by_sid(issuer, value).await,
            Self::Subject => handle.store().delete_by_subject(issuer, value).await,
        }
    }

    /// Finds, where that must succeed.
    async fn find(self, handle: &Handle, issuer: &str, value: &str) -> Checked<BTreeSet<StoreKey>> {
        let found = self.ask_to_find(handle, issuer, value).await;
        let found = found.map_err(|error| unanswered(self.finding_call(), &error))?;
        Ok(found.into_iter().collect())
    }

    /// Finds, where an error is an answer.
    async fn ask_to_find(
        self,
        handle: &Handle,
        issuer: &str,
        value: &str,
    ) -> Result<Vec<StoreKey>, StoreError> {
        match self {
            Self::Sid => handle.store().find_by_sid(issuer, value).await,
            Self::Subject => handle.store().find_by_subject(issuer, value).await,
        }
    }

    const fn finding_call(self) -> &'static str {
        match self {
            Self::Sid => "find_by_sid",
            Self::Subject => "find_by_subject",
        }
    }

    const fn call(self) -> &'static str {
        match self {
            Self::Sid => "delete_by_sid",
            Self::Subject => "delete_by_subject",
        }
    }

    /// A record that this index finds by `value`.
    pub(super) async fn create(
        self,
        bench: &Bench,
        issuer: &str,
        value: &str,
    ) -> Checked<StoreKey> {
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
    let plain = bench.created(bench.record("plain")).await?;
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
        ("without an index", plain),
    ];
    let when = |what: &str| format!("sessions are deleted {}: {what}", by.name());
    let found = |what: &str| format!("sessions are found {}: {what}", by.name());
    let nobody = by.find(bench.one(), &issuer, "nobody").await?;
    same(found("nobody has it"), nobody, BTreeSet::new())?;
    let three = by.find(bench.two(), &issuer, "value").await?;
    same(found("three have it"), three, gone.iter().copied().collect())?;
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
    same(when("again"), by.delete(bench.one(), &issuer, "value").await?, 0)?;
    let left = by.find(bench.one(), &issuer, "value").await?;
    same(found("all were deleted"), left, BTreeSet::new())?;
    // Whether that is a mistake or nothing at all, it is not "those without an index".
    drop(by.ask(bench.one(), "", "").await);
    let is_there = bench.one().load(&plain).await?.is_some();
    same(when("issuer and value are empty; is a record without an index there?"), is_there, true)
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
        for gone in [Gone::Key, Gone::By(By::Sid), Gone::By(By::Subject), Gone::Expired] {
            let issuer = bench.issuer();
            let key = bench.created(with_index(bench, &issuer, before)).await?;
            match gone {
                Gone::Key => bench.two().delete(&key).await?,
                Gone::Expired => bench.clock.advance(HOUR),
                // The other index must forget it, too. A store may lack this one; then nothing is deleted.
                Gone::By(other) => drop(other.ask(bench.two(), &issuer, "old").await),
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
    By(By),
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
            same(&when, by.find(bench.two(), issuer, value).await?, BTreeSet::new())?;
            same(&when, by.delete(bench.two(), issuer, value).await?, 0)?;
            same(&when, bench.one().load(key).await?.is_some(), true)?;
        }
    }
    if let Some(value) = own {
        let when = format!("{when}; then sessions are deleted {}, which is {value:?}", by.name());
        same(&when, by.find(bench.two(), issuer, value).await?, BTreeSet::from([*key]))?;
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
            if let Ok(count) = by.ask(bench.handle(number), &issuer, value).await {
                let when = format!("{} is called, which the store lacks", by.call());
                return Err(Failure::new(when, "an error", format!("Ok({count})")));
            }
            if let Ok(found) = by.ask_to_find(bench.handle(number), &issuer, value).await {
                let when = format!("{} is called, which the store lacks", by.finding_call());
                return Err(Failure::new(when, "an error", format!("Ok({found:?})")));
            }
        }
    }
    let is_there = bench.one().load(&key).await?.is_some();
    let when = format!("{} was refused; is the record there?", by.call());
    same(when, is_there, true)
}
