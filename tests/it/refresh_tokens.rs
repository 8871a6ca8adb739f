//! `Tokens`: the connections of a session, in a handler and in a job that outlives it.

use std::sync::{Arc, Mutex};

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use http::Method;
use serde_json::{Value, json};
use tower_oauth::extract::RejectionKind;
use tower_oauth::session::{Record, Session, SessionCodec, SessionStore, StoreKey};
use tower_oauth::{Auth, Clock, Rejection, SessionHandle, Tokens, User, providers};
use tower_oauth_core::KeyRing;
use tower_oauth_test::{
    Answer, Endpoint, FakeProvider, InProcessNetwork, SeededRandom, TestBrowser,
};
use tower_oauth_tests::{BASE_URL, CountingStore, Setup, app, secret};

use crate::refresh::{LIFETIME, refreshes, seconds, token};

/// Alice, signed in at `op` and connected to `other`.
struct Connected {
    setup: Setup,
    other: FakeProvider,
    auth: Auth,
    store: CountingStore,
    browser: TestBrowser,
    handle: SessionHandle,
}

impl Connected {
    async fn new() -> Self {
        let setup = Setup::new();
        let other = FakeProvider::builder()
            .issuer("https://other.example")
            .manual_clock(setup.clock.clone())
            .build();
        let setup = setup.on(InProcessNetwork::new().provider(&other));
        let store = CountingStore::new(setup.clock.clone());
        let second = providers::oidc(other.issuer(), other.client_id(), other.client_secret());
        let auth = setup.offline_auth(|builder| {
            builder
                .secret(secret("sessions"))
                .store(store.clone())
                .provider(second.key("other").offline_access())
        });
        let handles = Arc::new(Mutex::new(Vec::new()));
        let mut browser = setup.browser_of(routes(&auth, &handles));
        browser.open("/auth/login/op").await;
        browser.click("Alice").await;
        let mut second = setup.browser_of(routes(&auth, &handles));
        second.open("/auth/login/other").await;
        second.click("Bob").await;
        browser.open("/handle").await;
        second.open("/handle").await;
        let (handle, from) = {
            let handles = handles.lock().unwrap();
            (handles[0], handles[1])
        };
        let connected = Self { setup, other, auth, store, browser, handle };
        let connection = connected.session(from).await.1.connection.clone();
        let (key, session, record) = connected.session(handle).await;
        let session = Arc::new(session.with_connection(connection));
        let index = Some(session.index());
        let record = Record::new(codec().payload(session, key), record.expires, index);
        let version = connected.store.load(&key).await.unwrap().unwrap().version;
        connected.store.swap(&key, version, record).await.unwrap();
        connected
    }

    async fn session(&self, handle: SessionHandle) -> (StoreKey, Arc<Session>, Record) {
        let key = StoreKey::parse(&handle.to_string()).unwrap();
        let stored = self.store.load(&key).await.unwrap().unwrap();
        let session = codec().open(&stored.payload, &key).unwrap();
        (key, session, Record::new(stored.payload, stored.expires, None))
    }

    async fn get(&self, path: &str) -> Value {
        let page = self.browser.fetch(path).await;
        assert_eq!(page.status(), 200, "{}", page.text());
        page.json()
    }
}

fn codec() -> Arc<SessionCodec> {
    let keys = KeyRing::new("secret", secret("sessions").as_bytes()).unwrap();
    let random = Arc::new(SeededRandom::new(11));
    Arc::new(SessionCodec::new(BASE_URL.into(), Arc::new(keys), random))
}

fn routes(auth: &Auth, handles: &Arc<Mutex<Vec<SessionHandle>>>) -> Router {
    let handles = handles.clone();
    let handle = async move |user: User| {
        handles.lock().unwrap().push(user.session_handle());
        user.session_handle().to_string()
    };
    Router::new()
        .route("/handle", get(handle))
        .route("/of/{provider}", get(of))
        .route("/newer/{provider}", get(newer))
        .route("/connections", get(connections))
        .layer(auth.layer())
        .merge(app(auth))
}

async fn of(tokens: Tokens, Path(provider): Path<String>) -> Result<Json<Value>, Rejection> {
    let token = tokens.of(&provider).await?;
    Ok(Json(json!({ "provider": token.provider(), "token": token.secret() })))
}

/// The API refused the token, so another is asked for; then the handler asks once more.
async fn newer(tokens: Tokens, Path(provider): Path<String>) -> Result<Json<Value>, Rejection> {
    let stale = tokens.of(&provider).await?;
    let newer = tokens.refresh(&stale).await?;
    let again = tokens.of(&provider).await?;
    assert_eq!(again.secret(), newer.secret(), "what was refused is not handed out again");
    Ok(Json(json!({ "stale": stale.secret(), "newer": newer.secret() })))
}

