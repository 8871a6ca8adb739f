//! A login as axum-login 0.18 shows it in its example `oauth2`: the oauth2 crate, the provider's API for who it is, no ID
//! token, and the access token as what ends a session when it changes.
//!
//! Users are in a map and not in SQLite, and a login makes a new one: all are alice, and a second login of one user ends the
//! session of the first. PKCE is added, on which the provider insists.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::hint::black_box;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::Query;
use axum::response::Redirect;
use axum::routing::get;
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _, TokenUrl,
};
use reqwest_0_12::{Client, redirect};
use serde::Deserialize;
use tower_oauth_test::FakeProvider;
use tower_sessions_0_14::{MemoryStore, Session, SessionManagerLayer};

const STATE: &str = "oauth.csrf-state";
const VERIFIER: &str = "oauth.pkce-verifier";

type AuthSession = axum_login::AuthSession<Backend>;

pub(crate) fn app(base_url: &str, issuer: &str) -> Router {
    let client = BasicClient::new(ClientId::new(FakeProvider::CLIENT_ID.into()))
        .set_client_secret(ClientSecret::new(FakeProvider::CLIENT_SECRET.into()))
        .set_auth_uri(AuthUrl::new(format!("{issuer}/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(format!("{issuer}/token")).unwrap())
        .set_redirect_uri(RedirectUrl::new(format!("{base_url}/callback")).unwrap());
    let backend = Backend {
        users: Arc::default(),
        client,
        http: Client::builder().redirect(redirect::Policy::none()).build().unwrap(),
        userinfo: format!("{issuer}/userinfo"),
    };
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_same_site(tower_sessions_0_14::cookie::SameSite::Lax);
    Router::new()
        .route("/me", get(me))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .layer(AuthManagerLayerBuilder::new(backend, sessions).build())
}

async fn me(auth: AuthSession) -> &'static str {
    let user = auth.user.unwrap();
    black_box((&user.username, &user.access_token));
    "ok"
}

async fn login(auth: AuthSession, session: Session) -> Redirect {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let request = auth.backend.client.authorize_url(CsrfToken::new_random);
    let scopes = ["openid", "profile", "email"].map(|it| Scope::new(it.into()));
    let (url, state) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
    session.insert(STATE, state).await.unwrap();
    session.insert(VERIFIER, verifier).await.unwrap();
    Redirect::to(url.as_str())
}

#[derive(Deserialize)]
struct Answer {
    code: String,
    state: CsrfToken,
}

async fn callback(
    mut auth: AuthSession,
    session: Session,
    Query(Answer { code, state }): Query<Answer>,
) -> Redirect {
    let old_state: CsrfToken = session.get(STATE).await.unwrap().unwrap();
    let verifier = session.remove(VERIFIER).await.unwrap().unwrap();
    let credentials = Credentials { code, old_state, state, verifier };
    let user = auth.authenticate(credentials).await.unwrap().unwrap();
    auth.login(&user).await.unwrap();
    Redirect::to("/me")
}

#[derive(Clone)]
struct User {
    id: usize,
    username: String,
    access_token: String,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("username", &self.username).finish_non_exhaustive()
    }
}

impl AuthUser for User {
    type Id = usize;

    fn id(&self) -> usize {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.access_token.as_bytes()
    }
}

struct Credentials {
    code: String,
    old_state: CsrfToken,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

#[derive(Deserialize)]
struct UserInfo {
    preferred_username: String,
}

#[derive(Clone, Debug)]
struct Backend {
    users: Arc<RwLock<HashMap<usize, User>>>,
    client: BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>,
    http: Client,
    userinfo: String,
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Credentials;
    type Error = Infallible;

    async fn authenticate(&self, it: Credentials) -> Result<Option<User>, Infallible> {
        if it.old_state.secret() != it.state.secret() {
            return Ok(None);
        }
        let request = self.client.exchange_code(AuthorizationCode::new(it.code));
        let request = request.set_pkce_verifier(it.verifier);
        let tokens = request.request_async(&self.http).await.unwrap();
        let access_token = tokens.access_token().secret();
        // A client of its own for each login, as in the example.
        let request = Client::new().get(&self.userinfo).bearer_auth(access_token);
        let info: UserInfo = request.send().await.unwrap().json().await.unwrap();
        let mut users = self.users.write().unwrap();
        let (id, access_token) = (users.len(), access_token.clone());
        let user = User { id, username: info.preferred_username, access_token };
        users.insert(id, user.clone());
        Ok(Some(user))
    }

    async fn get_user(&self, id: &usize) -> Result<Option<User>, Infallible> {
        Ok(self.users.read().unwrap().get(id).cloned())
    }
}
