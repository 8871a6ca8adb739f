//! Sessions in their cookies: one cookie that holds everything, an end that is fixed at the login, no store.
//!
//! Nothing here writes a cookie but the login itself. A cookie that is renewed by a request under way could arrive
//! after a sign-out and undo it.

use std::sync::Arc;

use bytes::Bytes;
use tower_oauth_core::session::{Payload, Record, Session, SessionId, SessionStore, StoreKey};
use tower_oauth_core::{Error, ErrorKind, Login, ReturnTo};

use crate::attempts::CLOCK_TOLERANCE;
use crate::auth::Auth;
use crate::ended;
use crate::events::SessionEnd;
use crate::live_session::{LiveSession, NewSession};

/// What browsers hold: name, value and attributes together
/// ([RFC 6265 section 6.1](https://www.rfc-editor.org/rfc/rfc6265#section-6.1)).
const MAX_COOKIE: usize = 4096;

/// The settings of sessions in cookies.
#[derive(Debug)]
pub(crate) struct CookieSessions {
    /// Where the ids of sessions that were signed out are kept until their end.
    pub(crate) revoked_sessions: Option<Arc<dyn SessionStore>>,
}

impl CookieSessions {
    /// HOP 4 without a store: seals the session of `login` into its cookie.
    pub(crate) fn create(
        &self,
        auth: &Auth,
        login: Login,
        account: Option<Arc<str>>,
    ) -> Result<NewSession, Error> {
        let inner = auth.inner();
        let key = SessionId::generate(&*inner.environment.random)?.store_key();
        let now = inner.environment.clock.now();
        let mut session = Session::begin(login, now, inner.lifetimes);
        (session.tenant, session.account) = (auth.tenant().map(Into::into), account);
        let seal = |session: &Session| -> Result<_, Error> {
            let value = inner.codec.seal_cookie(&key, session)?;
            Ok(auth.cookies().set_session(&value, inner.lifetimes.absolute))
        };
        let mut cookie = seal(&session)?;
        if cookie.len() > MAX_COOKIE {
            // The first thing to go: only a reload of the callback asks for it. Whether somebody can sign in must not
            // depend on the page that they came from.
            let connection = Arc::make_mut(&mut session.connection);
            connection.login.return_to = ReturnTo::start_page(&inner.base_url);
            cookie = seal(&session)?;
        }
        if cookie.len() > MAX_COOKIE {
            return Err(too_large(&session, cookie.len()));
        }
        Ok(NewSession { key, cookie })
    }

    /// The session in a cookie, if it is live and was not signed out.
    pub(crate) async fn load(
        &self,
        auth: &Auth,
        value: &[u8],
    ) -> Result<Option<LiveSession>, Error> {
        let Some((key, session)) = open(auth, value) else { return Ok(None) };
        let live = LiveSession::in_cookie(session, key);
        if !auth.is_live(&live, auth.inner().environment.clock.now()).await? {
            return Ok(None);
        }
        if let Some(revoked) = &self.revoked_sessions {
            let by_sid = auth.inner().logout.backchannel;
            if revoked.load(&live.key).await?.is_some()
                || ended::includes(&**revoked, &live.session, by_sid).await?
            {
                return Ok(None);
            }
        }
        Ok(Some(live))
    }

    /// Ends the session in a cookie for everybody who has a copy, if there is a list to put it on. Without one it
    /// ends where the browser forgets it.
    pub(crate) async fn end(
        &self,
        auth: &Auth,
        value: &[u8],
        cause: SessionEnd,
    ) -> Result<(), Error> {
        let Some((key, session)) = open(auth, value) else { return Ok(()) };
        let is_over = session.expires <= auth.inner().environment.clock.now();
        if let Some(revoked) = self.revoked_sessions.as_ref().filter(|_| !is_over) {
            // Nothing is in it: that it is there is what it says.
            let payload = Payload::from_bytes(Bytes::new());
            let record = Record::new(payload, session.expires + CLOCK_TOLERANCE, None);
            match revoked.create(&key, record).await {
                Ok(()) => {}
                Err(error) if error.is_already_exists() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let whole = self.revoked_sessions.is_some();
        let what =
            if whole { "ended" } else { "ended in this browser, not in a copy of its cookie" };
        tracing::info!(target: "tower_oauth::session", session = ?key, "{what}");
        auth.tell_session_ended(cause, key, Some(&session));
        Ok(())
    }
}

fn open(auth: &Auth, value: &[u8]) -> Option<(StoreKey, Session)> {
    // More than a browser holds is not from us, and not worth the work.
    let value = Some(value).filter(|value| value.len() <= MAX_COOKIE)?;
    auth.inner().codec.open_cookie(value)
}

fn too_large(session: &Session, needed: usize) -> Error {
    let (name, bytes) = session.biggest_in_cookie();
    let reason = format!(
        "the session needs {needed} bytes of cookie and {MAX_COOKIE} fit; {bytes} of them are {name}: ask for fewer \
         scopes, or keep sessions in a store"
    );
    Error::new(ErrorKind::SessionTooLarge, reason)
}
