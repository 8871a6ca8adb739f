//! What the whole-product tests share: an application, a provider, browsers, and stores that misbehave.

#![expect(clippy::expect_used, reason = "tests stop at a broken precondition")]

mod app;
mod stores;

pub use app::{BASE_URL, Setup, app, secret};
pub use stores::{BytesStore, CountingStore, FailingStore, Operation};
