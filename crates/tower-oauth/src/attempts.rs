//! Where login attempts wait for the browser's return, and how many of them.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tower_oauth_core::session::{Payload, Record, SessionId};
use tower_oauth_core::{Attempt, Error, State};

use crate::auth::Auth;

/// Most attempts that one browser has under way, and how long their cookies may be together: a server
/// refuses a request whose headers grow without end.
const MAX_ATTEMPTS: usize = 8;
const MAX_ATTEMPT_BYTES: usize = 3 * 1024;

/// How much longer the mark of a used attempt is kept than the attempt: by so much the clocks of replicas
/// and store may differ without an attempt being used twice.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Where login attempts wait for the browser's return.
///
/// In either case each has a cookie of its own, ends after ten minutes and can be finished once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginState {
    /// Sealed in the cookie: a login start writes nothing, and any replica with the same secret finishes it.
    #[default]
    Sealed,
    /// Sealed in the session store, the cookie holding only its key: for those who want nothing but
    /// handles in browsers. Each login start then writes a record, so the store should be one that is bounded.
    Stored,
}

/// Keeps `attempt` and returns the cookies to set: its own, and those that end the oldest of the others.
pub(crate) async fn keep(
    auth: &Auth,
    attempt: &Attempt,
    headers: &HeaderMap,
) -> Result<Vec<HeaderValue>, Error> {
    let inner = auth.inner();
    let sealed = attempt.seal(&inner.keys, &auth.context(), &*inner.environment.random)?;
    let value = match inner.login_state {
        LoginState::Sealed => sealed,
        LoginState::Stored => {
            let key = SessionId::generate(&*inner.environment.random)?;
            let record = Record::new(Payload::from_bytes(sealed), attempt.expires(), None);
            inner.store.create(&key.store_key(), record).await?;
            key.cookie_value()
        }
    };
    let mut cookies = make_room(auth, headers, value.len());
    let lifetime = attempt.expires().since(attempt.started());
    let label = attempt.own_label();
    cookies.push(auth.cookies().set_attempt(&label, &value, lifetime));
    Ok(cookies)
}

/// The attempt that `state` belongs to, if this browser started it.
pub(crate) async fn find(
    auth: &Auth,
    headers: &HeaderMap,
    state: &State,
) -> Result<Option<Attempt>, Error> {
    let inner = auth.inner();
    let label = Attempt::label(state);
    let Some(value) = value(auth, headers, &label) else { return Ok(None) };
    let attempt = match inner.login_state {
        LoginState::Sealed => Attempt::open(&inner.keys, &auth.context(), &label, value),
        LoginState::Stored => {
            let Some(key) = SessionId::parse(value) else { return Ok(None) };
            let Some(stored) = inner.store.load(&key.store_key()).await? else { return Ok(None) };
            let sealed = stored.payload.to_bytes()?;
            std::str::from_utf8(&sealed)
                .ok()
                .and_then(|sealed| Attempt::open(&inner.keys, &auth.context(), &label, sealed))
        }
    };
    Ok(attempt.filter(|attempt| attempt.matches(state)))
}

/// Uses `attempt` up. `true` for the one caller who may go on with it, over all processes.
pub(crate) async fn consume(
    auth: &Auth,
    headers: &HeaderMap,
    attempt: &Attempt,
) -> Result<bool, Error> {
    let inner = auth.inner();
    let until = attempt.expires() + CLOCK_TOLERANCE;
    let is_first = inner.store.mark_once(&attempt.mark(), until).await?;
    if is_first
        && inner.login_state == LoginState::Stored
        && let Some(key) = value(auth, headers, &attempt.own_label()).and_then(SessionId::parse)
        && let Err(error) = inner.store.delete(&key.store_key()).await
    {
        // It cannot be used again, and ends by itself.
        tracing::warn!(target: "tower_oauth::login", "a used attempt stays in the store: {error}");
    }
    Ok(is_first)
}

/// The cookie that ends `attempt` in the browser.
pub(crate) fn clear(auth: &Auth, attempt: &Attempt) -> HeaderValue {
    auth.cookies().clear_attempt(&attempt.own_label())
}

/// The value of the cookie of the attempt with this `label`.
fn value<'a>(auth: &'a Auth, headers: &'a HeaderMap, label: &str) -> Option<&'a str> {
    let mut attempts = auth.cookies().attempts(headers);
    attempts.find(|(name, _)| *name == label).map(|(_, value)| value)
}

/// Cookies that end the attempts which must go for one more of `needed` bytes: the first in the header,
/// since browsers send the oldest first (RFC 6265bis section 5.8.3).
fn make_room(auth: &Auth, headers: &HeaderMap, needed: usize) -> Vec<HeaderValue> {
    let cookies = &auth.cookies();
    let attempts: Vec<_> = cookies.attempts(headers).collect();
    let mut bytes = needed;
    let kept = attempts.iter().rev().take(MAX_ATTEMPTS - 1).take_while(|(_, value)| {
        bytes += value.len();
        bytes <= MAX_ATTEMPT_BYTES
    });
    let kept = kept.count();
    let (gone, _) = attempts.split_at(attempts.len() - kept);
    gone.iter().map(|(label, _)| cookies.clear_attempt(label)).collect()
}
