//! g02, g03: every public type that can hold a secret is formatted with real ones in it, and none is left out.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use static_assertions::assert_not_impl_any;
use tower_oauth::layer::AuthLayer;
use tower_oauth::session::{
    Connection, LoginMark, Payload, Record, Session, SessionCodec, SessionId, SessionStore,
    StoreKey, StoredRecord, TokenSet, Version,
};
use tower_oauth::{
    AccessToken, Auth, AuthBuilder, NearCache, Provider, Timestamp, Tokens, TowerSessions014,
    TowerSessionsStore, User,
};
use tower_oauth_core::{
    AccessTokenSecret, Attempt, AuthorizationCode, AuthorizationResponse, AuthorizedCode, Client,
    ClientSecret, CodeVerifier, Environment, KeyRing, Login, Nonce, Plaintext, RawIdToken,
    RefreshToken, ReturnTo, Start, State,
};
use tower_oauth_test::{Endpoint, SeededRandom};
use tower_oauth_tests::{BytesStore, Setup, app};

macro_rules! no_text {
    ($($secret:ty),+ $(,)?) => {
        $(assert_not_impl_any!($secret: serde::Serialize, Display);)+
    };
}

// g03: nothing that holds a secret can be printed or serialized by accident.
no_text!(ClientSecret, AuthorizationCode, State, Nonce, CodeVerifier, AccessTokenSecret);
no_text!(
    RefreshToken,
    RawIdToken,
    Plaintext,
    TokenSet,
    Connection,
    Session,
    Login,
    Attempt,
    Start,
    SessionId
);
no_text!(
    AuthorizedCode,
    AuthorizationResponse,
    AccessToken,
    Tokens,
    User,
    Provider,
    KeyRing,
    Payload
);

const CLIENT_SECRET: &str = "canary-client-secret-4711";
const APP_SECRET: &[u8] = b"canary-app-secret: hQ7vX2mRk9 Zt4WcLp8Ys1N";

/// What has nothing to hide: settings, names, errors without payloads, and what is tested where it is made.
const NOTHING_SECRET: &str = "Algorithm BaseUrl Brand Claims ClaimsMapping ClientAuthentication \
    ConfigError DefaultPages Email EmailRule EmailTrust Error ErrorKind ErrorPage Event EventKind Html HttpError \
    HttpErrorKind Identity Index InvalidReturnTo InvalidSessionHandle IssuerRule Lifetimes Limits LoginState Mark NotFound \
    OfflineAccess Pkce Protocol ProviderButton Purpose Quirks RandomUnavailable Registration Rejection RejectionKind Group Place Preset ClientKey \
    RequireLogin RequireLoginService RequireSameOrigin RequireSameOriginService ReqwestClient \
    Revocation ResponseFuture ResponseMode ReturnTo SameOriginFuture SessionEnd SignInPage SignedInPage SignedOutPage StoreError Swap \
    SystemClock SystemRandom Timestamp TokenRequest TokenResponse UserInfo UserInfoRequest Version BearerError ExpectedUser NearCache TowerSessions014 TowerSessionsStore Guarded LoginRequest Prompt Require RequireScopes \
    RequireStepUp Account AccountError CurrentSession VerifiedLogin EndSession Logout LogoutToken SigningOutPage";

/// Formats values, each under the name of its type.
#[derive(Default)]
struct Shown {
    types: BTreeSet<String>,
    text: String,
}

impl Shown {
    fn add<T: Debug>(&mut self, value: &T) {
        let path = std::any::type_name::<T>().split('<').next().unwrap();
        self.types.insert(path.rsplit("::").next().unwrap().to_owned());
        self.text += &format!("{value:?}\n{value:#?}\n");
    }
}

