//! The call of an account hook: with a deadline, and so that a panic of it is a failed login and no more.

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use tower_oauth_core::{Error, ErrorKind, Login};

use super::error::Reason;
use super::{AccountError, AccountHook, CurrentSession, VerifiedLogin};
use crate::auth::Auth;
use crate::live_session::LiveSession;

/// How long an application may think about a login.
const DEADLINE: Duration = Duration::from_secs(10);

/// Most bytes of an account in a session.
const MAX_ACCOUNT: usize = 8 * 1024;

/// The application's hook, whatever its accounts are.
pub(crate) struct Accounts(Box<dyn Hook>);

/// A login that the application stops.
pub(crate) struct Refusal {
    pub(crate) error: Error,
    /// What the person is told in place of the error's own words.
    pub(crate) message: Option<Cow<'static, str>>,
    /// Whether the tokens of the login go back to the provider.
    pub(crate) revoke: bool,
}

#[async_trait]
trait Hook: Send + Sync {
    async fn sign_in(&self, login: VerifiedLogin<'_>) -> Result<String, AccountError>;
    async fn connect(&self, login: VerifiedLogin<'_>) -> Result<(), AccountError>;
}

#[async_trait]
impl<H: AccountHook> Hook for H {
    async fn sign_in(&self, login: VerifiedLogin<'_>) -> Result<String, AccountError> {
        let account = AccountHook::sign_in(self, login).await?;
        Ok(serde_json::to_string(&account)?)
    }

    async fn connect(&self, login: VerifiedLogin<'_>) -> Result<(), AccountError> {
        AccountHook::connect(self, login).await
    }
}

impl Accounts {
    pub(crate) fn new(hook: impl AccountHook) -> Self {
        Self(Box::new(hook))
    }

    /// What the session of `login` keeps. `live` is the browser's session so far.
    pub(crate) async fn sign_in(
        &self,
        auth: &Auth,
        login: &Login,
        live: Option<LiveSession>,
    ) -> Result<Arc<str>, Refusal> {
        let account = answer(self.0.sign_in(verified(auth, login, live))).await?;
        if account.len() > MAX_ACCOUNT {
            let bytes = account.len();
            let reason = format!("the account's data has {bytes} bytes and {MAX_ACCOUNT} fit");
            return Err(Error::new(ErrorKind::SessionTooLarge, reason).into());
        }
        Ok(account.into())
    }

    /// Whether `login` may be connected to the session `live`.
    pub(crate) async fn connect(
        &self,
        auth: &Auth,
        login: &Login,
        live: LiveSession,
    ) -> Result<(), Refusal> {
        answer(self.0.connect(verified(auth, login, Some(live)))).await
    }
}

fn verified<'a>(auth: &'a Auth, login: &'a Login, live: Option<LiveSession>) -> VerifiedLogin<'a> {
    let now = auth.inner().environment.clock.now();
    let current = live.map(|live| CurrentSession { session: live.session, now });
    VerifiedLogin { connection: &login.connection, tenant: auth.tenant(), current }
}

async fn answer<T>(asked: impl Future<Output = Result<T, AccountError>>) -> Result<T, Refusal> {
    let mut asked = pin!(asked);
    let guarded = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| asked.as_mut().poll(context)));
        // It is not polled again: whatever state it is in, it is dropped.
        polled.map_or_else(|_| Err("the account hook panicked").into(), |poll| poll.map(Ok))
    });
    match timeout(DEADLINE, guarded).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => Err(error.into()),
        Ok(Err(panicked)) => Err(unavailable(panicked).into()),
        Err(_) => Err(unavailable("the account hook did not answer within 10 seconds").into()),
    }
}

fn unavailable(reason: &'static str) -> Error {
    Error::new(ErrorKind::AccountUnavailable, reason)
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, message: None, revoke: false }
    }
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        match error.0 {
            Reason::Refused { message, revoke } => Self {
                error: Error::new(ErrorKind::AccountRefused, "the application refused the account"),
                message: Some(message),
                revoke,
            },
            Reason::Failed(error) => {
                unavailable("the account hook failed").with_source(error).into()
            }
        }
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts(..)")
    }
}
