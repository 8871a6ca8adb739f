//! Bytes that look random and are the same in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use tower_oauth_core::{Random, RandomUnavailable};

/// A [`Random`] that repeats: the same seed gives the same bytes in the same order.
///
/// The bytes are SHA-256 of seed and a counter. Clones share the counter, so no two of them return the
/// same bytes. For tests only: whoever knows the seed knows every `state` and token drawn from it.
#[derive(Clone, Debug)]
pub struct SeededRandom {
    seed: u64,
    next_block: Arc<AtomicU64>,
}

impl SeededRandom {
    /// The sequence of `seed`, from its start.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, next_block: Arc::new(AtomicU64::new(0)) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in bytes.chunks_mut(SHA256.output_len()) {
            let block = self.next_block.fetch_add(1, Ordering::Relaxed);
            let input = [self.seed.to_be_bytes(), block.to_be_bytes()].concat();
            for (byte, hashed) in chunk.iter_mut().zip(digest(&SHA256, &input).as_ref()) {
                *byte = *hashed;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(random: &SeededRandom, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        random.fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn repeats_for_a_seed_and_differs_between_seeds() {
        let first = draw(&SeededRandom::new(7), 100);
        assert_eq!(first, draw(&SeededRandom::new(7), 100));
        assert_ne!(first, draw(&SeededRandom::new(8), 100));
    }

    #[test]
    fn never_returns_the_same_block_twice_even_across_clones() {
        let random = SeededRandom::new(7);
        let clone = random.clone();
        let both = draw(&random, 64);
        assert_ne!(both[..32], both[32..]);
        assert_ne!(draw(&clone, 32), both[..32]);
    }
}
