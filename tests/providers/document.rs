//! What a provider's documentation shows of a login, as a JSON document that names its sources.

use std::collections::BTreeMap;
use std::{fs, path::Path};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// One document. Its people, tokens and secrets are examples.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    /// Where the provider says so.
    pub(crate) sources: Vec<String>,
    pub(crate) authorization: Authorization,
    /// The provider's metadata, where there is any.
    pub(crate) discovery: Option<Discovery>,
    pub(crate) token: Token,
    /// The claims of the ID token that takes the place of `<id_token>` in the token response.
    pub(crate) id_token: Option<IdToken>,
    pub(crate) userinfo: Vec<UserInfo>,
    /// How the token endpoint says no.
    pub(crate) error: Failure,
    pub(crate) refresh: Option<Refresh>,
    pub(crate) expect: Expect,
}

/// The authorization request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorization {
    pub(crate) endpoint: String,
    /// The scopes as they are sent, separators included; empty where none are.
    pub(crate) scope: String,
    pub(crate) pkce: bool,
    #[serde(default)]
    pub(crate) nonce: bool,
    /// What the client id is called.
    #[serde(default = "client_id")]
    pub(crate) client_id: String,
    /// Further parameters, which must be exactly these.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) fragment: Option<String>,
    /// What the response has besides `code` and `state`.
    #[serde(default)]
    pub(crate) response: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discovery {
    pub(crate) url: String,
    pub(crate) body: Value,
}

/// The token request and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) url: String,
    pub(crate) authentication: Authentication,
    /// What the secret is called in a body.
    #[serde(default = "secret_name")]
    pub(crate) client_secret: String,
    #[serde(default)]
    pub(crate) encoding: Encoding,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Whether each token request has the `device_id` of the authorization response, and a `state`.
    #[serde(default)]
    pub(crate) device_id: bool,
    /// For how many seconds the documentation says that a token is good, where the answer does not.
    pub(crate) lifetime: Option<u64>,
    pub(crate) response: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Authentication {
    Basic,
    Body,
    /// As `Body`, with a secret that is a JWT of the client's key.
    Jwt,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    #[default]
    Form,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default = "json")]
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdToken {
    pub(crate) algorithm: Algorithm,
    pub(crate) claims: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "ES384")]
    Es384,
    #[serde(rename = "HS256")]
    Hs256,
}

/// One request for the profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserInfo {
    /// With the query, but for `appsecret_proof`.
    pub(crate) url: String,
    #[serde(default = "bearer")]
    pub(crate) scheme: String,
    #[serde(default)]
    pub(crate) app_secret_proof: bool,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// What is posted as JSON, `null` included, where it is no `GET`.
    #[serde(default, deserialize_with = "present")]
    pub(crate) post: Option<Value>,
    /// Whether the token is posted in a form with the client id, and not in the header.
    #[serde(default)]
    pub(crate) form: bool,
    /// Whether the login goes on without it.
    #[serde(default)]
    pub(crate) optional: bool,
    pub(crate) response: Answer,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) response: Answer,
    /// Our code for it.
    pub(crate) code: String,
}

/// How a refresh token is asked for, and what it yields at the token endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// Where, if not at the token endpoint.
    pub(crate) url: Option<String>,
    /// The scope that is asked for besides.
    pub(crate) scope: Option<String>,
    /// The parameters that are sent besides.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) response: Answer,
}

/// Who signed in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) name: Option<String>,
    pub(crate) username: Option<String>,
    /// As `Verified("a@example.com")`.
    pub(crate) email: Option<String>,
    pub(crate) picture: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_in: Option<u64>,
}

impl Document {
    pub(crate) fn of(key: &str) -> Self {
        let text = fs::read_to_string(directory().join(format!("{key}.json"))).expect("a document");
        let document: Self = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{key}: {e}"));
        assert!(!document.sources.is_empty(), "{key} names its sources");
        document
    }

    /// The same, of somebody whose address was never checked.
    pub(crate) fn unverified(mut self) -> Self {
        for value in self.id_token.iter_mut().flat_map(|token| token.claims.iter_mut()) {
            deny(value.0, value.1);
        }
        let answers = self.userinfo.iter_mut().map(|request| &mut request.response);
        for answer in answers.chain([&mut self.token.response]) {
            deny("", &mut answer.body);
        }
        self
    }

    /// The keys of all documents.
    pub(crate) fn keys() -> Vec<String> {
        let files = fs::read_dir(directory()).expect("the directory of documents");
        let name = |file: fs::DirEntry| file.path().file_stem()?.to_str().map(ToOwned::to_owned);
        let mut keys: Vec<_> = files.filter_map(|file| name(file.ok()?)).collect();
        keys.sort();
        keys
    }
}

/// Denies all that a value says of an address being verified or confirmed.
fn deny(name: &str, value: &mut Value) {
    match value {
        Value::Object(object) => object.iter_mut().for_each(|(name, value)| deny(name, value)),
        Value::Array(items) => items.iter_mut().for_each(|item| deny("", item)),
        _ if !["verif", "confirm"].iter().any(|word| name.to_lowercase().contains(word)) => {}
        Value::Bool(said) => *said = false,
        Value::Number(said) if said.as_u64() == Some(1) => *value = 0.into(),
        Value::String(said) if said == "true" => *value = "false".into(),
        _ => {}
    }
}

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("providers/documents")
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

fn client_id() -> String {
    "client_id".into()
}

fn secret_name() -> String {
    "client_secret".into()
}

const fn ok() -> u16 {
    200
}

fn json() -> String {
    "application/json".into()
}

fn bearer() -> String {
    "Bearer".into()
}
