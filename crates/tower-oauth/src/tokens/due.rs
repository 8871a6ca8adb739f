//! When a token is refreshed: ahead of its expiry, and not all at once.

use std::time::Duration;

use tower_oauth_core::Timestamp;
use tower_oauth_core::session::{StoreKey, TokenSet};

/// Longest time by which the moment differs between sessions.
const MAX_SPREAD: Duration = Duration::from_secs(30);

/// Whether an access token is to be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// It lasts long enough, or there is nothing to refresh it with.
    No,
    /// It lasts long enough for this request, and not much longer.
    Soon,
    /// It does not last as long as the margin.
    Now,
}

/// Whether `tokens` of the session under `key` are due at `now`.
pub(super) fn due(tokens: &TokenSet, margin: Duration, key: &StoreKey, now: Timestamp) -> Due {
    let (Some(expires), Some(_)) = (tokens.expires, &tokens.refresh_token) else { return Due::No };
    let [spread, ..] = key.as_bytes();
    at(expires.since(tokens.obtained), expires.since(now), margin, *spread)
}

/// The same for a token of this `lifetime`, of which so much is `left`.
///
/// A token that lives shortly is due after half its life, however large the margin. The moment at which a refresh
/// starts lies ahead of the margin, by a time that depends on the session: a thousand of them that signed in
/// together do not refresh together.
fn at(lifetime: Duration, left: Duration, margin: Duration, spread: u8) -> Due {
    let margin = margin.min(lifetime / 2);
    if left.is_zero() || left < margin {
        return Due::Now;
    }
    // Between half the spread and all of it.
    let ahead = (lifetime / 10).min(MAX_SPREAD) * (256 + u32::from(spread)) / 512;
    if left < margin + ahead { Due::Soon } else { Due::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For a margin of a minute.
    fn seconds(lifetime: u64, left: u64, spread: u8) -> Due {
        at(
            Duration::from_secs(lifetime),
            Duration::from_secs(left),
            Duration::from_secs(60),
            spread,
        )
    }

    #[test]
    fn a_token_is_due_ahead_of_its_end() {
        for (left, expected) in [
            (3600, Due::No),
            (91, Due::No),
            (74, Due::Soon),
            (60, Due::Soon),
            (59, Due::Now),
            (0, Due::Now),
        ] {
            assert_eq!(seconds(3600, left, 0), expected, "{left}");
        }
    }

    #[test]
    fn j22_sessions_differ_in_their_moment() {
        let starts: Vec<u64> = (0..=255)
            .map(|spread| (60..).find(|left| seconds(3600, *left, spread) == Due::No).unwrap())
            .collect();
        assert_eq!((starts.iter().min(), starts.iter().max()), (Some(&75), Some(&90)));
        let busiest = (75..=90).map(|it| starts.iter().filter(|start| **start == it).count()).max();
        assert!(busiest < Some(20), "{busiest:?} of 256 in one second");
    }

    #[test]
    fn a_short_life_is_not_all_margin() {
        assert_eq!(seconds(60, 60, 255), Due::No);
        assert_eq!(seconds(60, 30, 255), Due::Soon);
        assert_eq!(seconds(60, 29, 255), Due::Now);
        assert_eq!(seconds(4, 4, 255), Due::No);
        assert_eq!(seconds(0, 0, 255), Due::Now);
    }

    #[test]
    fn no_lifetime_is_too_long() {
        assert_eq!(seconds(u64::MAX, u64::MAX, 255), Due::No);
    }
}
