//! [`TowerSessions014`]: a store for tower-sessions 0.14, as one for 0.15.

use std::fmt;

use async_trait::async_trait;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result, SessionStore};
use tower_sessions_core_0_14 as v0_14;

/// A store that was written for tower-sessions 0.14, as most published ones are, where one for 0.15 is asked for.
///
/// ```
/// # use tower_sessions_core_0_14::SessionStore;
/// # use tower_oauth::{Auth, AuthBuilder, TowerSessions014, TowerSessionsStore};
/// # fn configure(builder: AuthBuilder, their_store: impl SessionStore) -> AuthBuilder {
/// builder.store(TowerSessionsStore::new(TowerSessions014(their_store)))
/// # }
/// ```
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper, and nothing else")]
pub struct TowerSessions014<S>(pub S);

#[async_trait]
impl<S: v0_14::SessionStore> SessionStore for TowerSessions014<S> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut theirs = to_0_14(record);
        self.0.create(&mut theirs).await.map_err(error)?;
        record.id = Id(theirs.id.0);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save(&to_0_14(record)).await.map_err(error)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let loaded = self.0.load(&v0_14::session::Id(id.0)).await.map_err(error)?;
        Ok(loaded.map(|v0_14::session::Record { id, data, expiry_date }| Record {
            id: Id(id.0),
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete(&v0_14::session::Id(id.0)).await.map_err(error)
    }
}

fn to_0_14(record: &Record) -> v0_14::session::Record {
    let Record { id, data, expiry_date } = record.clone();
    v0_14::session::Record { id: v0_14::session::Id(id.0), data, expiry_date }
}

fn error(error: v0_14::session_store::Error) -> Error {
    match error {
        v0_14::session_store::Error::Encode(text) => Error::Encode(text),
        v0_14::session_store::Error::Decode(text) => Error::Decode(text),
        v0_14::session_store::Error::Backend(text) => Error::Backend(text),
    }
}

/// Not the store, whose text may have a password in an address.
impl<S> fmt::Debug for TowerSessions014<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerSessions014").finish_non_exhaustive()
    }
}
