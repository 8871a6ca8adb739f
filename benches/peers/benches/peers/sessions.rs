//! The same tokens in sessions of tower-sessions 0.15, and with axum-login 0.18, each on its own memory store.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::Redirect;
use axum::routing::get;
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use bench_guard::Subject;
use http::Request;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

/// What a session holds here.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) user: Profile,
    pub(crate) tokens: Tokens,
}

impl Content {
    pub(crate) fn new(number: u32) -> Self {
        Self { user: Profile::new(number), tokens: Tokens::new() }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    #[serde(default)]
    pub(crate) refresh_token: String,
    pub(crate) id_token: String,
}

impl Tokens {
    fn new() -> Self {
        Self {
            access_token: "a".repeat(1024),
            refresh_token: "r".repeat(200),
            id_token: "i".repeat(1024),
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) subject: String,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) email: String,
}

impl Profile {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            subject: format!("subject-{number}"),
            username: "alice".into(),
            name: "Alice Liddell".into(),
            email: "alice@example.com".into(),
        }
    }
}

/// Profile and tokens in the session; the handler reads the tokens alone.
pub(crate) async fn tower_sessions(sessions: u32) -> Subject {
    let app = tower_sessions_app();
    let cookies = signed_in(&app, sessions).await;
    Subject::new("tower-sessions, `get(\"tokens\")`", app, cookies)
}

/// Signs in whoever asks, under the number in the path.
pub(crate) fn tower_sessions_app() -> Router {
    let sign_in = async |session: Session, Path(number): Path<u32>| {
        session.insert("user", Profile::new(number)).await.unwrap();
        session.insert("tokens", Tokens::new()).await.unwrap();
        Redirect::to("/me")
    };
    let handler = async |session: Session| {
        let tokens: Tokens = session.get("tokens").await.unwrap().unwrap();
        black_box(&tokens.access_token);
        "ok"
    };
    Router::new()
        .route("/me", get(handler))
        .route("/login/{number}", get(sign_in))
        .layer(SessionManagerLayer::new(MemoryStore::default()).with_secure(false))
}

/// Somebody without a session, and a handler that asks for one.
pub(crate) fn tower_sessions_stranger(name: &str, cookie: Option<&str>) -> Subject {
    let handler = async |session: Session| {
        let tokens: Option<Tokens> = session.get("tokens").await.unwrap();
        black_box(tokens.is_some());
        "ok"
    };
    let layer = SessionManagerLayer::new(MemoryStore::default());
    let app = Router::new().route("/me", get(handler)).layer(layer);
    match cookie {
        Some(cookie) => Subject::new(name, app, [cookie.to_owned()]),
        None => Subject::without_cookie(name, app),
    }
}

/// Profile and tokens in the user, who is in memory; the session names the user, and has the hash that ends it.
pub(crate) async fn axum_login(name: &str, sessions: u32, token_is_hash: bool) -> Subject {
    let user = |number: u32| {
        let tokens = Tokens::new();
        let hash = if token_is_hash { tokens.access_token.as_bytes() } else { &[7; 32] };
        let hash = hash.to_vec();
        (number, Account { id: number, profile: Profile::new(number), tokens, hash })
    };
    let users = Users(Arc::new((0..sessions).map(user).collect()));
    let sign_in = async |mut auth: AuthSession, Path(number): Path<u32>| {
        let user = auth.backend.get_user(&number).await.unwrap().unwrap();
        auth.login(&user).await.unwrap();
    };
    let handler = async |auth: AuthSession| {
        let user = auth.user.unwrap();
        black_box((&user.profile.subject, &user.tokens.access_token));
        "ok"
    };
    let store = tower_sessions_0_14::MemoryStore::default();
    let manager = tower_sessions_0_14::SessionManagerLayer::new(store);
    let app = Router::new()
        .route("/me", get(handler))
        .route("/login/{number}", get(sign_in))
        .layer(AuthManagerLayerBuilder::new(users, manager).build());
    let cookies = signed_in(&app, sessions).await;
    Subject::new(name, app, cookies)
}

/// The cookies of so many browsers that each went to `/login/{number}`.
async fn signed_in(app: &Router, sessions: u32) -> Vec<String> {
    let mut cookies = Vec::new();
    for number in 0..sessions {
        let request = Request::get(format!("/login/{number}")).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        cookies.push(cookie.split_once(';').unwrap().0.to_owned());
    }
    cookies
}

type AuthSession = axum_login::AuthSession<Users>;

#[derive(Clone)]
struct Account {
    id: u32,
    profile: Profile,
    tokens: Tokens,
    hash: Vec<u8>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}

impl AuthUser for Account {
    type Id = u32;

    fn id(&self) -> u32 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.hash
    }
}

#[derive(Clone, Debug)]
struct Users(Arc<HashMap<u32, Account>>);

impl AuthnBackend for Users {
    type User = Account;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Account>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, id: &u32) -> Result<Option<Account>, Infallible> {
        Ok(self.0.get(id).cloned())
    }
}
