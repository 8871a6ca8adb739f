//! Sessions that end without their browser: because the provider says so, or everywhere at once.

use std::sync::Arc;

use tower_oauth_core::session::{Connection, Session, StoreKey};
use tower_oauth_core::{Client, Error, ErrorKind, LogoutToken, Timestamp};

use crate::attempts::CLOCK_TOLERANCE;
use crate::auth::Auth;
use crate::ended::{self, Ended, FOR_LOGINS};
use crate::events::SessionEnd;
use crate::routes::Routes;
use crate::tokens::revoke_all;

/// A refresh token of this scope is for when the user is away, and outlives a sign-out at the provider (OpenID Connect
/// Back-Channel Logout section 2.7).
const OFFLINE_ACCESS: &str = "offline_access";

/// A session that was ended here.
struct EndedSession {
    key: StoreKey,
    connections: Vec<Arc<Connection>>,
}

impl EndedSession {
    fn into_connections(self) -> impl Iterator<Item = (StoreKey, Arc<Connection>)> {
        self.connections.into_iter().map(move |connection| (self.key, connection))
    }
}

impl Auth {
    /// Ends every session of the user, on every device, and tells how many there were: for "sign out everywhere", for
    /// an account that was taken over, blocked or deleted. Their tokens are revoked as at a sign-out.
    ///
    /// `issuer` and `subject` are those of the login ([`User::issuer`](crate::User::issuer),
    /// [`User::subject`](crate::User::subject)). A request that is under way does not bring a session back; a login
    /// that is under way makes a new one. At the provider nothing ends.
    ///
    /// With sessions in cookies it takes [`revoked_sessions`](crate::AuthBuilder::revoked_sessions), and nobody knows
    /// how many there were: it is always 0.
    ///
    /// # Errors
    ///
    /// When the store failed; some sessions may have ended, and calling again ends the rest. Or when sessions are in
    /// cookies and there is no list of those that were revoked.
    pub async fn sign_out_everywhere(&self, issuer: &str, subject: &str) -> Result<u64, Error> {
        let inner = self.inner();
        if let Some(sessions) = &inner.cookie_sessions {
            let Some(revoked) = &sessions.revoked_sessions else {
                let reason = "sessions in cookies end everywhere only with `revoked_sessions`";
                return Err(Error::new(ErrorKind::Internal, reason));
            };
            let created_until = inner.environment.clock.now();
            let ended = Ended { created_until, ..Ended::default() };
            let key = StoreKey::ended_subject(issuer, subject);
            let until = created_until + inner.lifetimes.absolute + CLOCK_TOLERANCE;
            ended::remember(&**revoked, &key, ended, until).await?;
            return Ok(0);
        }
        let keys = inner.store.find_by_subject(issuer, subject).await?;
        let (sessions, result) = self.end_each(keys, SessionEnd::Everywhere, |_| true).await;
        tracing::info!(target: "tower_oauth::session", issuer, sessions = sessions.len(), "signed out everywhere");
        let count = sessions.len() as u64;
        let gone = sessions.into_iter().flat_map(EndedSession::into_connections);
        revoke_all(self, gone.collect());
        result.map(|()| count)
    }

    /// Ends the sessions that a logout token of `provider` is about, as far as the provider vouched for them before
    /// it was issued.
    ///
    /// First it is written down that they end: a login that saves its session later than we look finds that.
    pub(crate) async fn end_by_token(
        &self,
        provider: &str,
        token: &LogoutToken,
    ) -> Result<(), Error> {
        let inner = self.inner();
        let LogoutToken { issuer, subject, sid, issued, .. } = token;
        let (subject, sid) = (subject.as_deref().unwrap_or_default(), sid.as_deref());
        let key = match sid {
            Some(sid) => StoreKey::ended_sid(issuer, sid),
            None => StoreKey::ended_subject(issuer, subject),
        };
        let remembered = match &inner.cookie_sessions {
            Some(_) => inner.lifetimes.absolute + CLOCK_TOLERANCE,
            None => FOR_LOGINS,
        };
        let ended = Ended { vouched_until: *issued, created_until: Timestamp::default() };
        let until = inner.environment.clock.now() + remembered;
        ended::remember(&*inner.store, &key, ended, until).await?;
        if inner.cookie_sessions.is_some() {
            return Ok(());
        }
        let keys = match sid {
            Some(sid) => inner.store.find_by_sid(issuer, sid).await?,
            None => inner.store.find_by_subject(issuer, subject).await?,
        };
        let is_meant = |session: &Session| {
            session.tenant.as_deref() == self.tenant()
                && *session.connection.provider == *provider
                && session.vouched() <= *issued
        };
        let (sessions, result) = self.end_each(keys, SessionEnd::Backchannel, is_meant).await;
        tracing::info!(target: "tower_oauth::session", provider, sessions = sessions.len(), "signed out by the provider");
        let stays = |connection: &Arc<Connection>| {
            *connection.provider == *provider
                && connection.tokens.scopes.iter().any(|scope| scope == OFFLINE_ACCESS)
        };
        let gone = sessions.into_iter().flat_map(EndedSession::into_connections);
        revoke_all(self, gone.filter(|(_, connection)| !stays(connection)).collect());
        result
    }

