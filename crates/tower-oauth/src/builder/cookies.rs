//! The settings of sessions in cookies, and what cannot be set besides.

use std::sync::Arc;
use std::time::Duration;

use tower_oauth_core::ConfigError;
use tower_oauth_core::session::{Lifetimes, SessionStore};

use super::AuthBuilder;
use crate::attempts::LoginState;

/// How long a session in a cookie lasts unless something else is set: nobody can end a copy of it earlier.
const COOKIE_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

impl AuthBuilder {
    /// Keeps each session in its own cookie, sealed, and nothing on the server. [`secret`](Self::secret) is then
    /// required.
    ///
    /// | | with a store | in cookies |
    /// |---|---|---|
    /// | a request that asks for the user | one load | opens a seal; two loads with [`revoked_sessions`](Self::revoked_sessions) |
    /// | sign-out | ends the session | ends it in this browser; a copy of the cookie is good until its end, unless there are `revoked_sessions` |
    /// | end | idle and absolute | [`absolute_lifetime`](Self::absolute_lifetime) after the login, 24 hours by default; never moved, since a cookie renewed by a request under way could undo a sign-out |
    /// | access token | refreshed where a refresh token was given | until it expires; the user then signs in again. A rotating refresh token cannot be shared by requests that hold the same cookie, so none is kept, and a provider that is asked for one is refused |
    /// | jobs ([`tokens_of`](crate::Auth::tokens_of)) | as long as the session lives | no: a session without its browser cannot be had |
    /// | second provider | can be connected | no |
    /// | sign-out by the provider ([`backchannel_logout`](Self::backchannel_logout)) | yes | with `revoked_sessions`, and one more load |
    /// | size | what the store takes | 4096 bytes of cookie, or the login fails with [`SessionTooLarge`](crate::ErrorKind::SessionTooLarge) and the log names what takes most |
    /// | not kept | | the ID token as it came, the claims `aud`, `azp`, `exp`, `jti`, `nbf` |
    /// | an attempt used twice | refused by all replicas | refused by the replica that saw it first, or by all with `revoked_sessions`; the provider takes a code once, and PKCE binds it to the attempt |
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_oauth::{Auth, providers};
    ///
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .provider(providers::github("client id", "client secret"))
    ///     .secret(std::env::var("AUTH_SECRET")?)
    ///     .cookie_sessions()
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cookie_sessions(mut self) -> Self {
        self.in_cookies = true;
        self
    }

    /// Where the ids of sessions in cookies wait for their end after a sign-out, so that a copy of the cookie is
    /// worth nothing any more: hashes with an expiry, and one-time marks of logins. Each request that asks for the user then costs two loads: of the
    /// session and of its user, who may have been signed out everywhere.
    ///
    /// Only for [`cookie_sessions`](Self::cookie_sessions). What the store forgets lives again, so it should be one
    /// outside the process that evicts nothing before its time.
    pub fn revoked_sessions(mut self, store: impl SessionStore) -> Self {
        self.revoked_sessions = Some(Arc::new(store));
        self
    }

    /// Refuses what sessions in cookies cannot do, before somebody relies on it.
    pub(super) fn check_sessions(&self) -> Result<(), ConfigError> {
        let refuse = |setting: &str, problem: &str| {
            Err(ConfigError::new(setting.to_owned(), problem.to_owned()))
        };
        if !self.in_cookies {
            if self.revoked_sessions.is_some() {
                let problem = "is for `cookie_sessions`; a store ends its sessions itself";
                return refuse("revoked_sessions", problem);
            }
            if self.store.is_some() && self.secrets.is_empty() {
                tracing::warn!(
                    target: "tower_oauth::config",
                    "{} is not set: what a store outside the process keeps opens until this process ends, and here only",
                    self.names.secret
                );
            }
            return Ok(());
        }
        if self.secrets.is_empty() {
            let problem = "is required for sessions in cookies: a random one would sign everybody out at each \
                           start; make one with `openssl rand -base64 32`";
            return refuse(self.names.secret, problem);
        }
        if self.store.is_some() {
            let problem = "keeps no session when they are in cookies; take one of the two, or give it as `revoked_sessions`";
            return refuse("store", problem);
        }
        if self.login_state == LoginState::Stored {
            let problem =
                "`Stored` needs a store, and sessions in cookies have none; take `Sealed`";
            return refuse("login_state", problem);
        }
        if self.idle_lifetime.is_some() {
            let problem = "cannot end a session in a cookie, which is never renewed; `absolute_lifetime` does";
            return refuse("idle_lifetime", problem);
        }
        if self.absolute_lifetime.is_some_and(|lifetime| lifetime < Duration::from_secs(60)) {
            return refuse("absolute_lifetime", "must be at least a minute");
        }
        Ok(())
    }

    pub(super) fn lifetimes(&self) -> Result<Lifetimes, ConfigError> {
        let mut lifetimes = Lifetimes::default();
        if self.in_cookies {
            lifetimes.absolute = self.absolute_lifetime.unwrap_or(COOKIE_LIFETIME);
            lifetimes.idle = lifetimes.absolute;
        } else {
            lifetimes.absolute = self.absolute_lifetime.unwrap_or(lifetimes.absolute);
            lifetimes.idle = self.idle_lifetime.unwrap_or(lifetimes.idle);
        }
        if lifetimes.idle < Duration::from_secs(60) || lifetimes.absolute < lifetimes.idle {
            return Err(ConfigError::new(
                "session lifetimes",
                "idle must be at least a minute and absolute at least as long as idle",
            ));
        }
        Ok(lifetimes)
    }
}
