//! The provider that all applications sign in at: RS256, which every client can check, and access tokens of 1 KB.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, Response};
use serde_json::{Map, Value};
use tower_oauth::SystemClock;
use tower_oauth_test::FakeProvider;

/// An access token as a provider issues it that makes them JWTs.
const ACCESS_TOKEN: usize = 1024;

/// What fills up the token that the provider knows.
const PADDING: &str = ".";

/// Longer than any run: axum-oidc looks at the ID token's `exp` with each request.
const ID_TOKEN_LIFETIME: u64 = 24 * 60 * 60;

/// Alice is signed in, and agrees to everything.
pub(crate) fn app(issuer: &str) -> Router {
    let provider = FakeProvider::builder()
        .issuer(issuer)
        .clock(Arc::new(SystemClock::default()))
        .claims_in_id_token(true)
        .build();
    provider.approve_as(Some("alice"));
    Router::new().fallback(async move |request: Request| {
        let (mut parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        take_padding_off(&mut parts.headers);
        let is_token = parts.uri.path() == "/token";
        let response = provider.handle(Request::from_parts(parts, body));
        provider.clear_requests(); // or they fill the memory
        let response = if is_token { padded(&provider, response) } else { response };
        response.map(Body::from)
    })
}

fn take_padding_off(headers: &mut HeaderMap) {
    if let Some(header) = headers.get_mut(AUTHORIZATION)
        && let Some((known, _)) = header.to_str().unwrap().split_once(PADDING)
    {
        *header = known.parse().unwrap();
    }
}

/// The token response with a long access token, and an ID token that vouches for it.
fn padded(provider: &FakeProvider, response: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = response.into_parts();
    let mut body: Map<String, Value> = serde_json::from_slice(&body).unwrap();
    let known = body["access_token"].as_str().unwrap();
    let access_token = format!("{known}{}", PADDING.repeat(ACCESS_TOKEN - known.len()));
    let claims = body["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let mut claims: Map<String, Value> = serde_json::from_slice(&claims).unwrap();
    let hash = digest(&SHA256, access_token.as_bytes());
    let half = hash.as_ref().first_chunk::<16>().unwrap();
    claims.insert("at_hash".into(), URL_SAFE_NO_PAD.encode(half).into());
    let expires = claims["iat"].as_u64().unwrap() + ID_TOKEN_LIFETIME;
    claims.insert("exp".into(), expires.into());
    body.insert("access_token".into(), access_token.into());
    body.insert("id_token".into(), provider.sign(&provider.jose_header(), &claims).into());
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Value::Object(body).to_string().into())
}
