//! What stands under which key.
//!
//! | key | value |
//! |---|---|
//! | prefix `s:` store key | a record: header, sealed payload |
//! | prefix `m:` mark | who set it (8 bytes), its end (8 bytes) |
//! | prefix `i:` hash of issuer and subject, or issuer and sid | sorted set: store keys by end |
//!
//! A record's header, numbers in network byte order:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the format, 1 |
//! | 8 | version, drawn at random for each write: a version never comes again |
//! | 8 | end, seconds since 1970 |
//! | 32 | hash of issuer and subject, or zeros |
//! | 32 | hash of issuer and sid, or zeros |

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use tower_oauth::Timestamp;
use tower_oauth::session::{Index, Mark, Payload, StoreKey, StoredRecord, Version};

const FORMAT: u8 = 1;
const HEADER: usize = 1 + 8 + 8 + 32 + 32;

/// How much longer the server keeps what has ended: by so much the clocks of replicas may differ without one
/// of them missing what is still live for it.
pub(crate) const SLACK: Duration = Duration::from_secs(10 * 60);

/// Longer than anything lives, and far from where the server's arithmetic ends.
const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The hash of whose session a record is: compares byte for byte, has a fixed size, names nobody.
pub(crate) type Tag = [u8; 32];

pub(crate) fn subject_tag(issuer: &str, subject: &str) -> Tag {
    tag(b"subject", issuer, subject)
}

pub(crate) fn sid_tag(issuer: &str, sid: &str) -> Tag {
    tag(b"sid", issuer, sid)
}

/// Lengths keep `("ab", "c")` and `("a", "bc")` apart.
fn tag(kind: &[u8], issuer: &str, name: &str) -> Tag {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in [kind, issuer.as_bytes(), name.as_bytes()] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut tag = Tag::default();
    tag.copy_from_slice(hash.finish().as_ref());
    tag
}

pub(crate) fn record_key(prefix: &str, key: &StoreKey) -> String {
    name(prefix, 's', key.as_bytes())
}

/// The key of the record that is a `member` of an index.
pub(crate) fn member_key(prefix: &str, member: &[u8]) -> String {
    name(prefix, 's', member)
}

pub(crate) fn mark_key(prefix: &str, mark: &Mark) -> String {
    name(prefix, 'm', mark.as_bytes())
}

pub(crate) fn index_key(prefix: &str, tag: &Tag) -> String {
    name(prefix, 'i', tag)
}

fn name(prefix: &str, kind: char, hash: &[u8]) -> String {
    format!("{prefix}{kind}:{}", URL_SAFE_NO_PAD.encode(hash))
}

/// The tags of a record: none, one, or two.
pub(crate) fn tags(index: Option<&Index>) -> Vec<Tag> {
    let Some(index) = index else { return Vec::new() };
    let subject = subject_tag(&index.issuer, &index.subject);
    let sid = index.sid.as_deref().map(|sid| sid_tag(&index.issuer, sid));
    [Some(subject), sid].into_iter().flatten().collect()
}

pub(crate) fn pack(version: Version, expires: Timestamp, tags: &[Tag], payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER + payload.len());
    record.push(FORMAT);
    record.extend(version.number().to_be_bytes());
    record.extend(expires.unix_seconds().to_be_bytes());
    for tag in tags {
        record.extend(tag);
    }
    record.resize(HEADER, 0);
    record.extend(payload);
    record
}

/// Reads a record, `None` if it is none of this format. Copies nothing.
pub(crate) fn unpack(mut record: Bytes) -> Option<StoredRecord> {
    if record.len() < HEADER {
        return None;
    }
    let payload = record.split_off(HEADER);
    let (format, rest) = record.split_first()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (expires, _) = rest.split_first_chunk()?;
    (*format == FORMAT).then(|| {
        StoredRecord::new(
            Payload::from_bytes(payload),
            Timestamp::from_unix_seconds(u64::from_be_bytes(*expires)),
            Version::new(u64::from_be_bytes(*version)),
        )
    })
}

/// How long the server keeps what ends at `expires`, in milliseconds.
pub(crate) fn ttl(expires: Timestamp, now: Timestamp) -> String {
    expires.since(now).saturating_add(SLACK).min(MAX_TTL).as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed() -> Bytes {
        let end = Timestamp::from_unix_seconds(1_800_000_000);
        let index = Index::new("https://op", "alice", None);
        pack(Version::new(7), end, &tags(Some(&index)), b"sealed").into()
    }

    #[test]
    fn p10_a_record_reads_back() {
        let record = unpack(packed()).unwrap();
        assert_eq!(record.version.number(), 7);
        assert_eq!(record.expires.unix_seconds(), 1_800_000_000);
        assert_eq!(record.payload.to_bytes().unwrap(), "sealed");
    }

    #[test]
    fn p07_p24_a_truncated_or_newer_record_is_none() {
        let packed = packed();
        for length in 0..HEADER {
            assert!(unpack(packed.slice(..length)).is_none(), "{length}");
        }
        let mut newer = packed.to_vec();
        newer[0] = 2;
        assert!(unpack(newer.into()).is_none());
    }

    #[test]
    fn indexes_compare_byte_for_byte() {
        let distinct = [
            subject_tag("https://op", "alice"),
            subject_tag("https://op", "Alice"),
            subject_tag("https://op", "alice "),
            subject_tag("https://op/", "alice"),
            subject_tag("https://opa", "lice"),
            subject_tag("https://op", "ali\u{301}ce"),
            sid_tag("https://op", "alice"),
        ];
        for (place, tag) in distinct.iter().enumerate() {
            assert_eq!(distinct.iter().position(|other| other == tag), Some(place));
        }
    }

    #[test]
    fn the_server_keeps_everything_for_longer_than_it_lives_and_nothing_for_ever() {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        assert_eq!(ttl(now + Duration::from_secs(60), now), "660000");
        assert_eq!(ttl(now - Duration::from_secs(60), now), "600000");
        assert_eq!(ttl(Timestamp::from_unix_seconds(u64::MAX), now), "3153600000000");
    }
}
