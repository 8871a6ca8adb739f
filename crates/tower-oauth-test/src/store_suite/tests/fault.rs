//! What can be wrong with a store. Each is a mistake that somebody made.

/// A fault, and in the order of the promises that they break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A handle answers from what it loaded before.
    Caches,
    /// The same, where it is asked for what it can tell at once.
    CachesForNow,
    /// Bytes that are no UTF-8 are replaced.
    PayloadAsText,
    /// A column of 32 KiB, in a database that cuts.
    PayloadCut,
    /// C strings.
    PayloadEndsAtNul,
    /// An expiry that loses its seconds.
    ExpiresInMinutes,
    CreateOverwrites,
    /// "0 rows affected" taken for an error.
    DeleteWantsARecord,
    /// `INSERT` meets a row that nobody swept.
    ExpiredBlocksKey,
    /// No TTL on what is read.
    LoadsExpired,
    /// No TTL on what is swapped.
    SwapsExpired,
    /// A limit of the cache server.
    LivesAWeek,
    /// `SET … KEEPTTL`.
    SwapKeepsServersExpiry,
    /// `EXPIRE` on the set of a user's sessions, at the first one.
    IndexEndsWithItsFirst,
    /// The same, at each one.
    IndexEndsWithItsLast,
    /// Last writer wins.
    IgnoresVersion,
    VersionStays,
    VersionsStartAnew,
    /// `INSERT … ON CONFLICT DO UPDATE`.
    Upserts,
    IgnoresIssuer,
    /// One table of names for both indexes.
    SidsAreSubjects,
    /// The entry goes, the record stays.
    ForgetsIndexAlone,
    CountsOne,
    /// `LIMIT 1`.
    FindsOne,
    NoIndexIsEmpty,
    /// No index, and says so.
    NoSubjects,
    /// No index, and "there were none".
    NoSubjectsAndSilent,
    /// A collation.
    IgnoresCase,
    /// `CHAR(n)`.
    Trims,
    CutsIndex,
    IndexEndsAtNul,
    /// `LIKE`.
    Wildcards,
    /// `issuer:value` as one key.
    JoinsWithColon,
    /// `NULL` written as an empty string.
    NoSidIsEmpty,
    SwapLeavesIndex,
    DeleteLeavesIndex,
    /// Old and new may be the same entry.
    IndexAddedBeforeRemoved,
    EveryMarkWins,
    MarksByHalf,
    MarksAreKeys,
    MarksStay,
    LosersExtendMarks,
    /// `SET … KEEPTTL`, again.
    MarkKeepsServersExpiry,
    /// Check, then set: creates, swaps, marks.
    CreateChecksFirst,
    SwapChecksFirst,
    MarkChecksFirst,
    /// The same, under a lock of one process.
    SwapUnderLocalLock,
    /// Check, then upsert: a delete in between is undone.
    SwapUpsertsLate,
    /// Deletes the versions that it saw.
    DeleteSkipsSwapped,
    /// An error of the server taken for "absent".
    AbsentWhenUnreachable,
}