    /// Ends the session under `key` again, which a login has just created, if the provider has said meanwhile that its
    /// sessions are over. Who asks later than it is created finds it; who asked before has written that down.
    pub(crate) async fn end_if_over(&self, key: StoreKey, session: &Session) -> Result<(), Error> {
        let inner = self.inner();
        if !inner.logout.backchannel {
            return Ok(());
        }
        let over = ended::includes(&*inner.store, session, true).await;
        if matches!(over, Ok(false)) {
            return Ok(());
        }
        self.end_session(key, SessionEnd::Backchannel).await?;
        over?;
        Err(Error::new(
            ErrorKind::ProviderDenied,
            "the provider ended the session during the login",
        ))
    }

    /// Where the provider sends the browser back to after a sign-out: to be registered there, as the
    /// [redirect URIs](Self::redirect_uris) are.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> String {
        self.inner().base_url.origin().to_owned() + &self.routes().logged_out()
    }

    /// What to register at each OpenID provider that is to say when somebody signed out there: its key and the
    /// `backchannel_logout_uri`. None unless [`backchannel_logout`](crate::AuthBuilder::backchannel_logout) is on.
    pub fn backchannel_logout_uris(&self) -> impl Iterator<Item = (&str, String)> {
        self.openid_uris(self.inner().logout.backchannel, |routes, key| {
            routes.backchannel_logout(key)
        })
    }

    /// The same for [`frontchannel_logout`](crate::AuthBuilder::frontchannel_logout), as `frontchannel_logout_uri`.
    pub fn frontchannel_logout_uris(&self) -> impl Iterator<Item = (&str, String)> {
        self.openid_uris(self.inner().logout.frontchannel, |routes, key| {
            routes.frontchannel_logout(key)
        })
    }

    fn openid_uris(
        &self,
        is_on: bool,
        path: impl Fn(Routes<'_>, &str) -> String,
    ) -> impl Iterator<Item = (&str, String)> {
        let origin = self.inner().base_url.origin();
        let providers = self.inner().clients.list.iter().map(Client::provider);
        let providers = providers.filter(move |it| is_on && it.speaks_openid_connect());
        providers.map(move |it| {
            (it.login_key(), origin.to_owned() + &path(self.routes(), it.login_key()))
        })
    }

    /// Ends those of the sessions under `keys` that are meant, and one that cannot be opened. Where one cannot be
    /// ended, the others are all the same, and the error tells.
    async fn end_each(
        &self,
        keys: Vec<StoreKey>,
        cause: SessionEnd,
        is_meant: impl Fn(&Session) -> bool,
    ) -> (Vec<EndedSession>, Result<(), Error>) {
        let mut ended = Vec::new();
        let mut result = Ok(());
        for key in keys {
            match self.end_if(key, cause, &is_meant).await {
                Ok(session) => ended.extend(session),
                Err(error) => result = Err(error),
            }
        }
        (ended, result)
    }

    async fn end_if(
        &self,
        key: StoreKey,
        cause: SessionEnd,
        is_meant: impl Fn(&Session) -> bool,
    ) -> Result<Option<EndedSession>, Error> {
        let inner = self.inner();
        let Some(stored) = inner.store.load_current(&key).await? else { return Ok(None) };
        let session = inner.codec.open(&stored.payload, &key);
        if session.as_ref().is_some_and(|session| !is_meant(session)) {
            return Ok(None);
        }
        self.end_session(key, cause).await?;
        let connections = session.iter().flat_map(|session| session.connections()).cloned();
        Ok(Some(EndedSession { key, connections: connections.collect() }))
    }
}
