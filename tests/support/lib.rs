//! What the whole-product tests share: an application, a provider, browsers, and stores that misbehave.

#![expect(clippy::expect_used, reason = "tests stop at a broken precondition")]

mod app;
mod captured;
pub mod servers;
mod stores;

pub use app::{BASE_URL, Setup, app, callback_url};
pub use captured::Captured;
pub use stores::{BytesStore, CountingStore, FailingStore, Operation};
