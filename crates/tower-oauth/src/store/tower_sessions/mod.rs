//! [`TowerSessionsStore`]: sessions in any store that was written for tower-sessions.

mod slot;
#[cfg(feature = "tower-sessions-0-14")]
mod v0_14;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, MutexGuard};
use tower_oauth_core::session::{
    Mark, Record, SessionStore, StoreError, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth_core::{Clock, Timestamp};
use tower_sessions_core::SessionStore as TheirStore;
use tower_sessions_core::session::Id;

use self::slot::{Buried, Claim, Content, Head, Slot, token};
#[cfg(feature = "tower-sessions-0-14")]
pub use self::v0_14::TowerSessions014;
use crate::system::SystemClock;

/// Calls that change one key wait for each other in this process; there are so many queues for all keys.
const QUEUES: usize = 64;

/// How long a swap that was abandoned in the middle keeps others from swapping the same version.
const CLAIM: Duration = Duration::from_secs(60);

/// How much longer than it counts a claim is kept, so that the end of each is seen, and seen by all alike.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How much longer than its record a burial lasts: for the longest request, and for clocks that differ.
const BURIAL: Duration = Duration::from_secs(60 * 60);

/// Sessions in any store of [tower-sessions](https://docs.rs/tower-sessions) 0.15: a file, a cloud's database,
/// whatever somebody has written one for. A store for 0.14 comes in by `TowerSessions014` (feature
/// `tower-sessions-0-14`).
///
/// ```
/// # use tower_sessions_core::SessionStore;
/// # use tower_oauth::{Auth, AuthBuilder, TowerSessionsStore};
/// # fn configure(builder: AuthBuilder, their_store: impl SessionStore) -> AuthBuilder {
/// builder.store(TowerSessionsStore::new(their_store))
/// # }
/// ```
///
/// Such a store can load, save, create and delete a record by its id. What a session store
/// [promises](SessionStore) beyond that is built on top, as far as it can be:
///
/// | promise | kept | how |
/// |---|---|---|
/// | durable, opaque, sealed | as by the store | its record holds the sealed payload as text |
/// | expiry | yes | [the clock](Self::with_clock) decides; the store's own expiry comes five minutes later, for marks a day, and only clears away |
/// | final: nothing that was deleted comes back | yes, over all processes | a delete leaves a note beside the record, which every load reads. The note outlives whatever a late swap can write |
/// | versions that never come twice | yes | they start at a random number |
/// | calls at the same time seem to happen one after another, in one process | yes | one change at a time for each key |
/// | each create, swap and mark has one winner over all processes | **as far as the store's `create` refuses an id that is taken, in one step** | who creates the claim wins. `SqliteStore` and `RedisStore` do. `PostgresStore`, `MySqlStore` and `MokaStore` look first and then write: for that long, two can win. Then a change is lost, or a refresh token is used twice and the provider ends the grant. A login is not finished twice: the provider's codes are good for once |
/// | a conflict means that the version has changed | **nearly** | while another process swaps, a conflict may come a moment early; if that process dies in the midst, for a minute |
/// | a key can be created again while another process deletes it | **no** | the new record may go with the old one. Keys of sessions are random, and none is used again |
/// | `delete_by_sid`, `delete_by_subject`, `find_by_…` | **no** | always an error, and nothing is removed: there is no index to find sessions by |
///
/// Loading takes two reads at the same time; a swap takes seven calls, a sign-out four, a mark three. Use
/// [`MemoryStore`](crate::MemoryStore), or the stores for Redis and SQL of this project, where they fit.
///
/// Give the store a table, a prefix or a database of its own. In one that an application's tower-sessions session
/// uses too, a record of ours would be one of its sessions for whoever sends its id.
pub struct TowerSessionsStore<S> {
    store: S,
    clock: Arc<dyn Clock>,
    queues: Vec<Mutex<()>>,
}

impl<S: TheirStore> TowerSessionsStore<S> {
    /// Keeps sessions in `store`.
    #[must_use]
    pub fn new(store: S) -> Self {
        let clock = Arc::new(SystemClock::default());
        Self { store, clock, queues: (0..QUEUES).map(|_| Mutex::default()).collect() }
    }

    /// With another clock than the operating system's, which decides when a session ends.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    #[expect(clippy::indexing_slicing, reason = "there are as many queues as the remainder allows")]
    async fn queue(&self, [first, ..]: &[u8; 32]) -> MutexGuard<'_, ()> {
        self.queues[usize::from(*first) % QUEUES].lock().await
    }

    /// The record under `key`, and whether it is live: neither expired nor buried.
    ///
    /// A delete buries before it removes. So once it has answered, a load finds the burial, whatever is written
    /// under the key by a swap that looked before: no order of the steps of the two makes a difference.
    async fn find(&self, key: &StoreKey) -> Result<Option<(Head, bool)>, StoreError> {
        let (head, burial): (Option<Head>, Option<Buried>) =
            tokio::try_join!(self.read(Slot::Head(key)), self.read(Slot::Burial(key)))?;
        let now = self.clock.now();
        Ok(head.map(|head| {
            let is_buried = burial.is_some_and(|burial| burial.is_of(&head));
            let is_live = head.expires > now && !is_buried;
            (head, is_live)
        }))
    }

    async fn live(&self, key: &StoreKey) -> Result<Option<Head>, StoreError> {
        let found = self.find(key).await?;
        Ok(found.and_then(|(head, is_live)| is_live.then_some(head)))
    }

    /// Leaves the note that `head` is gone, for as long as a swap that began before can make it live.
    async fn bury(&self, key: &StoreKey, head: &Head) -> Result<(), StoreError> {
        let (slot, lasts) = (Slot::Burial(key), head.longest() + BURIAL);
        match self.read::<Buried>(slot).await? {
            Some(buried) => self.put(slot, &buried.and(head), lasts).await,
            None if self.add(slot, &Buried::default().and(head), lasts).await? => Ok(()),
            // The same delete in another process came first: a session has its key for itself.
            None => self.put(slot, &Buried::default().and(head), lasts).await,
        }
    }

    async fn swap_claimed(
        &self,
        key: &StoreKey,
        expected: Version,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        let Some(head) = self.live(key).await? else { return Ok(Swap::Missing) };
        if head.version() != expected {
            return Ok(Swap::Conflict);
        }
        let now = self.clock.now();
        let next = head.next(record, now)?;
        self.put(Slot::Head(key), &next, record.expires.since(now)).await?;
        Ok(Swap::Swapped(next.version()))
    }

    /// Takes `slot` until `expires`: `true` for one caller. What it wrote is read again, since a store that does
    /// not look before it creates has let the last one win.
    async fn claim(&self, slot: Slot<'_>, expires: Timestamp) -> Result<bool, StoreError> {
        let (now, own) = (self.clock.now(), Claim { token: token(), expires });
        let lasts = expires.since(now) + KEPT;
        let is_taken = match self.read::<Claim>(slot).await? {
            Some(other) if other.expires > now => false,
            // Removing it could remove what another has put there meanwhile. Its one heir overwrites it.
            Some(other) => {
                let is_heir = self.take(Slot::Heir(other.token), &own, KEPT).await?;
                if is_heir {
                    self.put(slot, &own, lasts).await?;
                }
                is_heir
            }
            None => self.take(slot, &own, lasts).await?,
        };
        if !is_taken {
            return Ok(false);
        }
        let kept = self.read::<Claim>(slot).await?;
        Ok(kept.is_some_and(|kept| kept.token == own.token))
    }

    /// Creates `claim` in `slot`: `false` if there is one.
    async fn take(
        &self,
        slot: Slot<'_>,
        claim: &Claim,
        lasts: Duration,
    ) -> Result<bool, StoreError> {
        for attempt in 1..=3 {
            if self.add(slot, claim, lasts).await? {
                return Ok(true);
            }
            if self.read::<Claim>(slot).await?.is_some() {
                return Ok(false);
            }
            // The store refuses the id twice and has nothing there: it keeps what has expired in the way.
            if attempt == 2 {
                self.remove(slot.id()).await?;
            }
        }
        Ok(false)
    }

    /// What is in `slot`; whatever cannot be read as that is not there.
    async fn read<T: Content>(&self, slot: Slot<'_>) -> Result<Option<T>, StoreError> {
        let record = self.store.load(&slot.id()).await.map_err(StoreError::failed)?;
        Ok(record.and_then(|record| T::read(record.data)))
    }

    /// Creates `content` in `slot`: `false` if something is there.
    async fn add(
        &self,
        slot: Slot<'_>,
        content: &impl Content,
        lasts: Duration,
    ) -> Result<bool, StoreError> {
        let mut record = content.record(slot, lasts)?;
        self.store.create(&mut record).await.map_err(StoreError::failed)?;
        if record.id == slot.id() {
            return Ok(true);
        }
        // The store drew another id, which nobody will ask for.
        self.remove(record.id).await?;
        Ok(false)
    }

    /// Writes `content` over what is in `slot`.
    async fn put(
        &self,
        slot: Slot<'_>,
        content: &impl Content,
        lasts: Duration,
    ) -> Result<(), StoreError> {
        let record = content.record(slot, lasts)?;
        self.store.save(&record).await.map_err(StoreError::failed)
    }

    async fn remove(&self, id: Id) -> Result<(), StoreError> {
        self.store.delete(&id).await.map_err(StoreError::failed)
    }
}

