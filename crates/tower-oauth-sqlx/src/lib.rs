//! Sessions of `tower-oauth` on PostgreSQL, SQLite, MySQL and MariaDB.
//!
#![cfg_attr(feature = "postgres", doc = "```no_run")]
#![cfg_attr(not(feature = "postgres"), doc = "```ignore")]
//! use std::time::Duration;
//! use tower_oauth::{Auth, providers};
//! use tower_oauth_sqlx::SqlStore;
//!
//! # async fn serve(_: Auth) {}
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (id, secret, app_secret) = ("", "", "");
//! let store = SqlStore::connect("postgres://app@localhost/app").await?;
//! store.migrate().await?;
//! let cleaner = store.spawn_cleaner(Duration::from_secs(600));
//!
//! let auth = Auth::builder("https://app.example")
//!     .secret(app_secret)
//!     .provider(providers::github(id, secret))
//!     .store(store)
//!     .build()?;
//!
//! serve(auth).await; // until the application is told to stop
//! cleaner.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! | you want | take |
//! |---|---|
//! | a database by its URL | [`SqlStore::connect`] with `postgres://`, `mysql://` or `sqlite:` |
//! | the application's own pool of connections | `SqlStore::from_postgres`, `from_mysql`, `from_sqlite` |
//! | the tables | [`SqlStore::migrate`] |
//! | several applications in one database | [`SqlStore::with_table_prefix`] |
//! | another deadline than 2 seconds | [`SqlStore::with_deadline`] |
//! | a test that moves the time | [`SqlStore::with_clock`] |
//! | expired sessions removed | [`SqlStore::spawn_cleaner`], [`SqlStore::clean_expired`] |
//!
//! # Features
//!
//! None is on by default, and without any there is nothing here.
//!
//! | feature | what it adds |
//! |---|---|
//! | `postgres` | PostgreSQL 11 or newer, and TLS |
//! | `mysql` | MySQL 8 and MariaDB 10.6 or newer, and TLS |
//! | `sqlite` | SQLite, which is compiled in |
//!
//! sqlx is in the signatures of this crate, which therefore changes its version when sqlx does;
//! `tower_oauth_sqlx::sqlx` is the one to make a pool with.
//!
//! # The tables
//!
//! [`migrate`](SqlStore::migrate) makes `tower_oauth_sessions`, `tower_oauth_marks` and `tower_oauth_schema`, which
//! says what version they have; nothing else in the database is touched, least of all the application's own
//! migrations. Each release knows the versions up to its own and applies what is missing, once, however many
//! replicas start. Before a schema that is newer than itself it gives up: deploy the newer release everywhere, or
//! go back with a copy of the database. An application without the right to make tables can call it all the same,
//! once somebody with that right did. The statements are in the crate's directory `migrations`.
//!
//! A row holds the hash of a session's id, hashes of issuer with subject and with `sid`, the time it ends, and the
//! sealed session. So a copy of the tables signs nobody in and shows no name or token; who knows a subject can see
//! whether it has a session. A session with its tokens takes about 3 KB (PostgreSQL, SQLite) or 4.5 KB (MySQL),
//! indexes included.
//!
//! # What the database must be configured to
//!
//! That a sign-out lasts is the database's part: **a lost write can bring a session back**, for whoever kept its
//! cookie, until it expires.
//!
//! | database | what is needed |
//! |---|---|
//! | all | The URL leads to the primary, also after a failover: a replica lags, and shows sessions that were ended. |
//! | PostgreSQL | `synchronous_commit` is on, as it is by default; `remote_apply` or synchronous standbys if a failover must lose nothing. With PgBouncer before 1.21 in transaction mode, `?statement-cache-capacity=0`. |
//! | MySQL, MariaDB | InnoDB with `innodb_flush_log_at_trx_commit=1`, as it is by default; semi-synchronous replication if a failover must lose nothing. On a Galera cluster `wsrep_sync_wait=1`, or one node for all. |
//! | SQLite | A local disk, never a network's. [`connect`](SqlStore::connect) sets write-ahead logging and `synchronous=FULL`: a write waits for the disk, a read does not. One machine; several processes of it may share the file. |
//!
//! TLS is asked for, and not insisted on, unless the URL says so: `?sslmode=verify-full` (PostgreSQL) and
//! `?ssl-mode=VERIFY_IDENTITY` (MySQL) do, with Mozilla's root certificates or the file that `sslrootcert` or
//! `ssl-ca` names.
//!
//! # What is atomic
//!
//! Each operation is one statement and one round trip, which is right at any isolation level; statements are
//! prepared once per connection. A transaction that the database refuses for a deadlock or a conflict is tried
//! again, a dozen times at most. So is what was asked of a connection that is gone, or leads to a server that is no
//! longer the primary: a restart of the database between two requests is not noticed. If the database had done it
//! after all, the second try finds the key taken, the version another or the mark set, and the operation reports
//! that: it is never done twice. Versions start at a random number, so none comes twice under one key.
//!
//! # Time
//!
//! Whether a session has ended is decided by the clock of the process that asks, never by the database's. Replicas
//! whose clocks differ see sessions end that much earlier or later; the cleaner leaves everything alone for five
//! minutes more.
//!
//! # Cleaning
//!
//! Expired rows are never returned; the cleaner frees their space. It removes 1,000 per statement, so that others
//! get their turn, and of all replicas one per interval does it. Without a cleaner the tables grow.
//! `LoginState::Stored` adds a row for each login start, which anybody can cause; the default writes nothing until
//! somebody comes back from the provider.
//!
//! # Failures
//!
//! A database that cannot be reached, or does not answer within the deadline, is a 503 and never an anonymous
//! visitor. [`SqlError`] says what happened, without values or passwords.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "postgres", feature = "sqlite", feature = "mysql")),
    expect(rustdoc::broken_intra_doc_links, reason = "what is described is not there")
)]

#[cfg(any(feature = "postgres", feature = "sqlite", feature = "mysql"))]
mod store;

#[cfg(any(feature = "postgres", feature = "sqlite", feature = "mysql"))]
pub use sqlx;
#[cfg(any(feature = "postgres", feature = "sqlite", feature = "mysql"))]
pub use store::{Cleaner, SqlError, SqlErrorKind, SqlStore};
