//! A login with axum-oidc 1.0.0-dev-2, its session in tower-sessions 0.15: who is not signed in is sent to the provider, and
//! the ID token is verified anew with each request.

use std::hint::black_box;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::extract::FromRequestParts;
use axum::routing::get;
use axum_oidc::error::MiddlewareError;
use axum_oidc::openidconnect::core::CoreGenderClaim;
use axum_oidc::openidconnect::{ClientId, ClientSecret, IssuerUrl, Scope};
use axum_oidc::{
    EmptyAdditionalClaims, OidcAccessToken, OidcAuthLayer, OidcClaims, OidcClient, OidcLoginLayer,
    OidcSession, handle_oidc_redirect,
};
use http::StatusCode;
use http::request::Parts;
use tower::ServiceBuilder;
use tower_oauth_test::FakeProvider;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::Error;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

type Claims = EmptyAdditionalClaims;

pub(crate) async fn app(base_url: &str, issuer: &str) -> Router {
    let client = OidcClient::<Claims>::builder()
        .with_default_http_client()
        .with_redirect_url(format!("{base_url}/callback").parse().unwrap())
        .with_client_id(ClientId::new(FakeProvider::CLIENT_ID.into()))
        .with_client_secret(ClientSecret::new(FakeProvider::CLIENT_SECRET.into()))
        .add_scope(Scope::new("profile".into()))
        .add_scope(Scope::new("email".into()))
        .discover(IssuerUrl::new(issuer.into()).unwrap())
        .await
        .unwrap()
        .build();
    let login = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(failed))
        .layer(OidcLoginLayer::<Claims, Stored>::new());
    let auth = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(failed))
        .layer(OidcAuthLayer::<Claims, Stored>::new(client));
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_same_site(SameSite::Lax);
    Router::new()
        .route("/me", get(me))
        .layer(login)
        .route("/callback", get(handle_oidc_redirect::<Claims, Stored>))
        .layer(auth)
        .layer(sessions)
}

async fn me(claims: OidcClaims<Claims>, token: OidcAccessToken) -> &'static str {
    black_box((claims.subject(), &*token));
    "ok"
}

async fn failed(error: MiddlewareError) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

/// Where axum-oidc keeps its session.
struct Stored(Session);

const KEY: &str = "axum-oidc";

impl<S: Send + Sync> FromRequestParts<S> for Stored {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Session::from_request_parts(parts, state).await.map(Self)
    }
}

impl axum_oidc::Session<Claims> for Stored {
    type Error = Error;

    async fn get(&self) -> Result<OidcSession<Claims, CoreGenderClaim>, Error> {
        Ok(self.0.get(KEY).await?.unwrap_or_default())
    }

    async fn set(&mut self, session: OidcSession<Claims, CoreGenderClaim>) -> Result<(), Error> {
        self.0.insert(KEY, session).await
    }
}
