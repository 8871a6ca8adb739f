//! The locks that stores take: the standard library's. `tests/interleavings` compiles the memory store with others
//! in their place, which try every order in which threads can take them.

pub(super) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
