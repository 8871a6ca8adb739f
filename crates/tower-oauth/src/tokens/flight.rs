//! One refresh at a time for each connection of a session, in this process: who comes while it is under way waits
//! for it, who comes late with the old tokens is handed what it brought, who comes after a failure is held back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tower_oauth_core::session::{Connection, StoreKey};
use tower_oauth_core::{Clock, Error};

use super::{Outcome, TokenError, is_same};

/// How long what a refresh brought is handed to those who still have the tokens from before it.
const REPLAY: Duration = Duration::from_secs(30);

/// How long failing refreshes wait: doubled each time, from the first to the last of these.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// Most connections that are remembered: those that are being refreshed, or were half a minute ago.
const MAX_ENTRIES: usize = 50_000;

/// Which connection is refreshed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlightKey {
    pub(super) session: StoreKey,
    pub(super) provider: Arc<str>,
}

/// The refreshes of this process. All times are monotonic.
#[derive(Debug)]
pub(super) struct Flights {
    clock: Arc<dyn Clock>,
    entries: Mutex<Entries>,
}

#[derive(Debug)]
struct Entries {
    by_key: HashMap<FlightKey, Entry>,
    sweep_at: usize,
}

#[derive(Debug)]
enum Entry {
    Flying(Waiting),
    Landed { replaced: Arc<Connection>, connection: Arc<Connection>, until: Duration },
    Failed(Failed),
}

/// What a failure leaves behind.
#[derive(Debug)]
struct Failed {
    /// The tokens that were to be refreshed. For others nobody is held back.
    of: Arc<Connection>,
    error: Arc<Error>,
    back_off: Duration,
    until: Duration,
}

pub(super) type Waiting = watch::Receiver<Option<Outcome>>;

/// What becomes of somebody who wants a connection refreshed.
pub(super) enum Boarding {
    /// It was, a moment ago.
    Replay(Arc<Connection>),
    /// It is being refreshed.
    Flight(Waiting),
}

/// The one who refreshes. Whatever becomes of it, the others are told.
pub(super) struct Pilot {
    flights: Arc<Flights>,
    key: FlightKey,
    /// Taken by the landing.
    outcome: Option<watch::Sender<Option<Outcome>>>,
    before: Option<Failed>,
}

