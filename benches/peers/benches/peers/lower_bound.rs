//! The least that a session can cost: a layer that finds the cookie, hashes the id, looks into a sharded map, and leaves
//! what is there in the extensions. No lifetimes, no lazy loading, no `Vary`, no refresh, no way to sign in or out.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll};

use aws_lc_rs::digest::{SHA256, digest};
use axum::routing::get;
use axum::{Extension, Router};
use bench_guard::Subject;
use http::Request;
use http::header::COOKIE;
use tower::{Layer, Service};

use crate::sessions::Content;

const SHARDS: usize = 64;

pub(crate) type Key = [u8; 32];

/// Where sessions are looked up.
pub(crate) trait Map: Clone + Send + Sync + 'static {
    fn insert(&self, key: Key, content: Arc<Content>);
    fn find(&self, key: &Key) -> Option<Arc<Content>>;
}

type Shard = RwLock<HashMap<Key, Arc<Content>>>;

/// The map of the lower bound itself.
#[derive(Clone)]
pub(crate) struct Sharded(Arc<Vec<Shard>>);

#[derive(Clone)]
struct Sessions<M>(M);

#[derive(Clone)]
struct Finds<S, M>(S, M);

pub(crate) fn subject(sessions: u32) -> Subject {
    on("lower bound, by hand", Sharded::new(), sessions)
}

/// The same on a map of another kind.
pub(crate) fn on(name: &str, map: impl Map, sessions: u32) -> Subject {
    let mut cookies = Vec::new();
    for number in 0..sessions {
        let cookie = cookie(number);
        map.insert(key(cookie.as_bytes()).unwrap(), Arc::new(Content::new(number)));
        cookies.push(cookie);
    }
    Subject::new(name, me(map), cookies)
}

/// The application whose sessions are in `map`.
pub(crate) fn me(map: impl Map) -> Router {
    app().layer(Sessions(map))
}

/// The route behind the layer.
pub(crate) fn app() -> Router {
    let handler = async |Extension(content): Extension<Arc<Content>>| {
        black_box((&content.user.subject, &content.tokens.access_token));
        "ok"
    };
    Router::new().route("/me", get(handler))
}

pub(crate) fn cookie(number: u32) -> String {
    format!("id={number:043}")
}

/// The key of the session that a `Cookie` header names.
pub(crate) fn key(cookies: &[u8]) -> Option<Key> {
    let id = cookies.split(|byte| *byte == b';').next()?.strip_prefix(b"id=")?;
    Some(digest(&SHA256, id).as_ref().try_into().unwrap())
}

impl Sharded {
    pub(crate) fn new() -> Self {
        Self(Arc::new((0..SHARDS).map(|_| RwLock::default()).collect()))
    }

    fn shard(&self, key: &Key) -> &Shard {
        self.0.get(usize::from(key[0]) % SHARDS).unwrap()
    }
}

impl Map for Sharded {
    fn insert(&self, key: Key, content: Arc<Content>) {
        self.shard(&key).write().unwrap().insert(key, content);
    }

    fn find(&self, key: &Key) -> Option<Arc<Content>> {
        self.shard(key).read().unwrap().get(key).cloned()
    }
}

impl<S, M: Map> Layer<S> for Sessions<M> {
    type Service = Finds<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        Finds(inner, self.0.clone())
    }
}

impl<S: Service<Request<B>>, B, M: Map> Service<Request<B>> for Finds<S, M> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let key = request.headers().get(COOKIE).and_then(|cookies| key(cookies.as_bytes()));
        if let Some(content) = key.and_then(|key| self.1.find(&key)) {
            request.extensions_mut().insert(content);
        }
        self.0.call(request)
    }
}
