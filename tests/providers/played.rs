//! A network in which a provider answers from its document, and checks that it is asked as the document says.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tower_oauth_core::{HttpClient, HttpError, Limits};
use url::Url;

use crate::apple;
use crate::document::{Answer, Authentication, Document, Encoding, UserInfo};
use crate::signer::Signer;
use crate::{CLIENT_ID, CODE, client_secret};

/// What a request for tokens is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As for a login.
    Willing,
    /// As for a login, with a refresh token and a lifetime of ten minutes.
    Offline,
    /// With the error of the document.
    Refusing,
    /// As for a login; the profile request of this number is refused.
    Secretive(usize),
}

/// The provider. It panics where it is asked for something else than its document says.
#[derive(Debug)]
pub(crate) struct Played {
    document: Document,
    signer: Option<Signer>,
    mood: Mood,
    /// The nonce of the login, and what was asked for since: token requests by grant, profiles by address.
    nonce: Mutex<Option<String>>,
    asked: Mutex<Vec<String>>,
}

impl Played {
    pub(crate) fn new(document: Document, mood: Mood) -> Self {
        let signer = document.id_token.as_ref().map(|token| Signer::new(token.algorithm));
        Self { document, signer, mood, nonce: Mutex::default(), asked: Mutex::default() }
    }

    pub(crate) const fn mood(&self) -> Mood {
        self.mood
    }

    pub(crate) fn remember_nonce(&self, nonce: Option<String>) {
        *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = nonce;
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let url = Url::parse(&request.uri().to_string()).expect("a URL");
        let Document { token, discovery, userinfo, .. } = &self.document;
        if let Some(discovery) = discovery {
            if url.as_str() == discovery.url {
                return respond(200, "application/json", &discovery.body);
            }
            if discovery.body["jwks_uri"] == url.as_str() {
                let keys = self.signer.as_ref().map_or_else(|| json!({}), Signer::key_set);
                return respond(200, "application/json", &keys);
            }
        }
        let refresh = self.document.refresh.as_ref().and_then(|refresh| refresh.url.as_deref());
        if url.as_str() == token.url || Some(url.as_str()) == refresh {
            return self.tokens(request, &url);
        }
        let number = userinfo.iter().position(|asked| without_proof(&url) == asked.url);
        let number = number.unwrap_or_else(|| panic!("nobody documents {url}"));
        let asked = &userinfo[number];
        self.record(asked.url.clone());
        self.check_profile_request(request, &url, asked);
        if self.mood == Mood::Secretive(number) {
            return respond(403, "application/json", &json!({}));
        }
        documented(&asked.response)
    }

    fn tokens(&self, request: &Request<Bytes>, url: &Url) -> Response<Bytes> {
        let fields = self.check_token_request(request);
        let grant = fields.get("grant_type").expect("a grant");
        self.record(grant.clone());
        match (grant.as_str(), self.mood) {
            ("authorization_code", Mood::Refusing) => {
                return documented(&self.document.error.response);
            }
            ("authorization_code", _) => {
                assert_eq!(url.as_str(), self.document.token.url);
                assert_eq!(fields["code"], CODE);
                assert!(fields.contains_key("redirect_uri"));
                let pkce = self.document.authorization.pkce;
                assert_eq!(fields.contains_key("code_verifier"), pkce, "the code_verifier");
            }
            ("refresh_token", Mood::Offline) => {
                let refresh = self.document.refresh.as_ref().expect("a documented refresh");
                assert_eq!(url.as_str(), refresh.url.as_ref().unwrap_or(&self.document.token.url));
                return documented(&self.with_id_token(refresh.response.clone()));
            }
            (grant, mood) => panic!("{grant} from a provider that is {mood:?}"),
        }
        let mut answer = self.document.token.response.clone();
        if self.mood == Mood::Offline {
            answer.body["expires_in"] = 600.into();
            if answer.body["refresh_token"].is_null() {
                answer.body["refresh_token"] = "first-refresh-token".into();
            }
        }
        assert!(self.signer.is_none() || answer.body["id_token"] == "<id_token>");
        documented(&self.with_id_token(answer))
    }

    /// With an ID token where the document shows one.
    fn with_id_token(&self, mut answer: Answer) -> Answer {
        if let (Some(signer), Some(id_token)) = (&self.signer, &self.document.id_token)
            && answer.body["id_token"] == "<id_token>"
        {
            let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let issuer = &self.document.expect.issuer;
            answer.body["id_token"] = signer.sign(&id_token.claims, issuer, nonce).into();
        }
        answer
    }

