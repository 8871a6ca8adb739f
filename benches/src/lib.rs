//! What the benchmarks share: signed-in sessions, and how requests are timed.

#![expect(clippy::expect_used, reason = "a benchmark stops at a broken precondition")]

mod rounds;
mod sessions;

pub use rounds::{Subject, median, rounds};
pub use sessions::{SessionMaker, me};
