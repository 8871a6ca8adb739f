//! The operating system's clock and randomness, the defaults for what the core is given.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use tower_oauth_core::{Clock, Random, RandomUnavailable, Timestamp};

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        // A clock before 1970 reads as 0, at which no token is valid.
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_seconds(elapsed.as_secs())
    }

    fn monotonic(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

/// The operating system's random generator, through aws-lc.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        rand::fill(bytes).map_err(|_| RandomUnavailable::default())
    }
}