async fn connections(tokens: Tokens) -> Json<Value> {
    let all = tokens.connections().into_iter().map(|connection| {
        json!({
            "provider": connection.provider(),
            "issuer": connection.issuer(),
            "subject": connection.subject(),
            "scopes": connection.scopes(),
            "expires_in": connection.expires_in().map(|left| left.as_secs()),
            "can_refresh": connection.can_refresh(),
        })
    });
    Json(all.collect())
}

#[tokio::test]
async fn each_connection_has_a_token_of_its_own() {
    let connected = Connected::new().await;
    let scopes = json!(["openid", "profile", "email", "offline_access"]);
    let expected = [("op", "sub-alice"), ("other", "sub-bob")].map(|(provider, subject)| {
        json!({
            "provider": provider,
            "issuer": format!("https://{provider}.example"),
            "subject": subject,
            "scopes": scopes,
            "expires_in": LIFETIME,
            "can_refresh": true,
        })
    });
    assert_eq!(connected.get("/connections").await, json!(expected));
    let (own, other) = (connected.get("/of/op").await, connected.get("/of/other").await);
    assert_eq!((&own["provider"], &other["provider"]), (&json!("op"), &json!("other")));
    assert_eq!(token(&connected.browser).await, own["token"]);
    connected.setup.clock.advance(seconds(LIFETIME));
    assert_ne!(connected.get("/of/other").await, other);
    assert_eq!((refreshes(&connected.setup.provider), refreshes(&connected.other)), (0, 1));
    assert_ne!(token(&connected.browser).await, own["token"]);
    assert_eq!((refreshes(&connected.setup.provider), refreshes(&connected.other)), (1, 1));
}

#[tokio::test]
async fn p12_connections_that_refresh_at_once_both_land() {
    let connected = Connected::new().await;
    connected.setup.clock.advance(seconds(LIFETIME));
    let (own, other) = tokio::join!(connected.get("/of/op"), connected.get("/of/other"));
    let (_, session, _) = connected.session(connected.handle).await;
    for (page, connection) in [own, other].iter().zip(session.connections()) {
        assert_eq!(page["token"], connection.tokens.access_token.secret());
    }
    connected.get("/of/op").await;
    assert_eq!((refreshes(&connected.setup.provider), refreshes(&connected.other)), (1, 1));
}

#[tokio::test]
async fn j15_what_an_answer_leaves_out_stays_as_it_was() {
    let connected = Connected::new().await;
    let (_, before, _) = connected.session(connected.handle).await;
    connected.setup.clock.advance(seconds(LIFETIME));
    let bare = json!({ "access_token": "newer", "token_type": "Bearer", "expires_in": 60 });
    connected.setup.provider.answer(Endpoint::Refresh, Answer::json(bare));
    assert_eq!(connected.get("/of/op").await["token"], "newer");
    let (_, after, _) = connected.session(connected.handle).await;
    let [before, after] = [before, after].map(|session| session.connection.clone());
    assert_eq!(before.identity, after.identity);
    assert!(before.tokens.id_token.is_some());
    assert_eq!(before.tokens.id_token, after.tokens.id_token);
    assert_eq!(before.tokens.refresh_token, after.tokens.refresh_token);
    assert_eq!(before.tokens.scopes, after.tokens.scopes);
    assert_eq!(after.tokens.expires, Some(connected.setup.clock.now() + seconds(60)));
}

#[tokio::test]
async fn a_provider_without_a_connection_is_said_to_be_one() {
    let connected = Connected::new().await;
    for path in ["/of/github", "/newer/github", "/of/%00"] {
        let page = connected.browser.fetch(path).await;
        let code = page.json()["code"].clone();
        assert_eq!((page.status().as_u16(), code), (403, json!("not_connected")), "{path}");
    }
}

#[tokio::test]
async fn a_token_that_an_api_refused_is_replaced_before_its_time() {
    let connected = Connected::new().await;
    let first = connected.get("/of/op").await["token"].clone();
    let page = connected.get("/newer/op").await;
    assert_eq!(page["stale"], first);
    assert_eq!(connected.get("/of/op").await["token"], page["newer"]);
    assert_eq!(refreshes(&connected.setup.provider), 1);
    let again = connected.get("/newer/op").await;
    assert_eq!(again["stale"], page["newer"]);
    assert_eq!(refreshes(&connected.setup.provider), 2);
}

#[tokio::test]
async fn a_herd_whose_token_was_refused_refreshes_once() {
    let connected = Connected::new().await;
    let tokens = connected.auth.tokens_of(connected.handle).await.unwrap();
    let stale = tokens.of("op").await.unwrap();
    let herd: Vec<_> = (0..50)
        .map(|_| {
            let (auth, handle, stale) = (connected.auth.clone(), connected.handle, stale.clone());
            tokio::spawn(async move {
                let tokens = auth.tokens_of(handle).await.unwrap();
                tokens.refresh(&stale).await.unwrap().secret().to_owned()
            })
        })
        .collect();
    let mut newer = std::collections::HashSet::new();
    for one in herd {
        newer.insert(one.await.unwrap());
    }
    assert_eq!(newer.len(), 1);
    // Whoever is late, by however much, is given what the others have.
    connected.setup.clock.advance(seconds(60));
    newer.insert(tokens.refresh(&stale).await.unwrap().secret().to_owned());
    assert_eq!((newer.len(), refreshes(&connected.setup.provider)), (1, 1));
}

