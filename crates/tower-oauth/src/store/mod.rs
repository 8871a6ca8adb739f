//! Session stores that come with the crate.

mod memory;
mod sync;

pub use memory::MemoryStore;
