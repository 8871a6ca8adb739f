//! "Sign in with …" for any tower or axum application: one layer, one extractor.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use tower_oauth::{Auth, User, providers};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (id, secret) = ("", "");
//! let auth = Auth::builder("http://localhost:3000")
//!     .provider(providers::github(id, secret))
//!     .build()?;
//!
//! let app = Router::new()
//!     .route("/", get(async |user: User| format!("Hello, {}!", user.display_name())))
//!     .layer(auth.layer());
//! # axum::serve(tokio::net::TcpListener::bind("localhost:3000").await?, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The layer answers `/auth/login`, `/auth/login/{provider}`, `/auth/callback/{provider}` and `/auth/logout`
//! itself. A browser that opens a page whose handler asks for a [`User`] is sent to sign in and comes back;
//! a script gets 401.
//!
//! | you want | take |
//! |---|---|
//! | to configure it | [`Auth::builder`], [`Auth::from_env`], [`providers`] |
//! | the user | [`User`], `Option<User>`, [`Claims`] |
//! | to call the provider's API | [`AccessToken`], [`Tokens`] |
//! | to call it from a job | [`Auth::tokens_of`] |
//! | to have it carried there | [`Tokens::bearer`] |
//! | to guard several routes | [`RequireLogin`], [`RequireScopes`], [`RequireStepUp`], [`Require`] |
//! | to keep other sites from posting | [`RequireSameOrigin`] |
//! | to be told what happens | [`AuthBuilder::on_event`] |
//! | your own accounts | [`AccountHook`], [`Account`] |
//! | providers that each tenant brings | [`ProviderResolver`], [`tenants`] |
//! | your own pages | [`pages`] |
//! | your own store | [`session::SessionStore`] |
//! | no axum | [`Auth::layer`] on any tower service, [`User::from_parts`] |
//!
//! Tokens are refreshed and revoked in tasks of their own, which takes a tokio runtime with its timer.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `axum` | yes | extractors, on axum-core |
//! | `reqwest` | yes | the default HTTP client |
//! | `metrics` | no | counters and a histogram through the `metrics` facade |
//! | `tower-sessions` | no | `TowerSessionsStore`; the application's own session of tower-sessions 0.15 gets a new id at login |
//! | `tower-sessions-0-14` | no | the same for tower-sessions 0.14 |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accounts;
mod app_session;
mod attempts;
mod auth;
mod auth_scope;
mod builder;
mod clients;
mod cookie;
mod cookie_session;
mod ended;
mod events;
pub mod extract;
mod form;
mod from_env;
#[cfg(feature = "reqwest")]
mod http_client;
pub mod layer;
mod live_session;
mod messages;
mod negotiate;
pub mod pages;
pub mod require;
mod routes;
mod sign_out;
mod store;
mod system;
pub mod tenants;
mod tokens;

pub use accounts::{AccountError, AccountHook, CurrentSession, VerifiedLogin};
pub use async_trait::async_trait;
pub use attempts::LoginState;
pub use auth::Auth;
pub use builder::AuthBuilder;
pub use events::{Event, EventKind, SessionEnd};
#[doc(inline)]
pub use extract::{AccessToken, Account, Claims, Rejection, SessionHandle, Tokens, User};
#[cfg(feature = "reqwest")]
pub use http_client::ReqwestClient;
#[doc(inline)]
pub use require::{Require, RequireLogin, RequireSameOrigin, RequireScopes, RequireStepUp};
pub use routes::NotFound;
#[cfg(feature = "tower-sessions-0-14")]
pub use store::TowerSessions014;
#[cfg(feature = "tower-sessions")]
pub use store::TowerSessionsStore;
pub use store::{MemoryStore, NearCache};
pub use system::{SystemClock, SystemRandom};
#[doc(inline)]
pub use tenants::ProviderResolver;
pub use tokens::{BearerError, BearerLayer, BearerService};
pub use tower_oauth_core::{
    Algorithm, Clock, ConfigError, Email, Error, ErrorKind, HttpClient, HttpError, HttpErrorKind,
    Identity, Limits, Prompt, Provider, Random, RandomUnavailable, Timestamp, provider, providers,
    session,
};
