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
mod discovery_faults;
mod docs;
mod edges;
mod events;
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
mod oidc_provider;
mod pages;
mod panics;
mod public_types;
mod same_origin;
mod secrets;
mod sessions;
mod single_checks;
mod store;
mod tabs;
