//! Sessions as a login leaves them, with 2 KB of tokens: as many as one likes.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tower_oauth::session::{
    Index, Record, Session, SessionCodec, SessionId, SessionStore, StoreKey,
};
use tower_oauth::{
    AccessToken, Auth, AuthBuilder, Clock as _, MemoryStore, SystemClock, SystemRandom, Timestamp,
    User, providers,
};
use tower_oauth_core::KeyRing;
use tower_oauth_test::{FakeProvider, ManualClock, Signing, TestBrowser, TestUser};

use crate::bare;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Makes sessions of one user after the other, which every application [configured](Self::auth) here knows.
#[derive(Debug)]
pub struct SessionMaker {
    provider: FakeProvider,
    codec: Arc<SessionCodec>,
    template: Session,
    made: u64,
    ends: Timestamp,
}

impl SessionMaker {
    /// Signs alice in, and takes what comes of it as the pattern of all sessions.
    ///
    /// # Panics
    ///
    /// If the login fails.
    pub async fn new() -> Self {
        let alice = TestUser::new("sub-alice")
            .with_claim("preferred_username", "alice")
            .with_claim("name", "Alice Liddell")
            .with_claim("email", "alice@example.com");
        let clock = ManualClock::new();
        let provider = FakeProvider::builder().user(alice).signing(Signing::Es256);
        let provider = provider.manual_clock(clock.clone()).build();
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let auth = builder(&provider).clock(Arc::new(clock)).store(Arc::clone(&store));
        let auth = auth.build().expect("a good configuration");
        let app = bare().layer(auth.layer());
        let mut browser = TestBrowser::new(BASE_URL, app, provider.http_client());
        browser.login_as("alice").await;
        let cookies = browser.cookies();
        let is_session = |(name, _): &&(String, String)| name == SESSION_COOKIE;
        let (_, id) = cookies.iter().find(is_session).expect("alice is signed in");
        let key = SessionId::parse(id).expect("the cookie is an id").store_key();
        let stored = store.load(&key).await.expect("it cannot fail").expect("it is there");
        let keys = KeyRing::new("secret", SECRET.as_bytes()).expect("a good secret");
        let random = Arc::new(SystemRandom::default());
        let codec = Arc::new(SessionCodec::new(BASE_URL.into(), Arc::new(keys), random));
        let session = codec.open(&stored.payload, &key).expect("it is of this application");
        let now = SystemClock::default().now();
        let mut template = (*session).clone();
        template.created = now;
        template.expires = now + 24 * HOUR;
        let tokens = &mut Arc::make_mut(&mut template.connection).tokens;
        tokens.access_token = "a".repeat(1024).into();
        tokens.refresh_token = Some("r".repeat(200).into());
        tokens.id_token = Some("i".repeat(1024).into());
        tokens.obtained = now;
        tokens.expires = Some(now + 24 * HOUR);
        Self { provider, codec, template, made: 0, ends: now + 24 * HOUR }
    }

    /// A login whose sessions these are, once it has a store.
    pub fn auth(&self) -> AuthBuilder {
        let clock = Arc::new(SystemClock::default());
        builder(&self.provider).clock(clock)
    }

    /// The next session, for a store: the browser's cookie, its key and its record.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    pub fn make(&mut self) -> (String, StoreKey, Record) {
        let (id, session) = self.session();
        let index = Index::new(
            session.connection.identity.issuer(),
            &format!("subject-{}", self.made),
            Some(&format!("sid-{}", self.made)),
        );
        let key = id.store_key();
        let payload = self.codec.payload(Arc::new(session), key);
        (cookie(&id.cookie_value()), key, Record::new(payload, self.ends, Some(index)))
    }

    /// Puts so many sessions into `store`, and hands out their cookies.
    ///
    /// # Panics
    ///
    /// If the store fails.
    pub async fn fill(&mut self, store: &impl SessionStore, sessions: u32) -> Vec<String> {
        let mut cookies = Vec::new();
        for _ in 0..sessions {
            let (cookie, key, record) = self.make();
            store.create(&key, record).await.expect("the store takes it");
            cookies.push(cookie);
        }
        cookies
    }

    /// The next session, in its cookie.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    pub fn make_cookie(&mut self) -> String {
        let (id, session) = self.session();
        cookie(&self.codec.seal_cookie(&id.store_key(), &session).expect("there is randomness"))
    }

    /// One that shares with the others what sessions of one provider share.
    fn session(&mut self) -> (SessionId, Session) {
        self.made += 1;
        let mut session = self.template.clone();
        session.connection = Arc::new((*session.connection).clone());
        (SessionId::generate(&SystemRandom::default()).expect("there is randomness"), session)
    }
}

/// The cookie that names a session. There are others for a while after a login.
pub const SESSION_COOKIE: &str = "__Host-auth";

const BASE_URL: &str = "https://app.example";

const SECRET: &str = "EwN4mDp6Yl0aCq9TjW2hZs7bKv3xUf8RgO1nPcLe5Qi=";

fn builder(provider: &FakeProvider) -> AuthBuilder {
    let registration =
        providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret());
    Auth::builder(BASE_URL)
        .provider(registration)
        .http_client(provider.http_client())
        .random(Arc::new(SystemRandom::default()))
        .secret(SECRET)
}

fn cookie(value: &str) -> String {
    format!("{SESSION_COOKIE}={value}")
}

/// The application that is asked: its one route wants the user and the token.
///
/// # Panics
///
/// If the settings cannot work.
pub fn me(auth: AuthBuilder) -> Router {
    let auth = auth.build().expect("a good configuration");
    let handler = async |user: User, token: AccessToken| {
        black_box((user.subject(), token.secret()));
        "ok"
    };
    Router::new().route("/me", get(handler)).layer(auth.layer())
}
