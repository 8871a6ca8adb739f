//! A store of tower-sessions that keeps what was written, and fails where a test says so.

use std::sync::{Arc, Mutex};

use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{MemoryStore, SessionStore};

/// Like the released store for Redis, it answers a create of what is there with an error. Clones share everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recording {
    store: MemoryStore,
    written: Arc<Mutex<Vec<Record>>>,
    failing: Arc<Mutex<Vec<&'static str>>>,
}

impl Recording {
    /// From now on, exactly these fail: `create`, `save`, `load`, `delete`.
    pub(crate) fn fail(&self, operations: &[&'static str]) {
        *self.failing.lock().unwrap() = operations.to_vec();
    }

    /// Everything that was ever created or saved.
    pub(crate) fn written(&self) -> Vec<Record> {
        self.written.lock().unwrap().clone()
    }

    fn check(&self, operation: &str) -> Result<()> {
        let is_failing = self.failing.lock().unwrap().contains(&operation);
        if is_failing { Err(Error::Backend("the test says so".into())) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl SessionStore for Recording {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.check("create")?;
        if self.store.load(&record.id).await?.is_some() {
            return Err(Error::Backend("cannot parse nil".into()));
        }
        self.written.lock().unwrap().push(record.clone());
        self.store.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.check("save")?;
        self.written.lock().unwrap().push(record.clone());
        self.store.save(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.check("load")?;
        self.store.load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.check("delete")?;
        self.store.delete(id).await
    }
}
