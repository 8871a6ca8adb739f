//! The product as it is deployed: three processes of the demo behind one address, on one store, some of them killed.
//!
//! Nothing here can move a clock, so what has to have expired is handed out expired.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

mod balancer;
mod fleet;
mod herds;
mod killed;
mod logins;
mod near_caches;
mod outages;
mod settings;
mod store;
