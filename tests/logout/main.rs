//! Every way out: at the application, at the provider, by the provider, everywhere.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod at_provider;
mod backchannel;
mod backchannel_races;
mod conformance;
mod cookies;
mod everywhere;
mod frontchannel;
mod local;
mod settings;
mod support;
