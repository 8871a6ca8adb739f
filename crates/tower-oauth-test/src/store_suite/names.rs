//! The strings of an index, byte for byte.

use super::bench::Bench;
use super::handle::Content;
use super::index::By;
use super::report::{Checked, same};

/// Values that a careless comparison takes for each other.
#[rustfmt::skip]
const ALIKE: [&str; 36] = [
    "alice", "Alice", "ALICE", "alice ", " alice", "alice\t", "alice\n", // case and space
    "alic\u{e9}", "alice\u{301}", "al\u{131}ce", // accents, composed or not
    "al%", "al_ce", "%", "_", "*", "?", "al?ce", "[a]lice", "^alice$", // patterns
    "'alice'", "\"alice\"", "al\\ice", "al\\\\ice", // quoting
    "a:b", "a::b", "a/b", "a|b", "a{b}", "a\u{1f}b", "a\u{7f}b", // separators
    "1", "01", "1.0", "null", "NULL", "", // other types
];

/// Under one issuer, each value finds exactly its own record.
pub(super) async fn byte_for_byte(bench: &Bench, by: By) -> Checked {
    let [first, second] = ["1", "2"].map(|last| format!("{}{last}", "x".repeat(254)));
    let values: Vec<&str> = ALIKE.into_iter().chain([&*first, &*second]).collect();
    let issuer = bench.issuer();
    let mut keys = Vec::new();
    for value in &values {
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
    boundaries(bench, by).await?;
    kept_or_refused(bench, by).await
}

/// What not every store can hold. Refused is fine, cut is not.
async fn kept_or_refused(bench: &Bench, by: By) -> Checked {
    let [some, more, most] = [255, 1024, 5000].map(|length| "x".repeat(length));
    for (value, cut) in [
        ("alice\0", "alice"),
        ("al\0ice", "al"),
        ("\0alice", "alice"),
        (&format!("{some}y"), &some),
        (&format!("{more}y"), &more),
        (&format!("{most}y"), &most),
        (&format!("{most}y"), &some),
    ] {
        let issuer = bench.issuer();
        let shown = Content::from(value);
        let Ok(key) = by.create(bench, &issuer, value).await else { continue };
        let when = format!(
            "a session of {shown:?} is created, those of {:?} are deleted {}",
            Content::from(cut),
            by.name()
        );
        same(&when, by.delete(bench.two(), &issuer, cut).await?, 0)?;
        same(&when, bench.one().load(&key).await?.is_some(), true)?;
        let when = format!("a session of {shown:?} is created, and deleted {}", by.name());
        same(&when, by.delete(bench.two(), &issuer, value).await?, 1)?;
    }
    Ok(())
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
