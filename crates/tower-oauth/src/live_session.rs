//! HOP 4: the session of a request: found, written, ended. In the store or in its cookie.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use tower_oauth_core::session::{
    Connection, Record, Session, SessionId, StoreKey, StoredRecord, Swap, Version,
};
use tower_oauth_core::{Error, ErrorKind, Login, Timestamp};

use crate::auth::Auth;
use crate::cookie::SessionCookie;
use crate::events::SessionEnd;

/// Most sessions that one request ends: a browser has one, a header has room for many.
const MAX_ENDED: usize = 8;

/// A session that is live.
#[derive(Debug)]
pub(crate) struct LiveSession {
    pub(crate) session: Arc<Session>,
    pub(crate) key: StoreKey,
    version: Version,
    expires: Timestamp,
}

impl LiveSession {
    /// One that is nowhere but in its cookie: no store has a record of it to swap, and its end is never moved.
    pub(crate) fn in_cookie(session: Session, key: StoreKey) -> Self {
        let expires = session.expires;
        Self { session: Arc::new(session), key, version: Version::new(0), expires }
    }

    /// When it ends if nobody uses it.
    pub(crate) const fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// A session that a login began: the name it has in logs, and the cookie to set.
pub(crate) struct NewSession {
    pub(crate) key: StoreKey,
    pub(crate) cookie: HeaderValue,
}

impl Auth {
    /// The session that the request's cookie names, if it is live.
    ///
    /// Unknown, expired and unreadable are all "not signed in"; only the store's failure is an error.
    pub(crate) async fn load_session(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<LiveSession>, Error> {
        self.session_in(self.cookies().session(headers)).await
    }

    /// The same for a cookie that was found already.
    pub(crate) async fn session_in(
        &self,
        cookie: SessionCookie<'_>,
    ) -> Result<Option<LiveSession>, Error> {
        let value = match cookie {
            SessionCookie::Absent => return Ok(None),
            SessionCookie::Present(value) => value,
            SessionCookie::Ambiguous => {
                tracing::warn!(target: "tower_oauth::session", "two different session cookies; neither counts");
                return Ok(None);
            }
        };
        match &self.inner().cookie_sessions {
            // In a box, like all that few requests need: the future of each request has room for the rest alone.
            Some(sessions) => Box::pin(sessions.load(self, value)).await,
            None => self.used_session(value).await,
        }
    }

    /// The session in the store that a cookie with this value names, if it is live. Its idle end moves.
    async fn used_session(&self, value: &[u8]) -> Result<Option<LiveSession>, Error> {
        let Some(key) = SessionId::parse(value).map(|id| id.store_key()) else { return Ok(None) };
        let stored = match self.inner().store.load_now(&key) {
            Some(answer) => answer?,
            None => self.inner().store.load(&key).await?,
        };
        let Some(live) = self.opened(key, stored) else { return Ok(None) };
        let now = self.inner().environment.clock.now();
        if !self.is_live(&live, now).await? {
            return Ok(None);
        }
        if let Some(expires) = self.moved_end(&live, now) {
            Box::pin(self.touch(&live, expires)).await;
        }
        Ok(Some(live))
    }

    /// The session that a cookie with this value names, if it is live now. To look at it is not to use it: its idle
    /// end stays.
    pub(crate) async fn named_session(&self, value: &[u8]) -> Result<Option<LiveSession>, Error> {
        if let Some(sessions) = &self.inner().cookie_sessions {
            return sessions.load(self, value).await;
        }
        match SessionId::parse(value) {
            Some(id) => self.live_session(id.store_key()).await,
            None => Ok(None),
        }
    }

    /// The same for the session under `key`. One in a cookie cannot be had so.
    pub(crate) async fn live_session(&self, key: StoreKey) -> Result<Option<LiveSession>, Error> {
        if self.inner().cookie_sessions.is_some() {
            return Ok(None);
        }
        let stored = self.inner().store.load_current(&key).await?;
        let Some(live) = self.opened(key, stored) else { return Ok(None) };
        let is_live = self.is_live(&live, self.inner().environment.clock.now()).await?;
        Ok(is_live.then_some(live))
    }

    /// What the store has under `key`, live or not, if the application's keys open it.
    fn opened(&self, key: StoreKey, stored: Option<StoredRecord>) -> Option<LiveSession> {
        let StoredRecord { payload, expires, version, .. } = stored?;
        let session = self.inner().codec.take(payload, &key);
        if session.is_none() {
            tracing::warn!(target: "tower_oauth::session", session = ?key, "a stored session could not be opened");
        }
        Some(LiveSession { session: session?, key, version, expires })
    }

    /// Puts `session` in the place of `live`, unless that was changed or ended meanwhile. Its idle end stays.
    pub(crate) async fn swap_session(
        &self,
        live: &LiveSession,
        session: Session,
    ) -> Result<Swap, Error> {
        let record = self.record(&Arc::new(session), live.key, live.expires);
        Ok(self.inner().store.swap(&live.key, live.version, record).await?)
    }

    /// Puts `connection` in the place of the one to `provider` of the session under `key`, or takes that one out.
    /// Returns the one that was there, if it was another user's or nothing takes its place.
    pub(crate) async fn change_connections(
        &self,
        key: StoreKey,
        provider: &str,
        connection: Option<Connection>,
    ) -> Result<Option<Arc<Connection>>, Error> {
        let connection = connection.map(Arc::new);
        // Others write the session too: refreshes, and the idle end that moves.
        for _ in 0..10 {
            let Some(live) = self.live_session(key).await? else {
                return Err(Error::new(ErrorKind::NotSignedIn, "the session has ended"));
            };
            let before =
                live.session.connected.iter().find(|it| *it.provider == *provider).cloned();
            let session = match &connection {
                Some(connection) => live.session.with_connection(Arc::clone(connection)),
                None if before.is_none() => return Ok(None),
                None => live.session.without_connection(provider),
            };
            if let Swap::Swapped(_) = self.swap_session(&live, session).await? {
                let is_same_user = |before: &Arc<Connection>| {
                    connection.as_ref().is_some_and(|it| it.identity.is_same_user(&before.identity))
                };
                return Ok(before.filter(|before| !is_same_user(before)));
            }
        }
        Err(Error::new(ErrorKind::StoreUnavailable, "the session changes too often to be written"))
    }

    /// What the earlier session of this browser is connected to, if `login` is of the same user.
    pub(crate) async fn connections_to_keep(
        &self,
        headers: &HeaderMap,
        login: &Login,
    ) -> Result<Vec<Arc<Connection>>, Error> {
        let Some(key) = self.session_key(headers) else { return Ok(Vec::new()) };
        let Some(live) = self.live_session(key).await? else { return Ok(Vec::new()) };
        if !live.session.connection.identity.is_same_user(&login.connection.identity) {
            return Ok(Vec::new());
        }
        let others = live.session.connected.iter();
        Ok(others.filter(|it| it.provider != login.connection.provider).cloned().collect())
    }

    /// The key of the one session in a store that the request names.
    pub(crate) fn session_key(&self, headers: &HeaderMap) -> Option<StoreKey> {
        match *self.session_values(headers) {
            [value] if self.inner().cookie_sessions.is_none() => {
                SessionId::parse(value).map(|id| id.store_key())
            }
            _ => None,
        }
    }

    /// The one live session that the request names, for who only looks: its idle end stays.
    pub(crate) async fn session_before(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<LiveSession>, Error> {
        match *self.session_values(headers) {
            [value] => self.named_session(value).await,
            _ => Ok(None),
        }
    }

    /// Where the idle end of a session belongs, once a tenth of the idle lifetime has passed since it was moved.
    fn moved_end(&self, live: &LiveSession, now: Timestamp) -> Option<Timestamp> {
        let expires = live.session.idle_expiry(now, self.inner().lifetimes);
        Some(expires).filter(|end| end.since(live.expires) > self.inner().lifetimes.idle / 10)
    }

    /// Moves the idle end of a session. A failure is no harm: the next request tries again.
    async fn touch(&self, live: &LiveSession, expires: Timestamp) {
        let record = self.record(&live.session, live.key, expires);
        if let Err(error) = self.inner().store.swap(&live.key, live.version, record).await {
            tracing::warn!(target: "tower_oauth::session", session = ?live.key, "not touched: {error}");
        }
    }

    /// Creates the session of `login` under a new id. Durable when this returns.
    pub(crate) async fn create_session(
        &self,
        login: Login,
        connected: Vec<Arc<Connection>>,
        account: Option<Arc<str>>,
    ) -> Result<NewSession, Error> {
        if let Some(sessions) = &self.inner().cookie_sessions {
            return sessions.create(self, login, account);
        }
        let now = self.inner().environment.clock.now();
        let mut session = Session::begin(login, now, self.inner().lifetimes);
        session.connected = connected;
        (session.tenant, session.account) = (self.tenant().map(Into::into), account);
        let session = Arc::new(session);
        let expires = session.idle_expiry(now, self.inner().lifetimes);
        for _ in 0..3 {
            let id = SessionId::generate(&*self.inner().environment.random)?;
            let key = id.store_key();
            match self.inner().store.create(&key, self.record(&session, key, expires)).await {
                Ok(()) => {
                    self.end_if_over(key, &session).await?;
                    let lifetime = self.inner().lifetimes.absolute;
                    let cookie = self.cookies().set_session(&id.cookie_value(), lifetime);
                    return Ok(NewSession { key, cookie });
                }
                Err(error) if error.is_already_exists() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::StoreUnavailable, "the store says that every new id is taken"))
    }

    /// Ends a session whose cookie nobody will get.
    pub(crate) async fn discard(&self, session: &NewSession) {
        if let Err(error) = self.inner().store.delete(&session.key).await {
            tracing::warn!(target: "tower_oauth::session", session = ?session.key, "a session that nobody has was not ended: {error}");
        }
    }

    /// The values of the request's session cookies: one more than may be ended, if there are so many.
    pub(crate) fn session_values<'a>(&'a self, headers: &'a HeaderMap) -> Vec<&'a [u8]> {
        self.cookies().sessions(headers).take(MAX_ENDED + 1).collect()
    }

    /// Ends every session that the request names. `Ok` means that they are gone, or have gone as far as
    /// [`CookieSessions::end`] can take them.
    pub(crate) async fn end_sessions(
        &self,
        headers: &HeaderMap,
        cause: SessionEnd,
    ) -> Result<(), Error> {
        let values = self.session_values(headers);
        if values.len() > MAX_ENDED {
            return Err(Error::new(ErrorKind::Malformed, "there are more than 8 session cookies"));
        }
        for value in values {
            self.end_named(value, cause).await?;
        }
        Ok(())
    }

    /// The same for the session that a cookie with this value names.
    pub(crate) async fn end_named(&self, value: &[u8], cause: SessionEnd) -> Result<(), Error> {
        match (&self.inner().cookie_sessions, SessionId::parse(value)) {
            (Some(sessions), _) => sessions.end(self, value, cause).await,
            (None, Some(id)) => self.end_session(id.store_key(), cause).await,
            (None, None) => Ok(()),
        }
    }

    /// Ends the session under `key` in the store.
    pub(crate) async fn end_session(&self, key: StoreKey, cause: SessionEnd) -> Result<(), Error> {
        let live = if self.inner().observers.is_empty() {
            None
        } else {
            // For those who want to know whose it was; a store that cannot say so may still delete.
            self.live_session(key).await.ok().flatten()
        };
        self.inner().store.delete(&key).await?;
        tracing::info!(target: "tower_oauth::session", session = ?key, "ended");
        self.tell_session_ended(cause, key, live.as_ref().map(|live| &*live.session));
        Ok(())
    }

    fn record(&self, session: &Arc<Session>, key: StoreKey, expires: Timestamp) -> Record {
        Record::new(
            self.inner().codec.payload(Arc::clone(session), key),
            expires,
            Some(session.index()),
        )
    }
}
