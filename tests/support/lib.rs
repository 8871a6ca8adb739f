//! What the whole-product tests share: an application, a provider, browsers, and stores that misbehave.

#![expect(clippy::expect_used, reason = "tests stop at a broken precondition")]

mod app;
mod gate;
mod stores;

pub use app::{BASE_URL, Setup, app};
pub use gate::Gate;
pub use stores::{BytesStore, CountingStore, FailingStore, Operation};

/// Gives every task that can run a turn, many times over.
pub async fn settle() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}
