//! The memory store under every order in which its threads can take their locks.
//!
//! The store is compiled here once more, with the locks of `loom` in place of the standard library's: a model is run
//! again and again until each order that makes a difference was tried. A deadlock fails it, too.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

mod calls;
#[path = "../../crates/tower-oauth/src/store/index.rs"]
mod index;
#[path = "../../crates/tower-oauth-test/src/store_suite/linearize.rs"]
mod linearize;
#[path = "../../crates/tower-oauth/src/store/memory.rs"]
#[expect(unreachable_pub, dead_code, reason = "in its own crate it is public")]
mod memory;
mod scenarios;
mod support;

/// What the memory store takes its locks from.
mod sync {
    pub(super) use loom::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
}