impl Flights {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let entries = Entries { by_key: HashMap::new(), sweep_at: SWEEP_MIN };
        Self { clock, entries: Mutex::new(entries) }
    }

    /// Lets somebody who has seen `seen` join. Where nobody is refreshing, they are given the [`Pilot`], who must.
    pub(super) fn board(
        self: &Arc<Self>,
        key: FlightKey,
        seen: &Connection,
        is_usable: impl Fn(&Connection) -> bool,
    ) -> Result<(Boarding, Option<Pilot>), TokenError> {
        let now = self.clock.monotonic();
        let mut entries = self.lock();
        match entries.by_key.get(&key) {
            Some(Entry::Flying(outcome)) => return Ok((Boarding::Flight(outcome.clone()), None)),
            Some(Entry::Landed { replaced, connection, until })
                if now < *until && is_same(replaced, seen) && is_usable(connection) =>
            {
                return Ok((Boarding::Replay(Arc::clone(connection)), None));
            }
            Some(Entry::Failed(failed)) if now < failed.until && is_same(&failed.of, seen) => {
                let error = Arc::clone(&failed.error);
                return Err(TokenError::Unavailable { error, retry_after: failed.until - now });
            }
            _ => {}
        }
        entries.make_room(now)?;
        let (sender, outcome) = watch::channel(None);
        let before = match entries.by_key.insert(key.clone(), Entry::Flying(outcome.clone())) {
            Some(Entry::Failed(failed)) if is_same(&failed.of, seen) => Some(failed),
            _ => None,
        };
        let pilot = Pilot { flights: Arc::clone(self), key, outcome: Some(sender), before };
        Ok((Boarding::Flight(outcome), Some(pilot)))
    }

    /// Forgets what is remembered of a session that has ended, and returns the connection that replaced `seen`.
    pub(super) fn forget(&self, key: &FlightKey, seen: &Connection) -> Option<Arc<Connection>> {
        let mut entries = self.lock();
        // A refresh that is under way finds out by itself.
        if matches!(entries.by_key.get(key), None | Some(Entry::Flying(_))) {
            return None;
        }
        match entries.by_key.remove(key) {
            Some(Entry::Landed { replaced, connection, .. }) if is_same(&replaced, seen) => {
                Some(connection)
            }
            _ => None,
        }
    }

    // A panic cannot leave the map half changed, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pilot {
    pub(super) fn key(&self) -> &FlightKey {
        &self.key
    }

    /// How long nobody tries again if this fails.
    pub(super) fn back_off(&self) -> Duration {
        self.before.as_ref().map_or(BACK_OFF.0, |failed| failed.back_off * 2).min(BACK_OFF.1)
    }

    /// Tells `outcome` to everybody who waits, and keeps it for who is late. `seen` is what started the flight,
    /// `current` what the store had at its end.
    pub(super) fn land(
        mut self,
        seen: Arc<Connection>,
        current: Arc<Connection>,
        outcome: Outcome,
    ) {
        let now = self.flights.clock.monotonic();
        let entry = match &outcome {
            Ok(connection) if !is_same(connection, &seen) => {
                let connection = Arc::clone(connection);
                Some(Entry::Landed { replaced: seen, connection, until: now + REPLAY })
            }
            Err(TokenError::Unavailable { error, retry_after }) => Some(Entry::Failed(Failed {
                of: current,
                error: Arc::clone(error),
                back_off: self.back_off(),
                until: now + *retry_after,
            })),
            _ => None,
        };
        let mut entries = self.flights.lock();
        match entry {
            Some(entry) => entries.by_key.insert(self.key.clone(), entry),
            None => entries.by_key.remove(&self.key),
        };
        drop(entries);
        if let Some(sender) = self.outcome.take() {
            sender.send_replace(Some(outcome));
        }
    }
}

/// A task that ended without landing, by a panic or with its runtime, holds nobody back.
impl Drop for Pilot {
    fn drop(&mut self) {
        if self.outcome.take().is_some() {
            self.flights.lock().by_key.remove(&self.key);
        }
    }
}

/// The outcome of a flight, for somebody who waits no longer than `patience`.
pub(super) async fn wait(mut outcome: Waiting, patience: Duration) -> Outcome {
    match timeout(patience, outcome.wait_for(Option::is_some)).await {
        Ok(Ok(outcome)) => match &*outcome {
            Some(outcome) => outcome.clone(),
            None => Err(TokenError::now("the refresh was broken off")),
        },
        Ok(Err(_)) => Err(TokenError::now("the refresh was broken off")),
        Err(_) => Err(TokenError::now("the refresh takes longer than a request can wait")),
    }
}

const SWEEP_MIN: usize = 64;

impl Entries {
    /// Makes room for one more. Sweeps when the map has doubled since the last time, so that each flight pays a
    /// constant share.
    fn make_room(&mut self, now: Duration) -> Result<(), TokenError> {
        if self.by_key.len() < self.sweep_at.min(MAX_ENTRIES) {
            return Ok(());
        }
        self.by_key.retain(|_, entry| match entry {
            Entry::Flying(_) => true,
            Entry::Landed { until, .. } => now < *until,
            // Kept for as long again, so that the next failure waits twice as long.
            Entry::Failed(failed) => now < failed.until + failed.back_off,
        });
        self.sweep_at = (self.by_key.len() * 2).max(SWEEP_MIN);
        if self.by_key.len() < MAX_ENTRIES {
            return Ok(());
        }
        Err(TokenError::now("50,000 tokens are being refreshed"))
    }
}
