//! What the fuzz targets share: a provider whose every document is what the target says, and an application.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_oauth::{Auth, SystemRandom, User, providers};
use tower_oauth_core::{
    AuthorizationResponse, Client, Clock, Environment, Error, HttpClient, HttpError, Limits, Login,
    Provider, ReturnTo, Timestamp,
};

pub const ISSUER: &str = "https://op.example";

/// The documents of a provider.
#[derive(Clone, Debug)]
pub struct Script {
    pub metadata: Vec<u8>,
    pub keys: Vec<u8>,
    pub token: Vec<u8>,
    pub userinfo: Vec<u8>,
}

impl Default for Script {
    fn default() -> Self {
        let metadata = format!(
            r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/a","token_endpoint":"{ISSUER}/t","jwks_uri":"{ISSUER}/k","userinfo_endpoint":"{ISSUER}/u"}}"#
        );
        let keys = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        Self {
            metadata: metadata.into_bytes(),
            keys: keys.into(),
            token: br#"{"access_token":"t","token_type":"Bearer","id_token":"a.b.c"}"#.to_vec(),
            userinfo: br#"{"sub":"1"}"#.to_vec(),
        }
    }
}

#[async_trait]
impl HttpClient for Script {
    async fn send(&self, request: Request<Bytes>, _: Limits) -> Result<Response<Bytes>, HttpError> {
        let body = match request.uri().path() {
            "/t" => &self.token,
            "/k" => &self.keys,
            "/u" => &self.userinfo,
            _ => &self.metadata,
        };
        let mut response = Response::new(Bytes::copy_from_slice(body));
        let json = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert("content-type", json);
        Ok(response)
    }
}

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_770_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Runs a future to its end.
pub fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// The application's side of the provider with these documents.
pub fn client(script: Script, provider: Provider) -> Client {
    let environment = Environment::new(
        Arc::new(script),
        Arc::new(StoppedClock),
        Arc::new(SystemRandom::default()),
    );
    Client::new(provider, "https://app.example/cb".into(), environment)
}

/// A login from start to finish at the provider with these documents.
pub async fn login(script: Script, provider: Provider) -> Result<Login, Error> {
    let client = client(script, provider);
    let return_to = ReturnTo::parse("/", "/auth").expect("a path");
    let start = client.start(return_to).await?;
    let url = url::Url::parse(&start.authorization_url).expect("a URL");
    let state = url.query_pairs().find(|(name, _)| name == "state").expect("a state").1;
    let response = AuthorizationResponse::parse(format!("code=c&state={state}").as_bytes())?;
    let code = client.authorize(start.attempt, response).await?;
    client.finish(code).await
}

/// The OpenID provider that the documents describe by default.
pub fn openid() -> Provider {
    providers::oidc(ISSUER, "client", "secret").key("op")
}

/// An application that signs in at the provider of the default documents.
pub fn application(form_post: bool) -> Auth {
    let provider = openid().quirks(|quirks| {
        if form_post {
            quirks.response_mode = tower_oauth::provider::ResponseMode::FormPost;
        }
    });
    Auth::builder("https://app.example")
        .http_client(Arc::new(Script::default()))
        .provider(provider)
        .build()
        .expect("a good configuration")
}

/// The answer of an application, which says whom it takes the request to be from.
pub fn respond(auth: &Auth, request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
    let service = auth.layer().layer(service_fn(async |request: Request<Full<Bytes>>| {
        let (parts, _) = request.into_parts();
        let user = User::from_parts(&parts).await.expect("the memory store works");
        let text = user.map_or("nobody", |_| "somebody");
        Ok::<_, Infallible>(Response::new(Full::from(text)))
    }));
    run(service.oneshot(request)).unwrap_or_else(|never| match never {})
}
