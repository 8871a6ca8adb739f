//! How the stores of this process find sessions: by a key that needs no hashing, and the memory store also by names, in one
//! ordered set of hashes that takes some thirty bytes for each.

use std::collections::BTreeSet;
use std::hash::{BuildHasherDefault, Hasher};

use aws_lc_rs::digest::{Context, SHA256};
use tower_oauth_core::session::{Index, StoreKey};

/// A subject or a session at its issuer: 128 bits of SHA-256 over all of it, so that equal names are equal strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name([u64; 2]);

impl Name {
    pub(super) fn subject(issuer: &str, subject: &str) -> Self {
        Self::of(b"subject", issuer, subject)
    }

    pub(super) fn sid(issuer: &str, sid: &str) -> Self {
        Self::of(b"sid", issuer, sid)
    }

    /// The length keeps `("ab", "c")` and `("a", "bc")` apart.
    fn of(kind: &[u8], issuer: &str, value: &str) -> Self {
        let mut hash = Context::new(&SHA256);
        hash.update(kind);
        hash.update(&issuer.len().to_be_bytes());
        hash.update(issuer.as_bytes());
        hash.update(value.as_bytes());
        let hash = hash.finish();
        Self([word(hash.as_ref(), 0), word(hash.as_ref(), 1)])
    }
}

/// What one session is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Names {
    subject: Name,
    sid: Option<Name>,
}

impl Names {
    pub(super) fn of(index: &Index) -> Self {
        let Index { issuer, subject, sid, .. } = index;
        let sid = sid.as_ref().map(|sid| Name::sid(issuer, sid));
        Self { subject: Name::subject(issuer, subject), sid }
    }

    pub(super) fn contain(&self, name: Name) -> bool {
        self.subject == name || self.sid == Some(name)
    }
}

/// Where a shard keeps a session: 64 bits of its key. A key is a hash, of an id that we drew, so nobody but chance
/// can have two in one slot; the store then says that the key is taken, and another is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u64);

impl Slot {
    pub(super) fn of(key: &StoreKey) -> Self {
        Self(word(key.as_bytes(), 0))
    }

    /// One of so many shards: by the key's first byte.
    pub(super) fn shard(self, shards: usize) -> usize {
        let [first, ..] = self.0.to_be_bytes();
        usize::from(first) % shards
    }
}

impl std::hash::Hash for Slot {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.0);
    }
}

/// Slots and keys are hashes already.
pub(super) type KeyHasher = BuildHasherDefault<Itself>;

#[derive(Default)]
pub(super) struct Itself(u64);

impl Hasher for Itself {
    /// The last word counts: what comes before a key is its length.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = word(bytes, 0);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    /// Turned: a map goes by the first bits and the last ones, and the keys of one shard begin alike.
    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}

/// Which slots have which names. Half of a name is kept: who looks a slot up compares the whole.
#[derive(Default)]
pub(super) struct Indexes(BTreeSet<(u64, Slot)>);

impl Indexes {
    pub(super) fn insert(&mut self, slot: Slot, names: Option<&Names>) {
        for Name([half, _]) in all(names) {
            self.0.insert((half, slot));
        }
    }

    pub(super) fn remove(&mut self, slot: Slot, names: Option<&Names>) {
        for Name([half, _]) in all(names) {
            self.0.remove(&(half, slot));
        }
    }

    /// The slots that may have `name`.
    pub(super) fn slots(&self, Name([half, _]): Name) -> Vec<Slot> {
        let range = self.0.range((half, Slot(0))..=(half, Slot(u64::MAX)));
        range.map(|(_, slot)| *slot).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn all(names: Option<&Names>) -> impl Iterator<Item = Name> {
    names.into_iter().flat_map(|names| std::iter::once(names.subject).chain(names.sid))
}

/// The eight bytes of a hash that begin at eight times `place`.
fn word(hash: &[u8], place: usize) -> u64 {
    let bytes = hash.chunks_exact(8).nth(place).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
