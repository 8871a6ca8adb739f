//! Sessions on Redis and Valkey.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod check;
mod connection;
mod failure;
mod layout;
mod link;
mod options;
mod script;
mod store;

pub use options::RedisOptions;
pub use store::RedisStore;
