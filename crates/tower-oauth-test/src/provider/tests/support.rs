//! A client that does everything right, to be led astray one detail at a time.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Request, Response};
use serde_json::{Map, Value};

use crate::{Endpoint, FakeProvider, Parameters};

pub(super) const REDIRECT_URI: &str = "https://app.example/callback?from=op";
pub(super) const VERIFIER: &str = "a-code-verifier-of-at-least-forty-three-characters";

pub(super) type Fields = Vec<(&'static str, String)>;

/// A correct authorization request for `scope`.
pub(super) fn authorization(scope: &str) -> Fields {
    vec![
        ("client_id", FakeProvider::CLIENT_ID.to_owned()),
        ("redirect_uri", REDIRECT_URI.to_owned()),
        ("response_type", "code".to_owned()),
        ("scope", scope.to_owned()),
        ("state", "the-state".to_owned()),
        ("nonce", "the-nonce".to_owned()),
        ("code_challenge", URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

/// `fields` with `name` replaced, added, or (by an empty value) left out.
pub(super) fn with(mut fields: Fields, name: &'static str, value: &str) -> Fields {
    fields.retain(|(key, _)| *key != name);
    if !value.is_empty() {
        fields.push((name, value.to_owned()));
    }
    fields
}

pub(super) fn encode(fields: &Fields) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(super) fn get(op: &FakeProvider, endpoint: Endpoint, fields: &Fields) -> Response<Bytes> {
    let uri = format!("{}?{}", op.url(endpoint), encode(fields));
    op.handle(Request::get(uri).body(Bytes::new()).unwrap())
}

pub(super) fn post(op: &FakeProvider, endpoint: Endpoint, fields: &Fields) -> Response<Bytes> {
    op.handle(
        Request::post(op.url(endpoint))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encode(fields).into())
            .unwrap(),
    )
}

/// Like [`post`], with the client's credentials.
pub(super) fn call(op: &FakeProvider, endpoint: Endpoint, fields: &Fields) -> Response<Bytes> {
    let credentials = STANDARD.encode(format!("{}:{}", op.client_id(), op.client_secret()));
    op.handle(
        Request::post(op.url(endpoint))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, format!("Basic {credentials}"))
            .body(encode(fields).into())
            .unwrap(),
    )
}

/// The parameters with which a redirect returns to the client.
pub(super) fn returned(response: &Response<Bytes>) -> Parameters {
    assert_eq!(response.status(), 303, "{response:?}");
    let location = response.headers()[LOCATION].to_str().unwrap();
    let query = location.strip_prefix(&format!("{REDIRECT_URI}&")).expect("the redirect_uri kept");
    Parameters::parse(query.as_bytes())
}

pub(super) fn code(op: &FakeProvider, scope: &str) -> String {
    op.approve_as(Some("alice"));
    let response = get(op, Endpoint::Authorization, &authorization(scope));
    returned(&response).get("code").unwrap().to_owned()
}

pub(super) fn redemption(code: &str) -> Fields {
    vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", REDIRECT_URI.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ]
}

pub(super) fn refreshing(token: &str) -> Fields {
    vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())]
}

pub(super) fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

/// The tokens of a whole, correct flow.
pub(super) fn tokens(op: &FakeProvider, scope: &str) -> Value {
    let response = call(op, Endpoint::Token, &redemption(&code(op, scope)));
    assert_eq!(response.status(), 200, "{response:?}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    body(&response)
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

#[track_caller]
pub(super) fn assert_error(response: &Response<Bytes>, status: u16, code: &str) {
    assert_eq!(
        (response.status().as_u16(), text(&body(response), "error")),
        (status, code.to_owned())
    );
}

pub(super) fn userinfo(op: &FakeProvider, access_token: &str) -> Response<Bytes> {
    let request = Request::get(op.url(Endpoint::UserInfo));
    let request = request.header(AUTHORIZATION, format!("Bearer {access_token}"));
    op.handle(request.body(Bytes::new()).unwrap())
}

fn decode(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

pub(super) fn jwk<'a>(jwks: &'a Value, kid: &Value) -> Option<&'a Value> {
    jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid)
}

/// Header and claims of `token`, after its signature has been verified with a key of `jwks`.
pub(super) fn verified(token: &str, jwks: &Value) -> (Map<String, Value>, Map<String, Value>) {
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("not a JWS: {token}") };
    let message = format!("{header}.{claims}");
    let header: Map<String, Value> = serde_json::from_slice(&decode(header)).unwrap();
    let key = jwk(jwks, &header["kid"]).expect("a key with this kid");
    assert_eq!(key["alg"], header["alg"]);
    let member = |name: &str| decode(key[name].as_str().unwrap());
    let result = match key["kty"].as_str().unwrap() {
        "RSA" => RsaPublicKeyComponents { n: member("n"), e: member("e") }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            message.as_bytes(),
            &decode(signature),
        ),
        "EC" => {
            let point = [vec![4], member("x"), member("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message.as_bytes(), &decode(signature))
        }
        other => panic!("unknown kty {other}"),
    };
    result.expect("a valid signature");
    (header, serde_json::from_slice(&decode(claims)).unwrap())
}

/// A token request with these `credentials`, encoded as they are.
pub(super) fn basic_request(
    op: &FakeProvider,
    credentials: &str,
    fields: &Fields,
) -> Request<Bytes> {
    Request::post(op.url(Endpoint::Token))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
        .header(AUTHORIZATION, format!("basic {}", STANDARD.encode(credentials)))
        .body(encode(fields).into())
        .unwrap()
}

/// As in a content security policy.
pub(super) fn sha256_base64(text: &str) -> String {
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}
