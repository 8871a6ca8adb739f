//! A clock that stands still until a test moves it.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_oauth_core::{Clock, Timestamp};

use crate::lock;

/// A [`Clock`] set by hand, so that a test of an expiry takes no time.
///
/// Clones share the time: give one to the application, one to the provider, and move either.
#[derive(Clone)]
pub struct ManualClock {
    readings: Arc<Mutex<Readings>>,
}

/// Kept as durations, so that steps of less than a second add up.
#[derive(Clone, Copy)]
struct Readings {
    since_1970: Duration,
    monotonic: Duration,
}

impl ManualClock {
    /// Where a new clock stands: 2026-02-02T02:40:00Z.
    pub const START: Timestamp = Timestamp::from_unix_seconds(1_770_000_000);

    /// A clock that stands at [`START`](Self::START).
    #[must_use]
    pub fn new() -> Self {
        let since_1970 = Duration::from_secs(Self::START.unix_seconds());
        let readings = Readings { since_1970, monotonic: Duration::ZERO };
        Self { readings: Arc::new(Mutex::new(readings)) }
    }

    /// Lets `duration` pass: both readings move.
    pub fn advance(&self, duration: Duration) {
        let mut readings = lock(&self.readings);
        readings.since_1970 = readings.since_1970.saturating_add(duration);
        readings.monotonic = readings.monotonic.saturating_add(duration);
    }

    /// Sets the wall clock, forwards or backwards, as an administrator would: the monotonic reading stays.
    pub fn set(&self, now: Timestamp) {
        lock(&self.readings).since_1970 = Duration::from_secs(now.unix_seconds());
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(lock(&self.readings).since_1970.as_secs())
    }

    fn monotonic(&self) -> Duration {
        lock(&self.readings).monotonic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_still_until_advanced_and_clones_share_it() {
        let clock = ManualClock::new();
        let other = clock.clone();
        assert_eq!(clock.now(), ManualClock::START);
        other.advance(Duration::from_millis(600));
        other.advance(Duration::from_millis(600));
        assert_eq!(clock.now(), ManualClock::START + Duration::from_secs(1));
        assert_eq!(clock.monotonic(), Duration::from_millis(1200));
    }

    #[test]
    fn setting_the_wall_clock_leaves_the_monotonic_reading() {
        let clock = ManualClock::new();
        clock.advance(Duration::from_secs(5));
        clock.set(Timestamp::from_unix_seconds(10));
        assert_eq!(clock.now(), Timestamp::from_unix_seconds(10));
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
    }
}
