//! [`Promise`]: what a store promises, one by one, and what to do where one is broken.

use std::fmt;

/// A promise of the [contract of a store](tower_oauth_core::session::SessionStore).
///
/// `Display` is the promise in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Promise {
    /// A write is seen by every later read, through every handle.
    Visible,
    /// What is created or swapped in comes back as it was: every byte of the payload, and the expiry.
    Unaltered,
    /// A key that is taken is not created again.
    CreatesOnce,
    /// A deleted record is gone; deleting what is not there is fine.
    Deletes,
    /// A key is free again once its record was deleted or has expired.
    FreesKeys,
    /// An expired record is absent, by the clock that the store was given.
    Expires,
    /// A record lives until it expires.
    Lasts,
    /// A swap replaces exactly the version that it expects.
    Swaps,
    /// No version is used twice under one key.
    Versions,
    /// After a delete of any kind, no swap brings the record back.
    Final,
    /// `find_by_sid` finds and `delete_by_sid` removes the sessions of a `sid` and no others. May be [lacking](crate::StoreSuite::lacking).
    DeleteBySid,
    /// `find_by_subject` finds and `delete_by_subject` removes the sessions of a subject and no others. May be
    /// [lacking](crate::StoreSuite::lacking).
    DeleteBySubject,
    /// Issuer, subject and `sid` are compared byte for byte.
    ByteForByte,
    /// A record is found by the index it has now, and by no earlier one.
    IndexMoves,
    /// A mark is set once, and has nothing to do with other marks or with records.
    MarksOnce,
    /// A mark holds until it expires, and can be set again from then on.
    MarksExpire,
    /// Calls made at the same time through one handle seem to happen one after another.
    Atomic,
    /// Calls made at the same time through several handles, as by several processes, seem to happen one after
    /// another. May be [lacking](crate::StoreSuite::lacking).
    AtomicAcrossHandles,
    /// A store that cannot be reached says so.
    Fails,
}

impl Promise {
    /// What to do where the promise is broken.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Visible => {
                "write before you answer, and read where you write: no cache of one process, no replica"
            }
            Self::Unaltered => {
                "keep the payload as bytes, not as text, in a column of sufficient size; refuse what does not \
                 fit; keep the expiry with the record"
            }
            Self::CreatesOnce => {
                "insert only where no live record is (INSERT … ON CONFLICT DO NOTHING, SET NX), and answer \
                 StoreError::already_exists() otherwise"
            }
            Self::Deletes => "answer Ok whether or not there was a record",
            Self::FreesKeys => {
                "let create replace an expired record, and let delete leave nothing behind that blocks the key"
            }
            Self::Expires => {
                "compare `expires` with the clock you were given (`expires > now` is live) in every read, swap \
                 and create; the server's own expiry comes too late or not at all"
            }
            Self::Lasts => {
                "let a server's own expiry (TTL) be no earlier than `expires`, and set it anew with every swap, \
                 for the index too"
            }
            Self::Swaps => {
                "compare the version and write the record in one step: UPDATE … WHERE version = expected, or a \
                 script on the server"
            }
            Self::Versions => {
                "take versions from a counter that all keys share, or start each record at a random number; \
                 change it at every write"
            }
            Self::Final => {
                "let swap update and never insert: an upsert brings deleted sessions back, and with them whoever \
                 was signed out"
            }
            Self::DeleteBySid | Self::DeleteBySubject => {
                "find records by (issuer, value), both of them, and tell or count all that there are; a store without this \
                 index answers with an error and is tested with `.lacking(…)`"
            }
            Self::ByteForByte => {
                "use binary columns or a binary collation, `=` and not LIKE, keys that keep issuer and value apart \
                 whatever characters are in them"
            }
            Self::IndexMoves => {
                "write the index in the same step as the record, remove the old entry before the new one is added, \
                 and remove it with the record"
            }
            Self::MarksOnce => {
                "set the mark only where it is not set (INSERT … ON CONFLICT DO NOTHING, SET NX), in a table or \
                 under a prefix of its own, by all of its 32 bytes"
            }
            Self::MarksExpire => {
                "keep `expires` with the mark, and replace an expired one by the clock you were given"
            }
            Self::Atomic => {
                "check and write in one step, under one lock, in one statement or one script; nothing may come \
                 between"
            }
            Self::AtomicAcrossHandles => {
                "let the server decide: a lock inside one process does not keep another one out"
            }
            Self::Fails => {
                "return the error: whoever is told \"absent\" signs the user out, and \"done\" leaves a session \
                 alive; give every call a deadline"
            }
        }
    }

    /// Whether a store can do without it and still be safe.
    pub(super) const fn can_be_lacking(self) -> bool {
        matches!(self, Self::DeleteBySid | Self::DeleteBySubject | Self::AtomicAcrossHandles)
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Visible => "a write is seen by every later read, through every handle",
            Self::Unaltered => "what was written comes back unaltered",
            Self::CreatesOnce => "a key that is taken is not created again",
            Self::Deletes => "a deleted record is gone",
            Self::FreesKeys => "a key is free again once its record is gone",
            Self::Expires => "an expired record is absent",
            Self::Lasts => "a record lives until it expires",
            Self::Swaps => "a swap replaces exactly the version that it expects",
            Self::Versions => "no version is used twice under one key",
            Self::Final => "after a delete no swap brings the record back",
            Self::DeleteBySid => "delete_by_sid removes the sessions of a sid and no others",
            Self::DeleteBySubject => {
                "delete_by_subject removes the sessions of a subject and no others"
            }
            Self::ByteForByte => "indexes are compared byte for byte",
            Self::IndexMoves => "a record is found by the index it has now",
            Self::MarksOnce => "a mark is set once",
            Self::MarksExpire => "a mark holds until it expires",
            Self::Atomic => "calls at the same time seem to happen one after another",
            Self::AtomicAcrossHandles => {
                "calls at the same time through several handles seem to happen one after another"
            }
            Self::Fails => "a store that cannot be reached says so",
        })
    }
}
