//! [`Cached`]: a document of the provider, fetched by one caller at a time, kept when fetching fails.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind};

/// Shortest time between two fetches that tokens with unknown keys can cause.
const COOLDOWN: Duration = Duration::from_secs(30);

/// How long failing fetches wait: doubled each time, from the first to the last of these.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// How long a copy serves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    /// What it is, for the log.
    pub(super) what: &'static str,
    /// So long without asking again.
    pub(super) fresh: Duration,
    /// So long while asking again fails.
    pub(super) usable: Duration,
}

/// A value with its way of growing old. All times are monotonic.
#[derive(Debug)]
pub(super) struct Cached<T> {
    policy: Policy,
    copy: RwLock<Option<Copy<T>>>,
    /// Held by the one who fetches.
    attempts: Mutex<Attempts>,
}

#[derive(Debug)]
struct Copy<T> {
    value: Arc<T>,
    fetched: Duration,
}

#[derive(Debug, Default)]
struct Attempts {
    last_for_newer: Option<Duration>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    reason: String,
    back_off: Duration,
    until: Duration,
}

impl<T> Cached<T> {
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, copy: RwLock::new(None), attempts: Mutex::default() }
    }

    /// A fresh copy; or the last good one while `fetch` fails or somebody else is fetching.
    pub(super) async fn get<F: Future<Output = Result<T, Error>>>(
        &self,
        clock: &dyn Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, Error> {
        if let Some(value) = self.copy_within(self.policy.fresh, clock) {
            return Ok(value);
        }
        let last_good = self.copy_within(self.policy.usable, clock);
        let mut attempts = match (self.attempts.try_lock(), &last_good) {
            (Ok(attempts), _) => attempts,
            (Err(_), Some(value)) => return Ok(Arc::clone(value)),
            (Err(_), None) => self.attempts.lock().await,
        };
        // Whoever held the lock may have fetched it, or failed to.
        if let Some(value) = self.copy_within(self.policy.fresh, clock) {
            return Ok(value);
        }
        if let Some(failure) = attempts.failure.as_ref().filter(|f| clock.monotonic() < f.until) {
            return last_good.ok_or_else(|| failure.error(clock));
        }
        match self.fetch(&mut attempts, clock, Box::pin(fetch())).await {
            Ok(value) => Ok(value),
            Err(error) => last_good.ok_or(error),
        }
    }

    /// The last good copy, if it is usable.
    pub(super) fn last_good(&self, clock: &dyn Clock) -> Option<Arc<T>> {
        self.copy_within(self.policy.usable, clock)
    }

    /// A copy that is newer than `seen`: already here, or fetched now unless that was tried a moment ago.
    pub(super) async fn newer<F: Future<Output = Result<T, Error>>>(
        &self,
        clock: &dyn Clock,
        seen: &Arc<T>,
        fetch: impl FnOnce() -> F,
    ) -> Option<Arc<T>> {
        let mut attempts = self.attempts.lock().await;
        if let Some(value) = self.copy_within(self.policy.usable, clock)
            && !Arc::ptr_eq(&value, seen)
        {
            return Some(value);
        }
        let now = clock.monotonic();
        if attempts.last_for_newer.is_some_and(|last| now < last + COOLDOWN) {
            return None;
        }
        attempts.last_for_newer = Some(now);
        self.fetch(&mut attempts, clock, Box::pin(fetch())).await.ok()
    }

    /// A copy fetched now, however young the one there is, and whatever the back-off.
    pub(super) async fn reload<F: Future<Output = Result<T, Error>>>(
        &self,
        clock: &dyn Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, Error> {
        let mut attempts = self.attempts.lock().await;
        self.fetch(&mut attempts, clock, Box::pin(fetch())).await
    }

    /// `fetch` is in a box, so that the future of each login does not carry the room for it. A caller who is dropped in
    /// here leaves no back-off: whoever hangs up must not keep others out.
    async fn fetch(
        &self,
        attempts: &mut Attempts,
        clock: &dyn Clock,
        fetch: Pin<Box<impl Future<Output = Result<T, Error>>>>,
    ) -> Result<Arc<T>, Error> {
        match fetch.await {
            Ok(value) => {
                let value = Arc::new(value);
                let copy = Copy { value: Arc::clone(&value), fetched: clock.monotonic() };
                *self.copy.write().unwrap_or_else(PoisonError::into_inner) = Some(copy);
                attempts.failure = None;
                tracing::debug!(
                    target: "tower_oauth::discovery",
                    "fetched the {}",
                    self.policy.what
                );
                Ok(value)
            }
            Err(error) => {
                let back_off = attempts.failure.as_ref().map_or(BACK_OFF.0, |f| f.back_off * 2);
                let back_off = back_off.min(BACK_OFF.1);
                let wait = error.retry_after().unwrap_or(back_off).max(back_off);
                tracing::warn!(
                    target: "tower_oauth::discovery",
                    code = error.code(),
                    retry_in_seconds = wait.as_secs(),
                    "{}",
                    error.with_causes()
                );
                attempts.failure = Some(Failure {
                    kind: error.kind(),
                    reason: error.to_string(),
                    back_off,
                    until: clock.monotonic() + wait,
                });
                Err(error.with_retry_after(Some(wait)))
            }
        }
    }

    fn copy_within(&self, age: Duration, clock: &dyn Clock) -> Option<Arc<T>> {
        let copy = self.copy.read().unwrap_or_else(PoisonError::into_inner);
        let copy = copy.as_ref()?;
        (clock.monotonic() < copy.fetched + age).then(|| Arc::clone(&copy.value))
    }
}

impl Failure {
    fn error(&self, clock: &dyn Clock) -> Error {
        Error::new(self.kind, self.reason.clone())
            .with_retry_after(Some(self.until.saturating_sub(clock.monotonic())))
    }
}
