//! Sessions of [tower-oauth](tower_oauth) on Redis 6.2 or newer and Valkey: a single server or a cluster, TLS,
//! expiry by the server.
//!
//! ```no_run
//! use tower_oauth::{Auth, providers};
//! use tower_oauth_redis::RedisStore;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (id, secret, app_secret) = ("", "", "");
//! let store = RedisStore::connect("redis://127.0.0.1:6379/0").await?;
//!
//! let auth = Auth::builder("https://app.example")
//!     .secret(app_secret)
//!     .provider(providers::github(id, secret))
//!     .store(store)
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! | you want | take |
//! |---|---|
//! | one server | [`RedisStore::connect`] with `redis://`, `rediss://` (TLS) or `redis+unix://` |
//! | a cluster | [`RedisStore::connect_cluster`] with some of its nodes |
//! | several applications on one server | [`RedisOptions::prefix`] |
//! | another deadline than 2 seconds | [`RedisOptions::deadline`] |
//! | a server with a certificate of your own | [`RedisOptions::root_certificates`], [`RedisOptions::client_certificate`] |
//! | a test that moves the time | [`RedisOptions::clock`] |
//!
//! # What the server must be configured to
//!
//! A session store is a database, and a cache's configuration loses what it promises.
//!
//! | setting | what for |
//! |---|---|
//! | `maxmemory-policy noeviction` | Any other policy drops live keys when memory is full: a dropped session signs somebody out, a dropped mark lets an authorization response be used twice. `volatile-ttl` drops the marks first. Connecting warns of it, where the user may run `INFO`. |
//! | `appendonly yes`, `appendfsync always` | Without, a crash of the server forgets up to a second of acknowledged writes, or all of them. |
//!
//! What a lost write means: a lost login is an anonymous request and a new login; a lost extension ends a session
//! early; a lost token refresh shows the old tokens, which the provider may refuse, so that the session ends.
//! **A lost sign-out means that the session lives on** until it expires, for whoever kept its cookie, and a lost mark
//! that an attempt of the last quarter of an hour can be finished again, with the cookie of that attempt. A failover to a
//! replica loses writes too: replication is asynchronous, and no `WAIT` is sent. Where that is not acceptable, have
//! no failover, or take a store that replicates synchronously (`tower-oauth-sqlx` on such a database). In a cluster, a
//! node that loses writes can lose index entries of sessions on other nodes: a sign-out by the provider does not find
//! those until their next use writes the entry again.
//!
//! With `LoginState::Stored`, each login start writes a record that the server keeps for twenty minutes. Whoever floods
//! the start can fill the server so, and then nobody can sign in; the default, `LoginState::Sealed`, writes nothing.
//!
//! Reads go to the primary; replicas are never asked. A URL must lead to the primary, also after a failover.
//!
//! The user of the URL needs these rights, on every node:
//!
//! ```text
//! ACL SETUSER app on >password ~tower-oauth:* +get +getrange +set +del +eval +evalsha +zadd +zrange
//!     +zremrangebyscore +pttl +pexpire +ping +cluster|slots
//! ```
//!
//! # What is atomic
//!
//! A session is one key, and each operation on it one step of the server: a command, or a script. Nothing that
//! was deleted comes back, one of several swaps wins, one of several callers sets a mark. Versions are drawn at random for
//! each write, so none comes twice.
//!
//! The indexes by subject and by `sid` are keys of their own. On a single server a session and its indexes are
//! written in one script. A cluster runs a script on one slot, so there the indexes are written first and the session
//! after them: a crash between the two leaves an entry that leads to nothing and ends by itself. Ending the sessions of
//! a user reads the index once, then removes each session in a step that checks that it still carries the index. It
//! is not one step for all: after an error some are removed, and calling again removes the rest.
//!
//! # Time
//!
//! Whether a session has ended is decided by the application's clock. The server removes a key ten minutes
//! after its end, so the clocks of replicas may differ by as much. Every key has an end; none is ever brought forward
//! before what it holds.
//!
//! # Failures
//!
//! Whatever is not an answer within the deadline is an error, and never "no session". The connection is made anew by
//! itself: one attempt for all requests that wait, and after a failure at most one every 200 milliseconds. One whose
//! other end vanished without a word is replaced after the first deadline that it meets.
//!
//! A command is sent again when the connection broke or a cluster's slot moved, so the server can run it
//! twice. None does harm: each write carries a random number, and one that finds its own number answers as it did the
//! first time. An operation that returns an error may have been done; a session created so has an id that nobody
//! knows, and ends by itself.
//!
//! # What it costs
//!
//! One round trip for each operation; in a cluster two to create or replace a session. A session takes about a
//! kilobyte more than its sealed content, with both indexes: some 3.4 KB for 2.4 KB.
//!
//! # What somebody who reads the server learns
//!
//! Keys are hashes and contents are sealed: no id, token, name or address. Who knows an issuer and a subject can compute the
//! index's key, and so find out whether that user is signed in, and how often.
//!
//! # TLS
//!
//! rustls with the process's `CryptoProvider`; aws-lc-rs is installed as such if there is none when the first
//! `rediss://` URL is used. An application that wants another installs it before.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod check;
mod connect;
mod connection;
mod failure;
mod layout;
mod link;
mod options;
mod script;
mod store;

pub use options::RedisOptions;
pub use store::RedisStore;