#[tokio::test]
async fn g02_no_public_type_shows_a_secret() {
    let setup = Setup::with(|provider| provider.client("client", CLIENT_SECRET));
    setup.provider.approve_as(Some("alice"));
    let mut shown = Shown::default();
    let mut secrets = vec![CLIENT_SECRET.to_owned(), "canary-app-secret".to_owned()];

    // The core, step by step.
    let registration = setup.registration().offline_access();
    shown.add::<Provider>(&registration);
    let random = Arc::new(SeededRandom::new(9));
    let environment = Environment::new(
        setup.provider.http_client(),
        Arc::new(setup.clock.clone()),
        random.clone(),
    );
    shown.add::<Environment>(&environment);
    let redirect_uri = "https://app.example/auth/callback/op".to_owned();
    let client = Client::new(registration.clone(), redirect_uri, environment);
    let start: Start = client.start(ReturnTo::parse("/", "/auth").unwrap()).await.unwrap();
    shown.add(&start);
    shown.add::<Attempt>(&start.attempt);
    let request = Request::get(&start.authorization_url).body(bytes::Bytes::new()).unwrap();
    let back = setup.provider.handle(request).headers()["location"].to_str().unwrap().to_owned();
    let query = back.split_once('?').unwrap().1;
    secrets.extend(url::form_urlencoded::parse(query.as_bytes()).map(|(_, v)| v.into_owned()));
    let response = AuthorizationResponse::parse(query.as_bytes()).unwrap();
    shown.add::<AuthorizationResponse>(&response);
    let code: AuthorizedCode = client.authorize(start.attempt, response).await.unwrap();
    shown.add(&code);
    let login: Login = client.finish(code).await.unwrap();
    shown.add(&login);
    shown.add::<Client>(&client);

    // The session and its record.
    let keys = Arc::new(KeyRing::new("secret", APP_SECRET).unwrap());
    let now = Timestamp::from_unix_seconds(1_770_000_000);
    let session = Session::begin(login, now, Default::default());
    let tokens = &session.connection.tokens;
    secrets.push(tokens.access_token.secret().to_owned());
    secrets.extend(tokens.refresh_token.iter().map(|token| token.secret().to_owned()));
    secrets.extend(tokens.id_token.iter().map(|token| token.secret().to_owned()));
    shown.add::<KeyRing>(&keys);
    shown.add(&Plaintext::from(secrets.concat().into_bytes()));
    shown.add(&session);
    shown.add::<Connection>(&session.connection);
    shown.add::<TokenSet>(tokens);
    shown.add::<LoginMark>(&session.connection.login);
    let id = SessionId::generate(&*random).unwrap();
    secrets.push(id.cookie_value());
    shown.add(&id);
    shown.add::<StoreKey>(&id.store_key());
    let codec = Arc::new(SessionCodec::new("https://app.example".into(), keys, random));
    shown.add::<SessionCodec>(&codec);
    let payload = codec.payload(Arc::new(session), id.store_key());
    shown.add::<Payload>(&payload);
    shown.add(&StoredRecord::new(payload.clone(), now, Version::new(1)));
    shown.add(&Record::new(payload, now, None));

    // The application.
    let store = BytesStore::new(setup.clock.clone());
    let builder = setup.builder().secret(APP_SECRET).store(store).provider(registration);
    shown.add::<AuthBuilder>(&builder);
    let auth: Auth = builder.build().unwrap();
    shown.add(&auth);
    shown.add::<AuthLayer>(&auth.layer());
    let provider = setup.registration();
    shown.add(&tower_oauth::tenants::Tenant::new([provider]));
    shown.add(&auth.service());
    let types = axum::routing::get(types).layer(auth.layer());
    let mut browser = setup.browser_of(app(&auth).route("/types", types));
    browser.login_as("alice").await;
    secrets.push(browser.cookies().swap_remove(0).1);
    secrets.push(browser.open("/token").await.json()["token"].as_str().unwrap().to_owned());
    for request in setup.provider.requests_to(Endpoint::Token) {
        secrets.extend(request.form().get("code_verifier").map(ToOwned::to_owned));
    }
    let memory = tower_oauth::MemoryStore::new(Arc::new(setup.clock.clone()));
    let record = Record::new(Payload::from_bytes("x"), now + Duration::from_secs(60), None);
    memory.create(&id.store_key(), record).await.unwrap();
    shown.add(&memory);
    let near = NearCache::new(memory, Duration::from_secs(60));
    near.load(&id.store_key()).await.unwrap().unwrap();
    shown.add(&near);
    let theirs = TowerSessions014(tower_sessions_0_14::MemoryStore::default());
    shown.add(&theirs);
    shown.add(&TowerSessionsStore::new(theirs));
    // Extractors are made from a request alone, so their handlers format them.
    let types = browser.open("/types").await.text();
    assert!(types.starts_with("User"), "{types}");
    shown.text += &types;
    shown.types.extend(
        [
            "User",
            "AccessToken",
            "Tokens",
            "ConnectionInfo",
            "SessionHandle",
            "BearerLayer",
            "BearerService",
        ]
        .map(ToOwned::to_owned),
    );

    secrets.retain(|secret| !secret.starts_with("https://"));
    assert!(secrets.len() > 10, "{secrets:?}");
    for secret in &secrets {
        assert!(!shown.text.contains(&secret[..secret.len().min(12)]), "{secret}:\n{}", shown.text);
    }
    let known: BTreeSet<String> = NOTHING_SECRET.split_whitespace().map(Into::into).collect();
    let forgotten: Vec<_> = public_types()
        .into_iter()
        .filter(|name| !known.contains(name) && !shown.types.contains(name))
        .collect();
    assert_eq!(forgotten, [] as [String; 0], "format these above, or add them to NOTHING_SECRET");
}

async fn types(user: User, token: AccessToken, tokens: Tokens) -> String {
    let (connections, session) = (tokens.connections(), user.session_handle());
    let bearer = tower::Layer::layer(&tokens.bearer("op", ["https://api.example"]), ());
    format!("{user:?} {token:?} {tokens:?} {connections:?} {session:?} {bearer:?}")
}

/// The names of the public types of both crates, by their declarations.
fn public_types() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("crates");
    let mut names = BTreeSet::new();
    let mut folders = vec![crates.join("tower-oauth/src"), crates.join("tower-oauth-core/src")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let source = std::fs::read_to_string(&entry).unwrap();
            let declared = source.lines().filter_map(|line| {
                let line = line.trim_start();
                line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))
            });
            names.extend(declared.filter_map(|rest| {
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                (!rest.starts_with('$')).then(|| rest[..end].to_owned())
            }));
        }
    }
    names
}