#[tokio::test]
async fn no_newer_token_is_told_from_not_now() {
    let connected = Connected::new().await;
    let tokens = connected.auth.tokens_of(connected.handle).await.unwrap();
    let stale = tokens.of("op").await.unwrap();
    let op = &connected.setup.provider;
    op.answer(Endpoint::Refresh, Answer::status(500));
    let error = tokens.refresh(&stale).await.unwrap_err();
    assert_eq!(error.kind(), RejectionKind::TokenUnavailable);
    assert_eq!(error.retry_after(), Some(seconds(2)));
    assert_eq!(tokens.of("op").await.unwrap().secret(), stale.secret(), "still valid");
    connected.setup.clock.advance(seconds(2));
    op.answer(Endpoint::Refresh, Answer::json(json!({ "error": "invalid_grant" })));
    for _ in 0..2 {
        let error = tokens.refresh(&stale).await.unwrap_err();
        assert_eq!(error.kind(), RejectionKind::TokenExpired);
    }
    assert_eq!(refreshes(op), 2);
    assert!(
        !connected.auth.tokens_of(connected.handle).await.unwrap().connections()[0].can_refresh()
    );
}

/// The machine's clock was an hour fast when the refresh failed.
#[tokio::test]
async fn a_pause_of_another_clock_keeps_nobody_out() {
    let connected = Connected::new().await;
    let Connected { setup, auth, handle, .. } = &connected;
    let tokens = auth.tokens_of(*handle).await.unwrap();
    let stale = tokens.of("op").await.unwrap();
    setup.provider.answer(Endpoint::Refresh, Answer::status(500));
    tokens.refresh(&stale).await.unwrap_err();
    setup.clock.advance(seconds(2));
    setup.clock.set(setup.clock.now() - seconds(3600));
    let bare = json!({ "access_token": "newer", "token_type": "Bearer", "expires_in": 60 });
    setup.provider.answer(Endpoint::Refresh, Answer::json(bare));
    tokens.refresh(&stale).await.unwrap();
}

#[tokio::test]
async fn j11_a_connection_that_cannot_be_trusted_ends_and_the_session_goes_on() {
    let connected = Connected::new().await;
    connected.setup.clock.advance(seconds(LIFETIME));
    connected.other.modify_id_token(|_, claims| {
        claims.insert("sub".into(), "sub-mallory".into());
    });
    let page = connected.browser.fetch("/of/other").await;
    assert_eq!(
        (page.status().as_u16(), page.json()["code"].clone()),
        (403, json!("not_connected"))
    );
    let left = connected.get("/connections").await;
    assert_eq!(left.as_array().unwrap().len(), 1);
    connected.get("/of/op").await;
}

#[tokio::test]
async fn a_job_has_fresh_tokens_of_a_session_that_nobody_is_at() {
    let connected = Connected::new().await;
    let text = connected.handle.to_string();
    let handle: SessionHandle = text.parse().unwrap();
    assert_eq!((handle, text.len()), (connected.handle, 43));
    assert!("x".parse::<SessionHandle>().is_err());
    for hours in 1..=20 {
        connected.setup.clock.advance(seconds(3600));
        let tokens = connected.auth.tokens_of(handle).await.unwrap();
        tokens.of("op").await.unwrap();
        assert_eq!(refreshes(&connected.setup.provider), hours);
    }
}

#[tokio::test]
async fn j23_a_job_keeps_no_session_alive() {
    let connected = Connected::new().await;
    let Connected { setup, auth, handle, .. } = &connected;
    for _ in 0..47 {
        setup.clock.advance(seconds(1800));
        auth.tokens_of(*handle).await.unwrap().of("op").await.unwrap();
    }
    // What a job was given before the end is of no use after it.
    let tokens = auth.tokens_of(*handle).await.unwrap();
    setup.clock.advance(seconds(3600));
    let asked = refreshes(&setup.provider);
    let ended = auth.tokens_of(*handle).await.unwrap_err();
    assert_eq!(ended.kind(), RejectionKind::LoginRequired);
    let ended = tokens.of("op").await.unwrap_err();
    assert_eq!(ended.kind(), RejectionKind::LoginRequired);
    assert_eq!(refreshes(&setup.provider), asked, "nothing is refreshed for nobody");
}

#[tokio::test]
async fn a_job_after_the_sign_out_has_nothing() {
    let mut connected = Connected::new().await;
    connected.browser.post("/auth/logout", &[]).await;
    let ended = connected.auth.tokens_of(connected.handle).await.unwrap_err();
    assert_eq!(ended.kind(), RejectionKind::LoginRequired);
    let page = connected.browser.request(Method::GET, "/of/op", &[]).await;
    assert_eq!(page.status(), 401);
}
