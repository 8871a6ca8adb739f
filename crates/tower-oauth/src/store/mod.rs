//! Session stores that come with the crate.

mod memory;
mod near_cache;

pub use memory::MemoryStore;
pub use near_cache::NearCache;
