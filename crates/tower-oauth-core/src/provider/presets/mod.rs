//! The providers this crate knows, one file each, and the two generic ones.

mod generic;
mod github;
mod google;

pub use generic::{oauth2, oidc};
pub use github::github;
pub use google::google;
