//! Whole-product tests: an application, a provider, a browser.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where something is wrong"
)]

mod callback;
mod careless_store;
mod conformance;
mod core;
mod discovery;
mod docs;
mod edges;
mod extractors;
mod faults;
mod github;
mod hello_world;
mod id_token;
mod invariants;
mod layer;
mod limits;
mod login;
mod login_state;
mod logout;
mod loopback;
mod memory_store;
mod named_tests;
mod near_cache;
mod oidc_provider;
mod pages;
mod secrets;
mod sessions;
mod single_checks;
mod store;
mod tabs;
mod tower_sessions;
