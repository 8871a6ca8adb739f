//! The least that a session can cost: a layer that finds the cookie, hashes the id, looks into a sharded map, and leaves
//! what is there in the extensions. No lifetimes, no lazy loading, no `Vary`, no refresh.

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

type Shard = RwLock<HashMap<[u8; 32], Arc<Content>>>;

/// The map, and the layer that looks into it.
#[derive(Clone)]
pub(crate) struct Sessions(Arc<Vec<Shard>>);

impl Sessions {
    pub(crate) fn new() -> Self {
        Self(Arc::new((0..SHARDS).map(|_| RwLock::default()).collect()))
    }

    /// Keeps a session under `id`, which its cookie `id` names.
    pub(crate) fn insert(&self, id: &str, content: Content) {
        let key = key(id.as_bytes());
        self.shard(&key).write().unwrap().insert(key, Arc::new(content));
    }

    fn find(&self, id: &[u8]) -> Option<Arc<Content>> {
        let key = key(id);
        self.shard(&key).read().unwrap().get(&key).cloned()
    }

    fn shard(&self, key: &[u8; 32]) -> &Shard {
        self.0.get(usize::from(key[0]) % SHARDS).unwrap()
    }
}

#[derive(Clone)]
pub(crate) struct Finds<S>(S, Sessions);

pub(crate) fn subject(sessions: u32) -> Subject {
    let store = Sessions::new();
    let mut cookies = Vec::new();
    for number in 0..sessions {
        let id = format!("{number:043}");
        store.insert(&id, Content::new(number));
        cookies.push(format!("id={id}"));
    }
    Subject::new("lower bound, by hand", me(store), cookies)
}

pub(crate) fn me(sessions: Sessions) -> Router {
    let handler = async |Extension(content): Extension<Arc<Content>>| {
        black_box((&content.user.subject, &content.tokens.access_token));
        "ok"
    };
    Router::new().route("/me", get(handler)).layer(sessions)
}

fn key(id: &[u8]) -> [u8; 32] {
    digest(&SHA256, id).as_ref().try_into().unwrap()
}

impl<S> Layer<S> for Sessions {
    type Service = Finds<S>;

    fn layer(&self, inner: S) -> Finds<S> {
        Finds(inner, self.clone())
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Finds<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let cookie = request.headers().get(COOKIE);
        let id =
            cookie.and_then(|it| it.as_bytes().split(|b| *b == b';').next()?.strip_prefix(b"id="));
        if let Some(content) = id.and_then(|id| self.1.find(id)) {
            request.extensions_mut().insert(content);
        }
        self.0.call(request)
    }
}
