//! Session stores that come with the crate.

mod index;
mod memory;
mod near_cache;
mod sync;
#[cfg(feature = "tower-sessions")]
mod tower_sessions;

pub use memory::MemoryStore;
pub use near_cache::NearCache;
#[cfg(feature = "tower-sessions-0-14")]
pub use tower_sessions::TowerSessions014;
#[cfg(feature = "tower-sessions")]
pub use tower_sessions::TowerSessionsStore;
