//! What the whole-product tests share: an application, a provider, browsers, and stores that misbehave.

#![expect(clippy::expect_used, clippy::panic, reason = "tests stop at a broken precondition")]

mod app;
mod captured;
mod gate;
mod hooked_store;
mod metrics;
pub mod servers;
mod stores;
mod virtual_clock;

pub use app::{BASE_URL, Setup, app, callback_url, secret};
pub use captured::Captured;
pub use gate::Gate;
pub use hooked_store::HookedStore;
pub use metrics::Measured;
pub use stores::{BytesStore, CountingStore, FailingStore, Operation};
pub use virtual_clock::VirtualClock;

/// Gives every task that can run a turn, many times over.
pub async fn settle() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}
