//! Sessions of `tower-oauth` on PostgreSQL, SQLite and MySQL or MariaDB.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "postgres", feature = "sqlite", feature = "mysql"))]
mod store;

#[cfg(any(feature = "postgres", feature = "sqlite", feature = "mysql"))]
pub use sqlx;
#[cfg(any(feature = "postgres", feature = "sqlite", feature = "mysql"))]
pub use store::{Cleaner, SqlError, SqlErrorKind, SqlStore};
