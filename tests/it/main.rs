//! Whole-product tests: an application, a provider, a browser.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where something is wrong"
)]

mod account_faults;
mod accounts;
mod answers;
mod app_session;
mod app_session_traps;
mod bearer;
mod bindings;
mod callback;
mod cancelled;
mod careless_store;
mod clocks;
mod conformance;
mod connect;
mod consent;
mod cookie_sessions;
mod cookie_size;
mod core;
mod discovery;
mod discovery_faults;
mod docs;
mod edges;
mod events;
mod extractors;
mod faults;
mod faulty_histories;
mod form_post;
mod github;
mod hello_world;
mod id_token;
mod initiated;
mod invariants;
mod keys;
mod layer;
mod lifecycle;
mod limits;
mod login;
mod login_state;
mod logout;
mod loopback;
mod loops;
mod memory_store;
mod named_tests;
mod near_cache;
mod near_cache_processes;
mod oidc_provider;
mod oidc_provider_logout;
mod open_redirects;
mod pages;
mod panics;
mod properties;
mod provider_faults;
mod public_types;
mod refresh;
mod refresh_events;
mod refresh_faults;
mod refresh_herd;
mod refresh_id_token;
mod refresh_leases;
mod refresh_logout;
mod refresh_processes;
mod refresh_simulation;
mod refresh_tokens;
mod revoked_sessions;
mod same_origin;
mod secrets;
mod sessions;
mod signatures;
mod single_checks;
mod single_page;
mod starts;
mod store;
mod tabs;
mod tenant_cache;
mod tenant_directory;
mod tenants;
mod their_store;
mod tls;
mod tower_sessions;
mod tower_sessions_orders;
mod transport;
