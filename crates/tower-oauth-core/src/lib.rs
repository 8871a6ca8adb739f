//! The login flow behind [`tower-oauth`](https://docs.rs/tower-oauth): what an OAuth 2.0 client and OpenID
//! Connect relying party says and checks.
//!
//! This crate opens no socket, reads no clock and draws no randomness: all three are
//! [given to it](Environment). It knows nothing of tower or axum. Applications use `tower-oauth`; this
//! crate is for those who build session stores, providers' presets, or another front end.
//!
//! | a step of a login | in |
//! |---|---|
//! | who can be signed in with | [`providers`], [`provider`] |
//! | where the browser is sent | [`Client::start`] |
//! | what it brings back | [`AuthorizationResponse`], [`Client::authorize`] |
//! | tokens, ID token, userinfo | [`Client::finish`] |
//! | where it is ended at the provider, and how that says so | [`Client::end_session`], [`Client::verify_logout_token`] |
//! | who it is | [`Identity`] |
//! | where that is kept | [`session`] |

mod base_url;
mod client;
mod clock;
mod config_error;
mod discovery;
mod error;
mod flow;
#[cfg(test)]
mod hostile;
mod http_client;
mod identity;
mod jose;
mod json;
mod key_ring;
mod plaintext;
pub mod provider;
mod random;
mod return_to;
mod secret;
mod secret_strength;
pub mod session;
#[cfg(test)]
mod testing;
mod text;

pub use base_url::BaseUrl;
pub use client::{Client, Environment};
pub use clock::{Clock, Timestamp};
pub use error::{ConfigError, Error, ErrorKind};
pub use flow::attempt::Attempt;
pub use flow::callback::{AuthorizationResponse, AuthorizedCode};
pub use flow::end_session::{EndSession, Logout};
pub use flow::finish::Login;
pub use flow::login_request::{ExpectedUser, LoginRequest, Prompt};
pub use flow::logout_token::LogoutToken;
pub use flow::start::Start;
pub use http_client::{HttpClient, HttpError, HttpErrorKind, Limits};
pub use identity::{Email, EmailTrust, Identity};
pub use jose::Algorithm;
pub use key_ring::{KeyRing, Purpose};
pub use plaintext::Plaintext;
pub use provider::{Provider, presets as providers};
pub use random::{Random, RandomUnavailable};
pub use return_to::{InvalidReturnTo, ReturnTo};
pub use secret::{
    AccessTokenSecret, AuthorizationCode, ClientSecret, CodeVerifier, Nonce, RawIdToken,
    RefreshToken, State,
};