#[async_trait]
impl<S: TheirStore> SessionStore for TowerSessionsStore<S> {
    async fn create(&self, key: &StoreKey, record: Record) -> Result<(), StoreError> {
        let _alone = self.queue(key.as_bytes()).await;
        let (slot, now) = (Slot::Head(key), self.clock.now());
        let (head, lasts) = (Head::first(&record, now)?, record.expires.since(now));
        let is_created = match self.find(key).await? {
            Some((_, true)) => false,
            // What is left of an earlier one.
            Some((_, false)) => self.put(slot, &head, lasts).await.map(|()| true)?,
            None => self.add(slot, &head, lasts).await?,
        };
        if is_created { Ok(()) } else { Err(StoreError::already_exists()) }
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredRecord>, StoreError> {
        Ok(self.live(key).await?.and_then(|head| head.stored()))
    }

    async fn swap(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Swap, StoreError> {
        let _alone = self.queue(key.as_bytes()).await;
        let slot = Slot::Swap(key, expected);
        if !self.claim(slot, self.clock.now() + CLAIM).await? {
            return Ok(Swap::Conflict);
        }
        // Looks only now, so that whoever claims later sees what was swapped under this claim.
        let swap = self.swap_claimed(key, expected, &record).await;
        // The version is gone, or free to be swapped again. If this fails, the claim ends by itself.
        let _ = self.remove(slot.id()).await;
        swap
    }

    async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        let _alone = self.queue(key.as_bytes()).await;
        let slot = Slot::Head(key);
        if let Some(head) = self.read::<Head>(slot).await? {
            self.bury(key, &head).await?;
        }
        self.remove(slot.id()).await
    }

    async fn delete_by_sid(&self, _: &str, _: &str) -> Result<u64, StoreError> {
        Err(StoreError::failed(NO_INDEX))
    }

    async fn delete_by_subject(&self, _: &str, _: &str) -> Result<u64, StoreError> {
        Err(StoreError::failed(NO_INDEX))
    }

    async fn find_by_sid(&self, _: &str, _: &str) -> Result<Vec<StoreKey>, StoreError> {
        Err(StoreError::failed(NO_INDEX))
    }

    async fn find_by_subject(&self, _: &str, _: &str) -> Result<Vec<StoreKey>, StoreError> {
        Err(StoreError::failed(NO_INDEX))
    }

    async fn mark_once(&self, mark: &Mark, expires: Timestamp) -> Result<bool, StoreError> {
        let _alone = self.queue(mark.as_bytes()).await;
        self.claim(Slot::Mark(mark), expires).await
    }
}

const NO_INDEX: &str = "a store of tower-sessions cannot find sessions by sid or subject; sign-outs by these need \
                        MemoryStore or one of this project's stores for Redis and SQL";

/// Not the store, whose text may have a password in an address.
impl<S> fmt::Debug for TowerSessionsStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerSessionsStore").finish_non_exhaustive()
    }
}
