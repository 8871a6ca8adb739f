//! [`Cleaner`]: a task that removes what is expired, in batches, until it is told to stop.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tower_oauth::session::Mark;

use super::SqlStore;
use super::engine::Argument;
use super::error::SqlError;
use super::records::{seconds, sha256};
use super::statements::BATCH;

/// A record stays this long after its end, so that a process whose clock is ahead removes nothing that others
/// still serve.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// A task that removes expired records; see [`SqlStore::spawn_cleaner`].
///
/// It ends when this is dropped, after the batch under way; [`stop`](Self::stop) also waits for that.
#[must_use = "the cleaner stops when this is dropped"]
#[derive(Debug)]
pub struct Cleaner {
    task: JoinHandle<()>,
    /// Dropped, it tells the task to end.
    alive: watch::Sender<()>,
}

impl Cleaner {
    /// Stops the task and waits until it wrote its last, which the
    /// [deadline](SqlStore::with_deadline) bounds.
    pub async fn stop(self) {
        drop(self.alive);
        // It ends by itself or with its runtime, and has nothing to say.
        let _ = self.task.await;
    }
}

impl SqlStore {
    /// Removes what expired more than five minutes ago, and tells how many sessions and marks that were.
    ///
    /// In batches of 1,000, each a statement and a transaction of its own, so that others get their turn. Expired
    /// records are never returned in any case: this frees their space.
    ///
    /// # Errors
    ///
    /// When a batch fails. Those before it are done.
    pub async fn clean_expired(&self) -> Result<u64, SqlError> {
        self.clean_while(|| true).await
    }

    /// Starts a task that [cleans](Self::clean_expired) now and then `every` so often; ten minutes are a good
    /// measure.
    ///
    /// Every replica may have one: in each interval, the first to wake cleans for all. A failure is logged, and the
    /// next interval tries again.
    ///
    /// # Panics
    ///
    /// If it is called outside of a tokio runtime.
    pub fn spawn_cleaner(&self, every: Duration) -> Cleaner {
        let (alive, told) = watch::channel(());
        let store = self.clone();
        let task = tokio::spawn(store.clean_until(told, every.max(Duration::from_secs(1))));
        Cleaner { task, alive }
    }

    async fn clean_until(self, mut told: watch::Receiver<()>, every: Duration) {
        let mut ticks = interval(every); // the first tick is at once
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = told.changed() => return,
                _ = ticks.tick() => {}
            }
            if self.pool.is_closed() {
                return;
            }
            match self.clean_for_all(&told, every).await {
                Ok(0) => {}
                Ok(removed) => {
                    tracing::debug!(target: "tower_oauth::session", removed, "cleaned the session store");
                }
                Err(error) => {
                    tracing::warn!(target: "tower_oauth::session", "cleaning the session store failed: {error}");
                }
            }
        }
    }

    /// Cleans if no other process did in this interval. Its number, as a mark, is what they agree by.
    async fn clean_for_all(
        &self,
        told: &watch::Receiver<()>,
        every: Duration,
    ) -> Result<u64, SqlError> {
        let now = self.clock.now();
        let name = format!("tower-oauth-sqlx cleaner {}", now.unix_seconds() / every.as_secs());
        let mark = Mark::from_bytes(sha256(&[name.as_bytes()]));
        if !self.set_mark(&mark, now + every).await? {
            return Ok(0);
        }
        self.clean_while(|| told.has_changed().is_ok()).await
    }

    async fn clean_while(&self, goes_on: impl Fn() -> bool) -> Result<u64, SqlError> {
        let before = seconds(self.clock.now() - CLOCK_TOLERANCE);
        let mut removed = 0;
        for sql in &self.statements.clean {
            while goes_on() {
                let batch = self.operation().write(sql, &[Argument::Number(before)]).await?;
                removed += batch;
                if batch < u64::from(BATCH) {
                    break;
                }
            }
        }
        Ok(removed)
    }
}
