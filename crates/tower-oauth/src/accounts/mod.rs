//! [`AccountHook`]: the application's say in each login: whose account it is, and whether they may come in.

mod ask;
mod error;
mod login;

use async_trait::async_trait;
use serde::Serialize;

pub(crate) use self::ask::{Accounts, Refusal};
pub use self::error::AccountError;
pub use self::login::{CurrentSession, VerifiedLogin};

/// Maps a verified login to the application's own account, or refuses it.
///
/// It is called after everything that the provider said was verified, and before a session exists. What it returns is
/// kept in the session, and handlers have it as [`Account<T>`](crate::Account).
///
/// | it returns | what becomes of the login |
/// |---|---|
/// | `Ok(account)` | the session is created, with `account` in it |
/// | [`AccountError::refused`] | 403 `account_refused`; the person sees the reason, and no session is made |
/// | any other error, as by `?` | 503 `account_unavailable`; the log has the error, and no session is made |
/// | nothing within 10 seconds, a panic | as another error |
///
/// An earlier session of the browser goes on when a login fails so. The hook is dropped at its next `.await` when the
/// browser goes away; a database's transaction is then rolled back.
///
/// A user is told by [issuer and subject](tower_oauth_core::Identity::is_same_user), with the [tenant](VerifiedLogin::tenant)
/// where tenants bring providers of their own. Never by an e-mail address or a name: those change hands.
///
/// ```
/// use tower_oauth::{AccountError, AccountHook, VerifiedLogin, async_trait};
/// # struct Database;
/// # impl Database {
/// #     async fn find_or_create(&self, _: &str, _: &str) -> Result<Row, std::io::Error> { Ok(Row { id: 1, disabled: false }) }
/// # }
/// # struct Row { id: i64, disabled: bool }
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Member {
///     id: i64,
/// }
///
/// #[async_trait]
/// impl AccountHook for Database {
///     type Account = Member;
///
///     async fn sign_in(&self, login: VerifiedLogin<'_>) -> Result<Member, AccountError> {
///         let identity = login.identity();
///         let row = self.find_or_create(identity.issuer(), identity.subject()).await?;
///         if row.disabled {
///             return Err(AccountError::refused("This account is disabled.").revoke_tokens());
///         }
///         Ok(Member { id: row.id })
///     }
/// }
/// ```
#[async_trait]
pub trait AccountHook: Send + Sync + 'static {
    /// What the session keeps: at most 8 KiB of JSON, in a [cookie session](crate::AuthBuilder::cookie_sessions) what is
    /// left of the cookie. An id is enough. What changes while somebody is signed in belongs in the database.
    type Account: Serialize + Send;

    /// Somebody signs in: find their account, create it, or refuse.
    ///
    /// Any link on any site can start a login, so nothing may be linked here to the account of
    /// [whoever is signed in](VerifiedLogin::current): that is what [`connect`](Self::connect) is for.
    ///
    /// # Errors
    ///
    /// A refusal, or whatever kept the hook from an answer.
    async fn sign_in(&self, login: VerifiedLogin<'_>) -> Result<Self::Account, AccountError>;

    /// Somebody who is signed in connects another provider (`POST {mount}/connect/{provider}`), which only a form on the
    /// application's own pages starts, and only the same session of the same browser finishes; or grants more scopes at one
    /// that is connected. The place to link the new
    /// identity to the account of [`current`](VerifiedLogin::current), which is always there; with
    /// [`is_recent`](CurrentSession::is_recent) only if they signed in a moment ago. By default everything may be
    /// connected.
    ///
    /// # Errors
    ///
    /// As [`sign_in`](Self::sign_in); nothing is connected then.
    async fn connect(&self, login: VerifiedLogin<'_>) -> Result<(), AccountError> {
        let _ = login;
        Ok(())
    }
}
