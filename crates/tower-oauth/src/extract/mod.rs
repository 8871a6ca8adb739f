//! HOP 6: who is signed in, asked by a handler. The first question loads the session, once per request.
//!
//! With the feature `axum` each of these is an extractor. Without axum, call `from_parts` on the request's parts.

mod access_token;
mod account;
#[cfg(feature = "axum")]
mod axum;
mod claims;
mod rejection;
mod session_handle;
mod tokens;
mod user;

pub use access_token::AccessToken;
pub use account::Account;
pub use claims::Claims;
pub(crate) use rejection::Asking;
pub use rejection::{Rejection, RejectionKind};
pub use session_handle::{InvalidSessionHandle, SessionHandle};
pub use tokens::{ConnectionInfo, Tokens};
pub use user::User;
pub(crate) use user::{handle, required_session};
