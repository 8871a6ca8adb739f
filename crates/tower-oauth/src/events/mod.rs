//! What an application is told of its logins: [`Event`]s, to the observers it registered, and metrics.
//!
//! One place makes both, so that an audit log and a dashboard count the same things. `docs/events.md` has the table.

mod event;
#[cfg(feature = "metrics")]
mod metrics;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tower_oauth_core::session::{Session, StoreKey};
use tower_oauth_core::{HttpClient, Timestamp};

pub use event::{Event, EventKind, SessionEnd};

use crate::auth::Auth;

type Observer = Box<dyn Fn(&Event<'_>) + Send + Sync>;

/// Who is told.
#[derive(Default)]
pub(crate) struct Observers(Vec<Observer>);

impl Observers {
    pub(crate) fn add(&mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) {
        self.0.push(Box::new(observer));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells everybody. One that panics harms neither the login nor the others.
    fn tell(&self, event: &Event<'_>) {
        for observer in &self.0 {
            if catch_unwind(AssertUnwindSafe(|| observer(event))).is_err() {
                let event = event.kind().as_str();
                tracing::error!(target: "tower_oauth::config", event, "an observer of events panicked");
            }
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}

impl Auth {
    fn now(&self) -> Timestamp {
        self.inner().environment.clock.now()
    }

    fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "metrics")]
        metrics::count(event);
        self.inner().observers.tell(event);
    }

    pub(crate) fn tell_login_started(&self, provider: &str) {
        let event = Event::new(EventKind::LoginStarted, self.now());
        self.tell(&event.with_provider(Some(provider)));
    }

    /// About the session under `key` and who is signed in with it.
    pub(crate) fn tell_login_succeeded(
        &self,
        key: StoreKey,
        provider: &str,
        issuer: &str,
        subject: &str,
    ) {
        let event = Event::new(EventKind::LoginSucceeded, self.now());
        self.tell(
            &event.with_provider(Some(provider)).with_user(issuer, subject).with_session(key),
        );
    }

    /// `provider` comes from a path: one that is not configured is not named.
    pub(crate) fn tell_failed(
        &self,
        kind: EventKind,
        provider: Option<&str>,
        code: &str,
        correlation_id: &str,
    ) {
        let provider = provider.filter(|key| self.inner().clients.find(key).is_some());
        let event = Event::new(kind, self.now()).with_provider(provider).with_code(code);
        self.tell(&event.with_correlation_id(correlation_id));
    }

    /// `session` where its user is known.
    pub(crate) fn tell_session_ended(
        &self,
        cause: SessionEnd,
        key: StoreKey,
        session: Option<&Session>,
    ) {
        let mut event = Event::new(EventKind::SessionEnded, self.now());
        if let Some(connection) = session.map(|session| &session.connection) {
            let identity = &connection.identity;
            event = event.with_provider(Some(&connection.provider));
            event = event.with_user(identity.issuer(), identity.subject());
        }
        self.tell(&event.with_session(key).with_code(cause.as_str()));
    }

    /// About the connection of a session to `provider`: it came, went, or its token changed.
    pub(crate) fn tell_connection(
        &self,
        kind: EventKind,
        key: StoreKey,
        provider: &str,
        code: Option<&str>,
    ) {
        let event = Event::new(kind, self.now()).with_provider(Some(provider)).with_session(key);
        self.tell(&match code {
            Some(code) => event.with_code(code),
            None => event,
        });
    }
}

/// `http` for calls to `provider`, which are counted where metrics are on.
#[cfg(feature = "metrics")]
pub(crate) fn measured(http: Arc<dyn HttpClient>, provider: &str) -> Arc<dyn HttpClient> {
    Arc::new(metrics::Measured::new(http, provider))
}

/// `http` for calls to a provider, which nobody counts.
#[cfg(not(feature = "metrics"))]
pub(crate) fn measured(http: Arc<dyn HttpClient>, _: &str) -> Arc<dyn HttpClient> {
    http
}
