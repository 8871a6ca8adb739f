//! What the benchmarks share: signed-in sessions, requests to applications in turn, and two ways to say what those cost.
//!
//! Instructions and allocations are counted by callgrind, under which the program runs itself: they repeat to a few in a
//! thousand where times do not.

#![expect(clippy::expect_used, reason = "a benchmark stops at a broken precondition")]

mod callgrind;
mod rounds;
mod sessions;
mod subject;
mod targets;

pub use callgrind::{Cost, count, count_by};
pub use rounds::{median, rounds};
pub use sessions::{SESSION_COOKIE, SessionMaker, me};
pub use subject::{Subject, bare};
pub use targets::Targets;
