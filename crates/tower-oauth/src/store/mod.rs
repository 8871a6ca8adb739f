//! Session stores that come with the crate.

mod memory;

pub use memory::MemoryStore;
