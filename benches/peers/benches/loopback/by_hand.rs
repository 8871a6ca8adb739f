//! The least that a login can cost, by hand: state, nonce and PKCE in a map, the code traded with reqwest, the ID token
//! checked with aws-lc-rs, the session in the map of `lower_bound`. No deadline, no limit, no error but a panic, and keys
//! that never change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde::Deserialize;
use tower_oauth_test::FakeProvider;

use crate::lower_bound::{Map as _, Sharded, key, me};
use crate::sessions::{Content, Profile, Tokens};

struct ByHand {
    issuer: String,
    redirect_uri: String,
    key: ParsedPublicKey,
    http: reqwest::Client,
    /// Nonce and verifier of the logins under way, by their state.
    attempts: Mutex<HashMap<String, (String, String)>>,
    sessions: Sharded,
}

pub(crate) async fn app(base_url: &str, issuer: &str) -> Router {
    let http = reqwest::Client::new();
    let keys = http.get(format!("{issuer}/jwks")).send().await.unwrap().bytes().await.unwrap();
    let [jwk] = serde_json::from_slice::<Jwks>(&keys).unwrap().keys;
    let [n, e] = [jwk.n, jwk.e].map(|number| URL_SAFE_NO_PAD.decode(number).unwrap());
    let key = RsaPublicKeyComponents { n, e };
    let sessions = Sharded::new();
    let by_hand = ByHand {
        issuer: issuer.to_owned(),
        redirect_uri: format!("{base_url}/callback"),
        key: key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap(),
        http,
        attempts: Mutex::default(),
        sessions: sessions.clone(),
    };
    let routes = Router::new().route("/login", get(login)).route("/callback", get(callback));
    me(sessions).merge(routes.with_state(Arc::new(by_hand)))
}

#[derive(Deserialize)]
struct Jwks {
    keys: [Jwk; 1],
}

#[derive(Deserialize)]
struct Jwk {
    n: String,
    e: String,
}

async fn login(State(it): State<Arc<ByHand>>) -> impl IntoResponse {
    let [state, nonce, verifier] = [(); 3].map(|()| random());
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let query = Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", FakeProvider::CLIENT_ID)
        .append_pair("redirect_uri", &it.redirect_uri)
        .append_pair("scope", "openid profile email")
        .append_pair("state", &state)
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let cookie = format!("state={state}; Path=/; HttpOnly; SameSite=Lax");
    it.attempts.lock().unwrap().insert(state, (nonce, verifier));
    let location = format!("{}/authorize?{query}", it.issuer);
    ([(SET_COOKIE, cookie)], Redirect::to(&location))
}

fn random() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).unwrap();
    URL_SAFE_NO_PAD.encode(bytes)
}

#[derive(Deserialize)]
struct Answer {
    code: String,
    state: String,
}

async fn callback(
    State(it): State<Arc<ByHand>>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let cookies = headers[COOKIE].to_str().unwrap();
    let state = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("state="));
    assert_eq!(state, Some(&*answer.state));
    let (nonce, verifier) = it.attempts.lock().unwrap().remove(&answer.state).unwrap();
    let form = Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", &answer.code)
        .append_pair("redirect_uri", &it.redirect_uri)
        .append_pair("code_verifier", &verifier)
        .append_pair("client_id", FakeProvider::CLIENT_ID)
        .append_pair("client_secret", FakeProvider::CLIENT_SECRET)
        .finish();
    let request = it.http.post(format!("{}/token", it.issuer)).body(form);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let response = request.send().await.unwrap().bytes().await.unwrap();
    let tokens: Tokens = serde_json::from_slice(&response).unwrap();
    let user = it.verify(&tokens.id_token, &nonce);
    let id = random();
    let cookie = format!("id={id}");
    it.sessions.insert(key(cookie.as_bytes()).unwrap(), Arc::new(Content { user, tokens }));
    let session = format!("{cookie}; Path=/; HttpOnly; SameSite=Lax");
    let cookies = [(SET_COOKIE, "state=; Path=/; Max-Age=0".to_owned()), (SET_COOKIE, session)];
    (AppendHeaders(cookies), Redirect::to("/me"))
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: u64,
    nonce: String,
    sub: String,
    preferred_username: String,
    name: String,
    email: String,
}

impl ByHand {
    /// Who the ID token says signed in (OpenID Connect Core section 3.1.3.7).
    fn verify(&self, id_token: &str, nonce: &str) -> Profile {
        let (message, signature) = id_token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        self.key.verify_sig(message.as_bytes(), &signature).unwrap();
        let (_, claims) = message.split_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: Claims = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims.iss, self.issuer);
        assert_eq!(claims.aud, FakeProvider::CLIENT_ID);
        assert_eq!(claims.nonce, nonce);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert!(claims.exp > now.as_secs());
        let Claims { sub: subject, preferred_username: username, name, email, .. } = claims;
        Profile { subject, username, name, email }
    }
}
