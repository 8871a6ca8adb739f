//! Doubles for this crate's unit tests.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::random::{Random, RandomUnavailable};
use crate::secret::sha256;

/// Distinct bytes on every call, the same in every run.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in bytes.chunks_mut(32) {
            let block = sha256(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}
