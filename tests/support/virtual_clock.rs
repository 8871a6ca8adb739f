//! The paused time of a tokio runtime as a clock: it moves when every task waits, to the next thing that one waits for.

use std::time::Duration;

use tokio::time::Instant;
use tower_oauth::{Clock, Timestamp};
use tower_oauth_test::ManualClock;

/// A clock for a runtime with paused time, begun at [`ManualClock::START`]. Unlike a [`ManualClock`] it agrees with what
/// tasks that sleep take for a while.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock(Instant);

impl VirtualClock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        ManualClock::START + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}
