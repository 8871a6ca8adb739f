//! Who is told what happens: observers of the login.

use super::AuthBuilder;
use crate::events::{Event, EventKind};

impl AuthBuilder {
    /// Calls `observer` for every [`Event`]: for an audit log, or statistics. May be called several times.
    ///
    /// It is called in the midst of a login or a refresh and must not block: whoever has to wait, for a disk or a
    /// network, sends what it needs into a channel. It changes nothing of what happened: its panic is logged, and the
    /// login goes on. Events of one process come from many threads at once.
    ///
    /// ```
    /// use tower_oauth::{Auth, providers};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .provider(providers::github("client id", "client secret"))
    ///     .on_event(|event| {
    ///         if let Ok(line) = serde_json::to_string(event) {
    ///             println!("{line}");
    ///         }
    ///     })
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_event(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.observers.add(observer);
        self
    }

    /// Calls `observer` for each login that succeeded ([`EventKind::LoginSucceeded`]), as [`on_event`](Self::on_event)
    /// would.
    pub fn on_login(self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.on(&[EventKind::LoginSucceeded], observer)
    }

    /// Calls `observer` for each session that ended before its time ([`EventKind::SessionEnded`]), whoever ended it.
    pub fn on_logout(self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.on(&[EventKind::SessionEnded], observer)
    }

    /// Calls `observer` for each refresh that failed, and for each grant that ended ([`EventKind::RefreshFailed`],
    /// [`EventKind::GrantEnded`]).
    pub fn on_refresh_failed(self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.on(&[EventKind::RefreshFailed, EventKind::GrantEnded], observer)
    }

    fn on(
        self,
        kinds: &'static [EventKind],
        observer: impl Fn(&Event<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_event(move |event| {
            if kinds.contains(&event.kind()) {
                observer(event);
            }
        })
    }
}
