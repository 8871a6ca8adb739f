//! Going round in circles: a page sends the browser to sign in, the provider sends it back at once, and the page sends it
//! to sign in again.
//!
//! Each attempt knows how many logins led to it, within a minute, one after the other. Tabs that sign in side by side
//! start before any of them has ended, so they never add up.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tower_oauth_core::{Error, ErrorKind};

use super::respond::Failure;
use crate::auth::Auth;
use crate::cookie::SessionCookie;

/// Logins that may follow each other: one, another for more scopes, another to prove more.
const MAX_ROUNDS: u8 = 3;

/// For how long a login counts as the reason for the next.
const MEMORY: Duration = Duration::from_secs(60);

/// How many logins led to the one that these `headers` start; too many of them are refused, with the cause as far as it
/// shows, and with the path `again` for a person who wants to try once more.
pub(super) async fn check(
    auth: &Auth,
    headers: &HeaderMap,
    again: impl FnOnce() -> String,
) -> Result<u8, Failure> {
    let round = auth.cookies().round(headers);
    if round < MAX_ROUNDS {
        return Ok(round);
    }
    let (reason, message) = if auth.session_before(headers).await?.is_some() {
        (
            "three logins within a minute; the session is live, so a page asks for more than a login gives",
            "You are signed in, but the page you want asks for more than signing in gives, and sends you back here each \
             time. Please tell us which page it is.",
        )
    } else if auth.cookies().session(headers) == SessionCookie::Absent {
        (
            "three logins within a minute; the browser does not send the session cookie, though it sends others",
            "Your browser signs in, but does not send back the cookie that says so. Allow cookies for this site, and \
             try again.",
        )
    } else {
        (
            "three logins within a minute; the store does not know the session that a login has just made: do all \
             processes use the same store, and is it large enough?",
            "You signed in, but the application forgot it at once. Please tell us.",
        )
    };
    let failure = Failure::from(Error::new(ErrorKind::RedirectLoop, reason)).with_message(message);
    Err(failure.with_retry_at(again()).with_cookie(auth.cookies().clear_round()))
}

/// The cookie by which the next login knows of the one that ended now, and was the `round`th.
pub(super) fn count(auth: &Auth, round: u8) -> HeaderValue {
    auth.cookies().set_round(round.saturating_add(1), MEMORY)
}