    /// The fields of a token request, after its method, its headers and the client's credentials are checked.
    fn check_token_request(&self, request: &Request<Bytes>) -> BTreeMap<String, String> {
        let token = &self.document.token;
        assert_eq!(request.method(), Method::POST);
        check_headers(request, &token.headers);
        if !token.headers.contains_key("accept") {
            assert_eq!(request.headers()["accept"], "application/json");
        }
        let content_type = request.headers()["content-type"].to_str().expect("text");
        let fields: BTreeMap<String, String> = match token.encoding {
            Encoding::Form => {
                assert_eq!(content_type, "application/x-www-form-urlencoded");
                url::form_urlencoded::parse(request.body()).into_owned().collect()
            }
            Encoding::Json => {
                assert_eq!(content_type, "application/json");
                serde_json::from_slice(request.body()).expect("a JSON object of text")
            }
        };
        let device_id = token.device_id.then(|| &self.document.authorization.response["device_id"]);
        assert_eq!(fields.get("device_id"), device_id);
        assert_eq!(fields.get("state").is_some_and(|it| !it.is_empty()), token.device_id);
        let id = fields.get(&self.document.authorization.client_id);
        match token.authentication {
            Authentication::Basic => {
                let credentials = format!("{CLIENT_ID}:{}", escaped(&client_secret()));
                let expected = format!("Basic {}", STANDARD.encode(credentials));
                assert_eq!(request.headers()["authorization"], expected);
                assert!(!fields.contains_key("client_secret"));
            }
            Authentication::Body => {
                assert!(request.headers().get("authorization").is_none());
                assert_eq!(id.map(String::as_str), Some(CLIENT_ID));
                assert_eq!(fields[&token.client_secret], client_secret());
            }
            Authentication::Jwt => {
                assert!(request.headers().get("authorization").is_none());
                assert_eq!(id.map(String::as_str), Some(CLIENT_ID));
                apple::check_client_secret(&fields["client_secret"], &self.document.expect.issuer);
            }
        }
        fields
    }

    fn check_profile_request(&self, request: &Request<Bytes>, url: &Url, asked: &UserInfo) {
        let token = find(&self.document.token.response.body, "access_token");
        let expected = (!asked.form).then(|| format!("{} {token}", asked.scheme));
        let sent = request.headers().get("authorization").map(|it| it.to_str().expect("text"));
        assert_eq!(sent, expected.as_deref());
        check_headers(request, &asked.headers);
        let query = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v);
        if asked.app_secret_proof {
            let key = hmac::Key::new(hmac::HMAC_SHA256, client_secret().as_bytes());
            let proof = hmac::sign(&key, token.as_bytes());
            let proof: String = proof.as_ref().iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(query("appsecret_proof").as_deref(), Some(&*proof));
        }
        match &asked.post {
            None if asked.form => {
                assert_eq!(request.method(), Method::POST);
                let content_type = "application/x-www-form-urlencoded";
                assert_eq!(request.headers()["content-type"], content_type);
                let sent: BTreeMap<_, _> = url::form_urlencoded::parse(request.body()).collect();
                let expected = [("access_token", token), ("client_id", CLIENT_ID)];
                assert_eq!(sent, expected.map(|(n, v)| (n.into(), v.into())).into());
            }
            None => assert_eq!(request.method(), Method::GET),
            Some(body) => {
                assert_eq!(request.method(), Method::POST);
                assert_eq!(request.headers()["content-type"], "application/json");
                let sent: Value = serde_json::from_slice(request.body()).expect("JSON");
                assert_eq!(&sent, body);
            }
        }
    }

    fn record(&self, what: String) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}

#[async_trait]
impl HttpClient for Played {
    async fn send(&self, request: Request<Bytes>, _: Limits) -> Result<Response<Bytes>, HttpError> {
        Ok(self.answer(&request))
    }
}

/// The first text of this name at any depth.
pub(crate) fn find<'a>(value: &'a Value, name: &str) -> &'a str {
    fn search<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
        match value {
            Value::Object(object) => object
                .get(name)
                .and_then(Value::as_str)
                .or_else(|| object.values().find_map(|inner| search(inner, name))),
            Value::Array(items) => items.iter().find_map(|inner| search(inner, name)),
            _ => None,
        }
    }
    search(value, name).unwrap_or_else(|| panic!("there is no {name}"))
}

/// RFC 6749 section 2.3.1: the credentials are form-encoded before they go into the header.
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The address but for the proof, which is its last parameter.
fn without_proof(url: &Url) -> &str {
    match url.as_str().split_once("appsecret_proof=") {
        Some((rest, _)) => rest.trim_end_matches(['&', '?']),
        None => url.as_str(),
    }
}

/// A documented value of `*` stands for any.
fn check_headers(request: &Request<Bytes>, expected: &BTreeMap<String, String>) {
    for (name, value) in expected {
        let sent = request.headers().get(name).unwrap_or_else(|| panic!("{name} is missing"));
        let value = value.replace("<client_id>", CLIENT_ID);
        assert!(value == "*" || *sent == value, "{name}: {sent:?}");
    }
}

fn documented(answer: &Answer) -> Response<Bytes> {
    respond(answer.status, &answer.content_type, &answer.body)
}

fn respond(status: u16, content_type: &str, body: &Value) -> Response<Bytes> {
    let response = Response::builder().status(status).header("content-type", content_type);
    response.body(body.to_string().into()).expect("a response")
}
