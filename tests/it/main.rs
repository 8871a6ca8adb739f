//! Whole-product tests: an application, a provider, a browser.

mod callback;
mod extractors;
mod faults;
mod github;
mod hello_world;
mod id_token;
mod layer;
mod login;
mod logout;
mod loopback;
mod oidc_provider;
mod pages;
mod secrets;
mod sessions;
mod store;
mod tabs;
