//! [`Claims`]: what the provider said about the user, as a type of the application's.

use http::request::Parts;
use serde::de::DeserializeOwned;

use super::user::required_session;
use super::{Rejection, RejectionKind};

/// The user's claims, read into `T`.
///
/// Fails closed: where a claim that `T` needs is missing or has another form, the request is answered with
/// 403. A claim that may be absent is an `Option` in `T`.
///
/// ```
/// # use tower_oauth::Claims;
/// #[derive(serde::Deserialize)]
/// struct Employee {
///     groups: Vec<String>,
/// }
///
/// async fn handler(Claims(employee): Claims<Employee>) -> String {
///     employee.groups.join(", ")
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made to be taken apart in a handler's arguments")]
pub struct Claims<T>(pub T);

impl<T: DeserializeOwned> Claims<T> {
    /// The claims of the user who makes the request with these `parts`.
    ///
    /// # Errors
    ///
    /// When nobody is signed in, the claims do not fit `T`, the layer is missing or the store failed.
    pub async fn from_parts(parts: &Parts) -> Result<Self, Rejection> {
        let session = &required_session(parts).await?.session;
        let claims = session.connection.identity.claims_text();
        serde_json::from_str(claims).map(Self).map_err(|error| {
            tracing::info!(
                target: "tower_oauth::rejection",
                provider = &*session.connection.provider,
                category = ?error.classify(),
                "the claims do not fit {}",
                std::any::type_name::<T>()
            );
            Rejection::plain(RejectionKind::ClaimsMismatch)
        })
    }
}
