//! What is logged.

use std::io;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::fmt::MakeWriter;

/// What events say.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

/// Hears nothing. While it lives, tracing asks every listener which events it wants. Of one alone it asks the thread
/// that comes to an event first, and one that listens to nothing would answer for all.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

impl Captured {
    /// Listens to every event of this thread, down to `level`, until the guard is dropped.
    #[must_use]
    pub fn listen(&self, level: tracing::Level) -> tracing::subscriber::DefaultGuard {
        LazyLock::force(&ANOTHER);
        tracing::subscriber::set_default(self.subscriber(level))
    }

    /// Listens to the events of all threads that have no listener of their own, as long as the process lives.
    ///
    /// # Panics
    ///
    /// If somebody does already.
    pub fn listen_everywhere(&self, level: tracing::Level) {
        let subscriber = self.subscriber(level);
        tracing::subscriber::set_global_default(subscriber).expect("there is one global listener");
    }

    fn subscriber(&self, level: tracing::Level) -> impl tracing::Subscriber + Send + Sync + use<> {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(level)
            .with_writer(self.clone())
            .finish()
    }

    /// What was said since the last call.
    #[must_use]
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.lock())).into_owned()
    }

    /// How many lines with all `parts` in them were said since the last [`take`](Self::take).
    #[must_use]
    pub fn count(&self, parts: &[&str]) -> usize {
        let said = self.lock();
        let lines = String::from_utf8_lossy(&said);
        lines.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
