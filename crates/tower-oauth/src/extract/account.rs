//! [`Account`]: what the application's account hook said of the user.

use http::request::Parts;
use serde::de::DeserializeOwned;
use tower_oauth_core::session::Session;

use super::user::{required_session, session};
use super::{Rejection, RejectionKind};

/// The account of the signed-in user: what the [`AccountHook`](crate::AccountHook) returned when they signed in.
///
/// Fails closed, with the guarantees of [`User`](crate::User): nobody signed in is sent to sign in, a store that fails
/// is 503. A session whose account has not the form of `T` is answered with 403. Sessions outlive a release, so a
/// member that is added to `T` later needs `#[serde(default)]`.
///
/// ```
/// # use tower_oauth::Account;
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Member {
///     id: i64,
/// }
///
/// async fn handler(Account(member): Account<Member>) -> String {
///     member.id.to_string()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made to be taken apart in a handler's arguments")]
pub struct Account<T>(pub T);

impl<T: DeserializeOwned> Account<T> {
    /// The account of the user who makes the request with these `parts`, if somebody is signed in.
    ///
    /// # Errors
    ///
    /// When the account has not the form of `T`, the layer is missing or the store failed.
    pub async fn from_parts(parts: &Parts) -> Result<Option<Self>, Rejection> {
        session(parts).await?.map(|live| read(&live.session)).transpose()
    }

    /// The same for a request that nobody else may make.
    ///
    /// # Errors
    ///
    /// As [`from_parts`](Self::from_parts), and when nobody is signed in.
    pub async fn required_from_parts(parts: &Parts) -> Result<Self, Rejection> {
        read(&required_session(parts).await?.session)
    }
}

fn read<T: DeserializeOwned>(session: &Session) -> Result<Account<T>, Rejection> {
    // A session from before there was a hook has none.
    let account = session.account.as_deref().unwrap_or("null");
    serde_json::from_str(account).map(Account).map_err(|error| {
        tracing::info!(
            target: "tower_oauth::rejection",
            category = ?error.classify(),
            "the account in the session does not fit {}",
            std::any::type_name::<T>()
        );
        Rejection::plain(RejectionKind::AccountMismatch)
    })
}
