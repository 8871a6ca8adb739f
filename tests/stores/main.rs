//! Stores outside the process, each on a real server that the tests start.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

mod redis;
mod sql;
